/** What a batch says of itself in its headers, for who sends and for who receives it. */
import { type AppendPosition, type AppendStep, appendStep } from '../../lib/appendPosition.js';
import { fromPercent, toPercent } from '../../lib/percent.js';
import type { OutboxOwner } from '../../lib/ports.js';

/** Where a batch stands: whose rows, of which checkpoint `n`, and the place `i` of the first in it. */
export interface Delivery {
  readonly owner: OutboxOwner;
  readonly epoch: number;
  readonly n: number;
  readonly i: number;
  /** How many rows it has. */
  readonly rows: number;
  /** The checkpoint that the owner began with: what it sends for later ones is new, even where an earlier owner was further. */
  readonly from?: number;
  /** The run that sends it: two of one epoch, where checkpoints were lost, have two marks. */
  readonly mark?: number;
}

/** The last row of an owner that a receiver has: kept in the same write as the rows. */
export type DeliveryPosition = AppendPosition;

/**
 * `'write'`: store the rows after the first `skip`, and `position` with them. `'duplicate'`: all are
 * known, answer 200. `'fenced'`: a later owner was here, or another run of this epoch: answer 412, with
 * `epoch` as the header `Tidemark-Epoch`.
 */
export type DeliveryStep = AppendStep;

export const KEY = 'idempotency-key';
export const EPOCH = 'tidemark-epoch';
export const FROM = 'tidemark-from';
export const MARK = 'tidemark-mark';

const plain = /^[A-Za-z0-9_.~-]$/;
const form = /^([^/]*)\/([^/]*)\/([^/]*)\/(\d{1,15})\/(\d{1,15})-(\d{1,15})$/;

/** Writes `job/task/sink/n/i-last`, its names percent-encoded. */
export function idempotencyKey({ owner, n, i, rows }: Omit<Delivery, 'epoch'>): string {
  const names = [owner.job, owner.task, owner.sink].map((name) => toPercent(name, plain));
  return [...names, n, `${i}-${i + rows - 1}`].join('/');
}

/**
 * Reads the headers `Idempotency-Key`, `Tidemark-Epoch`, `Tidemark-From` and `Tidemark-Mark` of a request; undefined
 * where they are not those of a batch. Takes the headers of `node:http`, or anything with `get`.
 * @example
 * const delivery = readDelivery(request.headers);
 */
export function readDelivery(
  headers:
    | { get(name: string): string | null | undefined }
    | Readonly<Record<string, string | readonly string[] | undefined>>,
): Delivery | undefined {
  const get = (name: string): unknown =>
    typeof headers.get === 'function'
      ? headers.get(name)
      : (headers as Record<string, unknown>)[name];
  const [, job, task, sink, ...numbers] = form.exec(String(get(KEY))) ?? [];
  const names = [job, task, sink].map((name) => (name === undefined ? name : fromPercent(name)));
  const [n = 0, i = 0, last = -1] = numbers.map(Number);
  const number = (name: string) =>
    /^\d{1,15}$/.test(String(get(name))) ? Number(get(name)) : undefined;
  const [epoch, from, mark] = [EPOCH, FROM, MARK].map(number);
  if (epoch === undefined || last < i || names.includes(undefined)) return undefined;
  const [a, b, c] = names as [string, string, string];
  const delivery = { owner: { job: a, task: b, sink: c }, epoch, n, i, rows: last - i + 1 };
  return {
    ...delivery,
    ...(from !== undefined && { from }),
    ...(mark !== undefined && { mark }),
  };
}

/**
 * Judges a batch by the position that the receiver has of its owner; undefined where it has none.
 * @example
 * const step = judgeDelivery(delivery, positions.get(id));
 * if (step.outcome === 'write') store(rows.slice(step.skip), step.position);
 */
export function judgeDelivery(
  delivery: Omit<Delivery, 'owner'>,
  held: DeliveryPosition | undefined,
): DeliveryStep {
  return appendStep(delivery, held);
}
