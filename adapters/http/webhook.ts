/** `webhook`: rows as POST requests, one a batch, each with a key by which a receiver takes it once. Memory: one entry per owner. */
import { type Duration, durationOption } from '../../lib/duration.js';
import { configError, messageOf, StoreError } from '../../lib/errors.js';
import { keyText } from '../../lib/key.js';
import type {
  FenceAnswer,
  OutboxAnswer,
  OutboxBatch,
  OutboxOwner,
  OutboxRun,
  OutboxTarget,
  SinkStore,
  Upsert,
  UpsertResult,
} from '../../lib/ports.js';
import { rowJson } from '../../lib/rowJson.js';
import { type AnswerMeaning, hintFor, meaningOf, retryAfterMs } from './answers.js';
import { EPOCH, FROM, idempotencyKey, KEY } from './delivery.js';
import { type PostConfig, type Posted, post, shownText } from './post.js';
import { redactor } from './redact.js';

export interface WebhookConfig {
  /** `http:` or `https:`; messages name its host only. */
  readonly url: string | URL;
  /** Sent with every batch; their values appear in no message. */
  readonly headers?: Readonly<Record<string, string>>;
  /** How long an answer may take. @default '20s' */
  readonly timeout?: Duration;
  /** The body of a batch; one that throws refuses the rows. @default a JSON array of `{"op","key","revision","timestamp","row"}` */
  readonly body?: (rows: readonly Upsert[]) => string | Uint8Array;
  /** What a status means, where the receiver's words are others; undefined: as usual. */
  readonly meaning?: (status: number) => AnswerMeaning | undefined;
  /** @default the global `fetch` */
  readonly fetch?: typeof fetch;
  /** @default `webhook` and the host */
  readonly name?: string;
}

/** Rows for whoever listens; they belong to no checkpoint store, and come through its outbox. */
export interface Webhook extends SinkStore {
  readonly outbox: OutboxTarget;
}

/**
 * Sends rows to an address: one POST a batch, one at a time for each sink.
 *
 * | header | |
 * |---|---|
 * | `Idempotency-Key` | `job/task/sink/n/i-last`, names percent-encoded: the rows `i` to `last` of checkpoint `n` |
 * | `Tidemark-Epoch` | the owner's number; it rises with each start of the job |
 * | `Tidemark-From` | the checkpoint that this owner began with |
 *
 * | answer | |
 * |---|---|
 * | 2xx | the rows are taken |
 * | 409 | they were taken before. Where it means "being worked on", give `meaning` |
 * | 412 | an owner of a higher epoch was here: this one stops |
 * | 401 403 404 408 425 429 ..., 3xx, 5xx, none in time | the same batch is sent again; `Retry-After` is respected, up to an hour |
 * | other 4xx | refused: the batch is halved until the rows are found that go to `poison` |
 *
 * *Delivery.* In a job: at least once on the wire, each row from its checkpoint on and in order, and
 * exactly once in effect at a receiver that keeps, with the rows, the last position of each (job, task, sink):
 * `readDelivery` and `judgeDelivery` do that. A receiver that only remembers keys doubles rows where batches
 * are cut in another way after a restart. Where nobody looks at the key, repeats are repeats. In a bare pipe, at least once, without a key.
 *
 * A receiver needs no word at a takeover: a stale owner can only send rows of durable checkpoints,
 * which stand at or below the position or are the next ones anyway.
 *
 * @throws TypeError on a wrong option
 * @example
 * ```ts
 * const alerts = webhook({ url: 'https://example.org/alerts', headers: { authorization: `Bearer ${token}` } });
 * // ... idempotentSink({ store: alerts, batch: 100, ... }) in a job
 * ```
 */
export function webhook(config: WebhookConfig): Webhook {
  const sender = new Sender(checked(config));
  // nothing but functions and a name: an inspected sink shows no secret
  return {
    name: config.name ?? `webhook ${sender.host}`,
    transaction: {},
    upsert: (rows) => sender.upsert(rows),
    outbox: {
      fence: async (owner, epoch, run) => sender.fence(owner, epoch, run),
      apply: (batch) => sender.apply(batch),
    },
  };
}

interface Checked extends PostConfig {
  readonly body: (rows: readonly Upsert[]) => string | Uint8Array;
  readonly meaning: (status: number) => AnswerMeaning;
}

function checked(config: WebhookConfig): Checked {
  const { body = jsonBody, timeout = '20s', meaning = () => undefined } = config;
  const wrong = (option: string, rule: string, got: unknown) =>
    configError('webhook', option, rule, got);
  for (const [option, fn] of Object.entries({ body, meaning, fetch: config.fetch ?? fetch })) {
    if (typeof fn !== 'function') throw wrong(option, 'a function', fn);
  }
  const url = urlOf(config.url);
  const headers = headersOf(config.headers ?? {});
  return {
    url,
    headers,
    timeoutMs: durationOption('webhook', 'timeout', timeout, 'positive'),
    fetch: config.fetch ?? fetch,
    redact: redactor(url, headers),
    body,
    meaning: (status) => meaning(status) ?? meaningOf(status),
  };
}

