/** What the window operator asks of the state of its windows, whatever their kind. */
import type { Chunks, Data } from './chunks.js';
import type { EventElement, WindowBounds } from './element.js';
import type { Fold } from './fold.js';
import type { Key, KeyId } from './key.js';
import type { PaneMaker } from './panes.js';
import type { Stats } from './stats.js';

export interface WindowStats extends Stats {
  /** Events that some of their windows missed. */
  partiallyLate: number;
  /** `Σ windows(e)` over all events is `taken + missed`. */
  taken: number;
  missed: number;
  /** Windows that made their on-time pane, and panes of all kinds. */
  fired: number;
  panes: number;
}

/** What became of an event. */
export interface Verdict {
  /** `'threw'`: the window function of the user did, and nothing has changed. */
  readonly outcome: 'accepted' | 'late' | 'unassigned' | 'maxKeys' | 'threw';
  /** The windows that were closed to it. */
  readonly missed: readonly WindowBounds[];
  readonly error?: unknown;
}

const none: readonly WindowBounds[] = [];
export const ACCEPTED: Verdict = { outcome: 'accepted', missed: none };
export const UNASSIGNED: Verdict = { outcome: 'unassigned', missed: none };
export const TOO_MANY_KEYS: Verdict = { outcome: 'maxKeys', missed: none };

/** What a store is made of. */
export interface WindowStoreConfig<T> {
  readonly fold: Fold<T>;
  readonly panes: PaneMaker<T>;
  readonly stats: WindowStats;
  readonly latenessMs: number;
  readonly discarding: boolean;
  readonly maxKeys: number;
}

export interface WindowStore<T> {
  /**
   * Adds an event to those of its windows that are not expired at the current W; late panes leave at
   * once. `arrival` grows with every call.
   */
  add(id: KeyId, key: Key, e: EventElement<T>, arrival: number): Verdict;
  /** W has risen: fires what is due, frees what has expired. */
  advance(w: number): void;
  /** How many windows a later W can still make emit: 0, or at least 1. */
  waiting(): number;
  save(chunks: Map<string, Data>): void;
  /** `w` is the watermark of the saved state. */
  restore(chunks: Chunks, w: number): void;
}
