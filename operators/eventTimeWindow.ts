/** `eventTimeWindow`: groups events by event time and key, and emits aggregates when the watermark passes. */
import type { OperatorFunction } from 'rxjs';
import type { Aggregate, Results } from '../lib/aggregates.js';
import type { Door, Invalid, Late, Missed } from '../lib/doors.js';
import { type Duration, durationOption } from '../lib/duration.js';
import type { Element } from '../lib/element.js';
import { configError } from '../lib/errors.js';
import type { Key } from '../lib/key.js';
import { stageOperator } from '../lib/operate.js';
import type { WindowResult } from '../lib/panes.js';
import type { StatsDoor } from '../lib/stats.js';
import { WindowState, type WindowStateConfig } from '../lib/windowState.js';
import type { WindowStats } from '../lib/windowStore.js';
import type { WindowAssigner } from '../lib/windows.js';

export interface EventTimeWindowConfig<
  T,
  K extends Key,
  S extends Record<string, Aggregate<T, any>>,
> {
  /** Which windows an event belongs to: `tumbling`, `sliding`, `session`. */
  readonly window: WindowAssigner<NoInfer<T>>;
  /** One set of windows per key. @default all events share the key `[]` */
  readonly key?: (value: T) => K;
  /** What to compute, by name; all in one pass. */
  readonly aggregate: S;
  /** For how long after its end a window still takes events, each of which makes a late pane. @default 0 */
  readonly allowedLateness?: Duration;
  /** Whether a pane holds the whole so far, or what came since the pane before. @default 'accumulating' */
  readonly accumulation?: 'accumulating' | 'discarding';
  /** Gets events that no window took. */
  readonly late?: Door<Late<T>>;
  /** Gets events that some of their windows were closed to. */
  readonly missed?: Door<Missed<T>>;
  /** Gets events without a valid key, of a key too many, or whose key or gap function threw. */
  readonly invalid?: Door<Invalid<T>>;
  /** The most keys to hold at a time. @default Infinity */
  readonly maxKeys?: number;
  /** Names the state in a job's checkpoint. */
  readonly id?: string;
  /** Gets the live counters of each subscription. */
  readonly stats?: StatsDoor<WindowStats>;
}

/**
 * Emits the aggregates of each key and window when the watermark passes the window's end.
 *
 * ```text
 * arrivals                     a@1  b@7  c@3  W4             d@2  W9
 * eventTimeWindow(tumbling 5)   ·    ·    ·   [a c]@4 W4      ·   [b]@9 W9
 * late                          ·    ·    ·    ·             d@2   ·
 * open windows                  1    2    2   1               1    0
 * ```
 * A result's timestamp is the window's last instant, `end − 1`. Results of one watermark leave in
 * order of window end, then start, then first arrival of the key; then the watermark itself.
 *
 * *Late events.* An event is added to those of its windows that have not expired
 * (`end − 1 + allowedLateness > W`), even if it is itself behind the watermark; a window that has
 * fired emits a late pane at once. What no window takes leaves by `late` and is counted.
 *
 * *Completion.* Everything fires; an error or an unsubscribe drops the state.
 *
 * *State.* The accumulators per key and window, not the events, unless an aggregate keeps them. Grid
 * windows share slices: a sliding window's cost per event does not grow with size / slide.
 *
 * @throws TypeError on a wrong option, at construction
 * @example
 * const perUser = eventTimeWindow({
 *   key: (e: { user: string; ms: number }) => e.user,
 *   window: tumbling('5m'),
 *   aggregate: { events: count(), total: sum((e) => e.ms) },
 * });
 */
export function eventTimeWindow<
  T,
  const K extends Key = readonly [],
  S extends Record<string, Aggregate<T, any>> = Record<string, Aggregate<T, any>>,
>(
  config: EventTimeWindowConfig<T, K, S>,
): OperatorFunction<Element<T>, Element<WindowResult<K, Results<S>>>> {
  const checked = check(config);
  const { id, stats } = config;
  const make = (out: any) => new WindowState<T>(checked, out);
  make({ emit() {}, closed: true });
  const options = { operator: 'eventTimeWindow', id, stats, settings: settingsOf(checked) };
  return (source) => stageOperator([source], options, make);
}

function check<T>(config: EventTimeWindowConfig<T, any, any>): WindowStateConfig<T> {
  const name = 'eventTimeWindow';
  const { window, key, aggregate, maxKeys = Infinity, accumulation = 'accumulating' } = config;
  if (window?.kind !== 'grid' && window?.kind !== 'session') {
    throw configError(name, 'window', 'tumbling(), sliding() or session()', window);
  }
  if (key !== undefined && typeof key !== 'function') {
    throw configError(name, 'key', 'a function', key);
  }
  if (accumulation !== 'accumulating' && accumulation !== 'discarding') {
    throw configError(name, 'accumulation', "'accumulating' or 'discarding'", accumulation);
  }
  if (!(maxKeys >= 1)) throw configError(name, 'maxKeys', 'a number >= 1', maxKeys);
  const { trigger } = config as { readonly trigger?: unknown };
  if (trigger !== undefined) throw configError(name, 'trigger', 'absent (not built yet)', trigger);
  const lateness = config.allowedLateness ?? 0;
  return {
    window,
    key: key ?? (() => []),
    aggregate,
    latenessMs: durationOption(name, 'allowedLateness', lateness, 'nonNegative'),
    discarding: accumulation === 'discarding',
    maxKeys,
    late: config.late,
    missed: config.missed,
    invalid: config.invalid,
  };
}

function settingsOf(c: WindowStateConfig<any>): Record<string, unknown> {
  const { window, latenessMs, discarding } = c;
  const shape =
    window.kind === 'grid'
      ? { size: window.sizeMs, slide: window.slideMs, offset: window.offsetMs }
      : { gap: window.fixedGapMs ?? 'function' };
  const parts = Object.entries(c.aggregate).map(([name, a]) => `${name}: ${a.name ?? 'own'}`);
  const aggregate = parts.join();
  return { window: window.kind, ...shape, aggregate, allowedLateness: latenessMs, discarding };
}
