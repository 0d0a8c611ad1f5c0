/** Which rows of an outbox a store has: the rules that every outbox target keeps. State: one position per owner and table. */
import type { OutboxAnswer, OutboxBatch, Upsert } from './ports.js';

/** The last row that was applied; after a fence only `epoch` says something, and n is 0. */
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

/** The position after a fence, or undefined where a higher epoch was here. */
export function fenced(
  epoch: number,
  held: OutboxPosition | undefined,
): OutboxPosition | undefined {
  if (held === undefined || held.epoch < epoch) return { epoch, n: 0, i: -1 };
  return held.epoch > epoch ? undefined : held;
}

/** Less than, equal to or greater than 0, as `a` is before, at or after `b`. */
export function compareOutbox(a: OutboxPosition, b: OutboxPosition): number {
  return a.epoch - b.epoch || a.n - b.n || a.i - b.i;
}
