/** Window assigners: values that say which windows an event belongs to; the operator asks, it does not branch. */
import { type Duration, durationOption, parseDuration } from './duration.js';
import type { WindowBounds } from './element.js';
import { configError } from './errors.js';

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
  /** The gap after an event, whole ms > 0; throws where the user's function gives no such duration. */
  readonly gapMs: (value: T) => number;
  /** The gap, where it is the same for all events. */
  readonly fixedGapMs?: number | undefined;
}

export type WindowAssigner<T = any> = GridWindows | SessionWindows<T>;

export interface GridOptions {
  /** Shifts the grid from the epoch; `|offset| < max(size, slide)`. @default 0 */
  readonly offset?: Duration;
}

/**
 * Windows of one size, side by side: `start = t − floorMod(t − offset, size)`, right for negative t.
 *
 * ```text
 * event time   -5    0    5    10
 * tumbling(5)   [----)[----)[----)
 * ```
 * @throws TypeError when `size` is no duration > 0 or `offset` is out of range
 */
export function tumbling(size: Duration, options: GridOptions = {}): GridWindows {
  const sizeMs = durationOption('tumbling', 'size', size, 'positive');
  return grid('tumbling', sizeMs, sizeMs, options);
}

/**
 * Windows of one size, one every `slide`: an event is in all with `start <= t < start + size`. With
 * `slide > size` there are gaps, whose events are in no window.
 *
 * ```text
 * event time      0    5    10   15
 * sliding(10, 5)  [---------)
 *                      [---------)
 * ```
 * @throws TypeError when `size` or `slide` is no duration > 0, or `offset` is out of range
 */
export function sliding(size: Duration, slide: Duration, options: GridOptions = {}): GridWindows {
  const sizeMs = durationOption('sliding', 'size', size, 'positive');
  const slideMs = durationOption('sliding', 'slide', slide, 'positive');
  return grid('sliding', sizeMs, slideMs, options);
}

function grid(name: string, sizeMs: number, slideMs: number, options: GridOptions): GridWindows {
  const offset = options.offset ?? 0;
  const offsetMs = durationOption(name, 'offset', offset, 'signed');
  if (Math.abs(offsetMs) >= Math.max(sizeMs, slideMs)) {
    throw configError(name, 'offset', 'smaller than the size, either way', offset);
  }
  return { kind: 'grid', name, sizeMs, slideMs, offsetMs };
}

/**
 * Windows of activity: an event opens `[t, t + gap)`; windows of one key that intersect or touch are
 * one (distance == gap is one session). The gap may be a function of the event. Where arrival order
 * within the watermark's bound B must not show in the result, give the watermark B + 1.
 *
 * ```text
 * event time   0  1  2  3  4  5  6  7  8
 * events       a     b                 c
 * session(3)   [--------------)        [--
 * ```
 * @throws TypeError when `gap` is neither a function nor a duration > 0
 */
export function session<T>(gap: Duration | ((value: T) => Duration)): SessionWindows<T> {
  if (typeof gap !== 'function') {
    const fixedGapMs = durationOption('session', 'gap', gap, 'positive');
    return { kind: 'session', name: 'session', gapMs: () => fixedGapMs, fixedGapMs };
  }
  const gapMs = (value: T): number => {
    const got = gap(value);
    const ms = parseDuration(got);
    if (ms !== undefined && ms > 0) return ms;
    throw configError('session', 'gap', 'a function that gives a duration > 0', got);
  };
  return { kind: 'session', name: 'session', gapMs };
}

/** The greatest window start `<= t`: the event is in that window if `t < start + size`. O(1). */
export function lastStart(g: GridWindows, t: number): number {
  return Math.floor((t - g.offsetMs) / g.slideMs) * g.slideMs + g.offsetMs;
}

/** How many windows an event at `t` is in, given `last = lastStart(g, t)`; 0 in a gap. */
export function windowCount(g: GridWindows, t: number, last: number): number {
  const behind = t - last;
  return behind >= g.sizeMs ? 0 : Math.floor((g.sizeMs - 1 - behind) / g.slideMs) + 1;
}

/** The windows of an event at `t`, in order of (end, start). */
export function windowsOf(g: GridWindows, t: number): WindowBounds[] {
  const last = lastStart(g, t);
  const bounds: WindowBounds[] = [];
  for (let i = windowCount(g, t, last) - 1; i >= 0; i--) {
    const start = last - i * g.slideMs;
    bounds.push({ start, end: start + g.sizeMs });
  }
  return bounds;
}

/** The width of the slices that all windows of the grid are made of. */
export function sliceWidth(g: GridWindows): number {
  let [a, b] = [g.sizeMs, g.slideMs];
  while (b > 0) [a, b] = [b, a % b];
  return a;
}
