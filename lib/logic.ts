/** What an operator is, apart from what all share: a state that events change and watermarks release. */
import type { Chunks } from './chunks.js';
import type { EventElement } from './element.js';
import type { Membership, SinkMember } from './membership.js';
import type { Stats } from './stats.js';

/**
 * The state of an operator: events change it, watermarks release it. Pure and synchronous: it is
 * called one element at a time, never inside an emission of its own. What it throws goes down the
 * stream as an error.
 */
export interface Logic {
  /** An event arrives at an input, late ones too: the logic judges them. Inputs count from 0. */
  event(e: EventElement<unknown>, input: number): void;
  /** W has risen to `w` (+∞ at the end): emit what is due. W itself leaves afterwards. */
  advance(w: number): void;
  /** One input's own W has risen; called before `advance`. */
  side?(input: number, w: number): void;
  /** The output watermark that belongs to W; W itself where absent. It must not fall. */
  outgoing?(w: number): number;
  /** How many held things a later W can still emit: while there are any, *idle* does not pass. */
  waiting(): number;
  /** Live counters, saved and restored with the state; `out` is counted for the logic. */
  readonly stats: Stats;
  /**
   * The state in named pieces, each plain data that is encoded before the next element comes, or a
   * `Page` that is read before anything changes.
   */
  save(): Chunks;
  /** Takes back what `save` gave, in an operator that has seen no event. */
  restore(chunks: Chunks): void;
  /**
   * Calls `then` when what came before is finished: at once where it is, else later. Until then a
   * barrier and all that follows it waits before the operator, and counts as pending. In a job only.
   */
  whenSettled?(then: () => void): void;
  /** The job that the operator takes part in: told once, before the state comes back. */
  joined?(membership: Membership): void;
  /** A sink's part in a job. */
  readonly sink?: SinkLogic;
}

export interface SinkLogic extends SinkMember {
  /** The rows since the barrier before; the caller answers for them from now on. */
  takeRows(): readonly unknown[];
}

/** Where a state emits. */
export interface Emitter<T> {
  /** Sends a result. Its time should be above the last W, else it is late downstream. */
  emit(e: EventElement<T>): void;
  /** Downstream wants no more: an emission loop stops. */
  readonly closed: boolean;
}
