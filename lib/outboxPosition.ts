/** Which rows of an outbox a store has: the rules that every outbox target keeps. State: one position per owner and table. */
import type { FenceAnswer, OutboxAnswer, OutboxBatch, OutboxRun, Upsert } from './ports.js';

/** The last row that was applied; after a fence n is 0, and i says of which run it was. */
export interface OutboxPosition {
  readonly epoch: number;
  readonly n: number;
  readonly i: number;
}

/** What is to be written of a batch, and the position that goes with it in one write; or the answer. */
export type OutboxStep =
  | { readonly rows: readonly Upsert[]; readonly position: OutboxPosition }
  | { readonly answer: Exclude<OutboxAnswer, { readonly outcome: 'ok' }> };

/** Judges a batch by the position that its owner has. */
export function outboxStep(batch: OutboxBatch, held: OutboxPosition | undefined): OutboxStep {
  const { epoch, n, i, rows } = batch;
  const position = { epoch, n, i: i + rows.length - 1 };
  if (held === undefined || held.epoch < epoch || (held.epoch === epoch && held.n < n)) {
    return { rows, position };
  }
  if (held.epoch > epoch) return { answer: { outcome: 'fenced' } };
  if (held.n > n || held.i >= position.i) return { answer: { outcome: 'duplicate' } };
  return { rows: rows.slice(Math.max(0, held.i + 1 - i)), position };
}

/** The position after a fence, or the answer of one that is refused. */
export type FenceStep =
  | { readonly position: OutboxPosition }
  | { readonly answer: Exclude<FenceAnswer, 'ok'> };

/**
 * Judges a fence by the position that its owner has. One of the same epoch may be of another run,
 * where checkpoints were lost: then the rows of either would pass for those of the other.
 */
export function fenceStep(
  epoch: number,
  held: OutboxPosition | undefined,
  run?: Pick<OutboxRun, 'mark'>,
): FenceStep {
  const position = { epoch, n: 0, i: -1 - (run?.mark ?? 0) };
  if (held === undefined || held.epoch < epoch) return { position };
  const again = compareOutbox(held, position) === 0;
  return again ? { position } : { answer: { fencedBy: held.epoch } };
}

/** Less than, equal to or greater than 0, as `a` is before, at or after `b`. */
export function compareOutbox(a: OutboxPosition, b: OutboxPosition): number {
  return a.epoch - b.epoch || a.n - b.n || a.i - b.i;
}