/* What is wrong is told without what was given: an address may hold a secret. */
function urlOf(given: string | URL): URL {
  let url: URL | undefined;
  try {
    url = new URL(given);
  } catch {
    // told below
  }
  const wrong = (got: string) =>
    configError('webhook', 'url', 'an http: or https: address without user and password', got);
  if (url === undefined) throw wrong('no address');
  if (!/^https?:$/.test(url.protocol)) throw wrong(url.protocol);
  if (url.username !== '' || url.password !== '') throw wrong(`one with a user at ${url.host}`);
  return url;
}

function headersOf(given: Readonly<Record<string, string>>): Headers {
  const headers = new Headers({ 'content-type': 'application/json' });
  for (const [name, value] of Object.entries(given)) {
    const wrong = (rule: string) => configError('webhook', 'headers', rule, name);
    if ([KEY, EPOCH, FROM].includes(name.toLowerCase()))
      throw wrong('other headers than those it sets');
    try {
      headers.set(name, value);
    } catch {
      throw wrong('valid names and values of headers');
    }
  }
  return headers;
}

function jsonBody(rows: readonly Upsert[]): string {
  return `[${rows.map(rowJson).join(',\n')}]`;
}

/** The newest owner. */
interface Fence {
  readonly epoch: number;
  readonly run: OutboxRun | undefined;
}

/** What is under way for one owner. */
interface Lane {
  readonly id: string;
  readonly answer: Promise<OutboxAnswer>;
}

class Sender {
  private readonly fences = new Map<string, Fence>();
  private readonly lanes = new Map<string, Lane>();

  constructor(private readonly config: Checked) {}

  get host(): string {
    return this.config.url.host;
  }

  fence(owner: OutboxOwner, epoch: number, run?: OutboxRun): FenceAnswer {
    const held = this.fences.get(idOf(owner));
    if (held?.epoch === epoch && held.run?.mark === run?.mark) return 'ok';
    if (held !== undefined && held.epoch >= epoch) return { fencedBy: held.epoch };
    this.fences.set(idOf(owner), { epoch, run });
    return 'ok';
  }

  async upsert(rows: readonly Upsert[]): Promise<UpsertResult> {
    await this.send(rows, {});
    return { written: rows.length, ignored: 0, conflicts: 0 };
  }

  /* A batch that is sent again while it is under way waits for that answer: no sockets pile up. */
  async apply(batch: OutboxBatch): Promise<OutboxAnswer> {
    const { owner, epoch, n, i } = batch;
    const fence = this.fences.get(idOf(owner));
    if (fence !== undefined && fence.epoch > epoch) return { outcome: 'fenced' };
    if (fence?.epoch !== epoch) this.fences.set(idOf(owner), { epoch, run: undefined });
    const key = idempotencyKey({ owner, n, i, rows: batch.rows.length });
    const id = `${epoch} ${key}`;
    const before = this.lanes.get(idOf(owner));
    if (before?.id === id) return before.answer;
    const answer = this.turn(before, () => this.deliver(batch, key));
    const lane = { id, answer };
    this.lanes.set(idOf(owner), lane);
    try {
      return await answer;
    } finally {
      if (this.lanes.get(idOf(owner)) === lane) this.lanes.delete(idOf(owner));
    }
  }

  private async turn(before: Lane | undefined, send: () => Promise<OutboxAnswer>) {
    await before?.answer.catch(() => {});
    return send();
  }

  private async deliver(batch: OutboxBatch, key: string): Promise<OutboxAnswer> {
    const { owner, epoch, rows } = batch;
    const from = this.fences.get(idOf(owner))?.run?.from;
    const headers: Record<string, string> = { [KEY]: key, [EPOCH]: String(epoch) };
    if (from !== undefined) headers[FROM] = String(from);
    const outcome = await this.send(rows, headers);
    if (outcome !== 'ok') return { outcome };
    return { outcome, result: { written: rows.length, ignored: 0, conflicts: 0 } };
  }

  private async send(rows: readonly Upsert[], headers: Readonly<Record<string, string>>) {
    const posted = await post(this.config, this.bodyOf(rows), headers);
    const meaning = this.config.meaning(posted.status);
    if (meaning === 'refused' || meaning === 'retry') throw this.problem(meaning, posted);
    return meaning;
  }

  private bodyOf(rows: readonly Upsert[]): string | Uint8Array {
    try {
      return this.config.body(rows);
    } catch (thrown) {
      if (thrown instanceof StoreError) throw thrown;
      throw new StoreError('refused', `webhook: \`body\` threw: ${messageOf(thrown)}`, {
        cause: thrown,
      });
    }
  }

  private problem(meaning: 'refused' | 'retry', posted: Posted): StoreError {
    const { status, retryAfter, text } = posted;
    const said = `webhook: ${this.host} answered ${status}${shownText(this.config, text)}`;
    if (meaning === 'refused') return new StoreError('refused', said);
    return new StoreError('connection', said + hintFor(status), {
      retryAfterMs: retryAfterMs(retryAfter, Date.now()),
    });
  }
}

function idOf({ job, task, sink }: OutboxOwner): string {
  return keyText([job, task, sink]);
}
