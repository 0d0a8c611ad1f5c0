/** `dedupe`: the first event of each key passes, repeats leave by a side door. Memory: the keys of one span of event time. */
import type { OperatorFunction } from 'rxjs';
import { type DedupeSettings, DedupeState, type DedupeStats } from '../lib/dedupeState.js';
import type { Door, Duplicate, Invalid, Late } from '../lib/doors.js';
import { type Duration, durationOption } from '../lib/duration.js';
import type { Element } from '../lib/element.js';
import { configError } from '../lib/errors.js';
import type { Key } from '../lib/key.js';
import { stageOperator } from '../lib/operate.js';
import type { StatsDoor } from '../lib/stats.js';
import type { WindowAssigner } from '../lib/windows.js';

/** The windows that come after a `dedupe`, as they are configured there. */
export interface DedupeBefore {
  /** Tumbling or sliding windows. */
  readonly window: WindowAssigner;
  /** The `allowedLateness` of that window operator. @default 0 */
  readonly allowedLateness?: Duration | undefined;
}

/** What makes two events the same, and for how long that is remembered. */
export interface DedupeConfig<T> {
  /** The identity of an event. */
  readonly key: (value: T) => Key;
  /** A key is remembered until W has passed its first event by this much. @default 0 */
  readonly within?: Duration | undefined;
  /** Most keys remembered at once; beyond it the soonest to expire is forgotten and counted `evicted`. @default no limit */
  readonly maxKeys?: number | undefined;
  /**
   * The windows downstream. An event that the last of its windows has closed to leaves by `late` here
   * and is not remembered, so a late first cannot shadow an on-time repeat that the windows would take.
   */
  readonly before?: DedupeBefore | undefined;
  /** Gets events that came too late to be judged. */
  readonly late?: Door<Late<T>> | undefined;
  /** Gets repeats. */
  readonly duplicate?: Door<Duplicate<T>> | undefined;
  /** Gets events without a valid key. Without this door a `key` function that throws errors the stream. */
  readonly invalid?: Door<Invalid<T>> | undefined;
  /** Names the state in checkpoints; a job needs it. */
  readonly id?: string | undefined;
  /** Told once per subscription with its live counters. */
  readonly stats?: StatsDoor<DedupeStats> | undefined;
}

/**
 * Passes the first event of each key, at once and unchanged.
 *
 * ```text
 * arrivals              a@1  b@2  a@3  W9  a@9  W15  a@11
 * dedupe(within: 10)    a@1  b@2  ·    W9  ·    W15  a@11
 * remembers             a    ab   ab   ab  ab   ·    a
 * ```
 *
 * *Late events.* With d = `within`, an event with `timestamp + d <= W` leaves by `late`; every other is
 * judged. A key is forgotten when W reaches `first + d`; repeats do not refresh it. So every repeat
 * that is not younger than the first is caught, and of the younger ones each that is on time and at
 * most d younger. Before windows of size s with `allowedLateness` L use `within >= s + L`; with
 * `before`, an event that these windows would refuse is late here too (reason `'expired'`).
 *
 * *Watermarks* pass unchanged. *Completion*: nothing is held back, nothing flushed.
 *
 * *State.* One entry per key whose first event is younger than W − d; O(1) amortised per event, plus a
 * sort of each second's keys, once. While W is −∞ nothing is forgotten: `maxKeys` bounds that. Across
 * restarts it is exact only inside a job.
 *
 * @throws TypeError when an option is wrong. Down the stream: RetractionError when a withdrawal
 *   arrives, UserFunctionError when a door throws, or `key` does and there is no `invalid` door
 * @example
 * orders$.pipe(
 *   watermark({ timestamp: (o) => o.at, outOfOrderness: '5s' }),
 *   dedupe({ key: (o) => o.id, within: '10m', duplicate: (d) => log(d.value.id) }),
 * );
 */
export function dedupe<T>(config: DedupeConfig<T>): OperatorFunction<Element<T>, Element<T>> {
  const settings = settingsOf(config);
  const { operator, withinMs, before } = settings;
  const grid = before?.grid;
  const saved = {
    within: withinMs,
    size: grid?.sizeMs,
    slide: grid?.slideMs,
    offset: grid?.offsetMs,
    allowedLateness: before?.latenessMs,
  };
  const options = { operator, id: config.id, stats: config.stats, settings: saved };
  return (source) =>
    stageOperator<T>([source], options, (out) => new DedupeState<T>(settings, out));
}

function settingsOf<T>(config: DedupeConfig<T>): DedupeSettings<T> {
  const operator = 'dedupe';
  const { key, within = 0, maxKeys = Infinity, before, late, duplicate, invalid } = config;
  if (typeof key !== 'function') throw configError(operator, 'key', 'a function', key);
  if (!(maxKeys >= 1 && (Number.isSafeInteger(maxKeys) || maxKeys === Infinity))) {
    throw configError(operator, 'maxKeys', 'an integer > 0', maxKeys);
  }
  const withinMs = durationOption(operator, 'within', within, 'nonNegative');
  const downstream = before === undefined ? undefined : downstreamOf(operator, before);
  return { operator, key, withinMs, maxKeys, before: downstream, late, duplicate, invalid };
}

function downstreamOf(operator: string, before: DedupeBefore): DedupeSettings<unknown>['before'] {
  const { window, allowedLateness = 0 } = before;
  if (window?.kind !== 'grid') {
    const hint = 'only their end is known when an event arrives';
    throw configError(operator, 'before.window', 'tumbling(...) or sliding(...)', window, hint);
  }
  const option = 'before.allowedLateness';
  return {
    grid: window,
    latenessMs: durationOption(operator, option, allowedLateness, 'nonNegative'),
  };
}
