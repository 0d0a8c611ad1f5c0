/**
 * Which rows of an outbox are news to a target that cannot overwrite: a file, or whoever is called.
 * A table may take a row twice, as its order says which one stands; here the place (n, i) decides,
 * across epochs too, and the epoch only shuts earlier owners out. State: one position per owner.
 */

import type { FenceAnswer, OutboxRun } from './ports.js';

/** The last row that was taken; before the first, n is 0 and i −1. */
export interface AppendPosition {
  readonly epoch: number;
  readonly n: number;
  readonly i: number;
  /** Of the run that fenced last, gone with its first batch; or of the run whose batch it was, where that says so. */
  readonly mark?: number;
}

/** Where a batch stands: the number of its rows, and the place of the first in checkpoint n. */
export interface AppendBatch {
  readonly epoch: number;
  readonly n: number;
  readonly i: number;
  readonly rows: number;
  /** The n that its owner went on from, where the target is not told of fences. */
  readonly from?: number;
  /** Its run, which tells two owners of one epoch apart there. */
  readonly mark?: number;
}

/** `skip`: so many rows at the front are known; `position` is to be kept in the same write as the others. */
export type AppendStep =
  | { readonly outcome: 'write'; readonly skip: number; readonly position: AppendPosition }
  | { readonly outcome: 'duplicate' }
  /** `epoch`: the one that shuts it out, or that another run has. */
  | { readonly outcome: 'fenced'; readonly epoch: number };

/** Judges a batch by the position that its owner has; undefined where it has none. O(1). */
export function appendStep(batch: AppendBatch, kept: AppendPosition | undefined): AppendStep {
  const { epoch, n, i, rows, from, mark } = batch;
  const held = known(kept, epoch, from);
  const place = { epoch, n, i: i + rows - 1 };
  const position = mark === undefined ? place : { ...place, mark };
  if (held === undefined) return { outcome: 'write', skip: 0, position };
  // an epoch that was given out twice: what one run has sent is not what the other has
  const another = mark !== undefined && held.mark !== undefined && held.mark !== mark;
  if (held.epoch > epoch || (held.epoch === epoch && another)) {
    return { outcome: 'fenced', epoch: held.epoch };
  }
  if (held.n > n || (held.n === n && held.i >= position.i)) return { outcome: 'duplicate' };
  const skip = held.n === n ? Math.max(0, held.i + 1 - i) : 0;
  return { outcome: 'write', skip, position };
}

/** The position after a fence, where the place stays, up to `from`; or the answer of one that is refused. */
export function appendFence(
  epoch: number,
  held: AppendPosition | undefined,
  run?: Partial<OutboxRun>,
): { readonly position: AppendPosition } | { readonly answer: Exclude<FenceAnswer, 'ok'> } {
  const mark = run?.mark;
  if (held !== undefined && (held.epoch > epoch || (held.epoch === epoch && held.mark !== mark))) {
    return { answer: { fencedBy: held.epoch } };
  }
  const { n, i } = known(held, epoch, run?.from) ?? { n: 0, i: -1 };
  return { position: { epoch, n, i, ...(mark === undefined ? {} : { mark }) } };
}

/* A later owner that goes on from below the place has lost checkpoints: all up to there was taken, what follows is new. */
function known(
  held: AppendPosition | undefined,
  epoch: number,
  from = Infinity,
): AppendPosition | undefined {
  if (held === undefined || held.epoch >= epoch || held.n <= from) return held;
  return { epoch: held.epoch, n: from, i: Number.MAX_SAFE_INTEGER };
}
