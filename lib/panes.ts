/** Panes: the results of a window, and the elements that carry them. */
import { type EventElement, resultOf, type WindowBounds } from './element.js';
import type { Accumulators, Fold } from './fold.js';
import type { Key } from './key.js';

/** Which result of its window this is. Sequence: `early* onTime? late*`. */
export interface Pane {
  /** `onTime` is made by the watermark's first passing of the window's last instant. */
  readonly timing: 'early' | 'onTime' | 'late';
  readonly index: number;
  /** `index === 0`. */
  readonly isFirst: boolean;
  /** No later pane can follow. */
  readonly isFinal: boolean;
  /** Whether there was news since the pane before. */
  readonly changed: boolean;
}

/** What `eventTimeWindow` emits, with event time `window.end − 1`. */
export interface WindowResult<K, V> {
  readonly key: K;
  readonly window: WindowBounds;
  readonly pane: Pane;
  readonly value: V;
}

const FIRST_REVISION: readonly number[] = Object.freeze([0]);

/** A pane; shared by all results of one firing, hence frozen. */
export function paneOf(timing: Pane['timing'], index: number, isFinal: boolean): Pane {
  return Object.freeze({ timing, index, isFirst: index === 0, isFinal, changed: true });
}

const deltas = Symbol.for('tidemark.delta');

/** A pane that holds what came since the pane before: an upsert of it would lose the rest. */
export function deltaPaneOf(timing: Pane['timing'], index: number, isFinal: boolean): Pane {
  const pane = { timing, index, isFirst: index === 0, isFinal, changed: true };
  return Object.freeze(Object.defineProperty(pane, deltas, { value: true }));
}

/** Whether a value, or the left side of a joined one, is a result of `discarding` windows. */
export function isDelta(value: any): boolean {
  const pane = value?.pane ?? value?.left?.pane;
  return typeof pane === 'object' && pane !== null && pane[deltas] === true;
}

/** What a window store needs to emit: bound once, used for every result. */
export class PaneMaker<T> {
  constructor(
    private readonly fold: Fold<T>,
    private readonly out: { emit(e: EventElement<any>): void; readonly closed: boolean },
  ) {}

  get closed(): boolean {
    return this.out.closed;
  }

  emit(key: Key, window: WindowBounds, pane: Pane, accs: Accumulators): void {
    const value = { key, window, pane, value: this.fold.result(accs) };
    this.out.emit(resultOf(value, window.end - 1, revisionOf(pane), undefined));
  }

  /** The same, of a window that takes the place of others. */
  emitReplacing(
    result: { key: Key; window: WindowBounds; pane: Pane },
    accs: Accumulators,
    replaces: readonly WindowBounds[] | undefined,
  ): void {
    const { key, window, pane } = result;
    const value = { key, window, pane, value: this.fold.result(accs) };
    this.out.emit(resultOf(value, window.end - 1, revisionOf(pane), replaces));
  }
}

function revisionOf(pane: Pane): readonly number[] {
  return pane.index === 0 ? FIRST_REVISION : [pane.index];
}
