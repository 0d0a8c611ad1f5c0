/** Window assigners: values that say which windows an event belongs to; the operator asks, it does not branch. */

/** Windows of one size on a grid: tumbling (`slideMs === sizeMs`) and sliding. */
export interface GridWindows {
  readonly kind: 'grid';
  readonly name: string;
  readonly sizeMs: number;
  readonly slideMs: number;
  readonly offsetMs: number;
}

/** Windows that grow with their events and merge when they intersect or touch. */
export interface SessionWindows<T> {
  readonly kind: 'session';
  readonly name: string;
  /** The gap after an event, whole ms > 0. */
  readonly gapMs: (value: T) => number;
}

export type WindowAssigner<T = any> = GridWindows | SessionWindows<T>;
