/** Events in an order in which they could arrive: delayed, skewed between splits, late, delivered twice. */
import { type Duration, durationOption } from '../../../lib/duration.js';
import { configError } from '../../../lib/errors.js';
import type { Instant } from '../../../lib/instant.js';
import { timesOf } from './arrivals.js';
import { Chance } from './chance.js';

/** Options of `disorder`. */
export interface DisorderConfig<T> {
  /** An event arrives at its event time + a delay in [0, `maxDelay`], each as likely. */
  readonly maxDelay: Duration;
  /** Which share of the events, in [0, 1], is delayed by more than `maxDelay + skew`: exactly `round(lateRatio · n)` of them. @default 0 */
  readonly lateRatio?: number;
  /** How much more: the delay of such an event is greater than `maxDelay + skew` by 1 ms to `lateBy`. @default maxDelay, at least 1 ms */
  readonly lateBy?: Duration;
  /** Which share of the events, in [0, 1], is delivered twice, each time with a delay of its own. @default 0 */
  readonly duplicateRatio?: number;
  /** Each split lags behind by a constant of its own in [0, `skew`], besides the delays. @default 0 */
  readonly skew?: Duration;
  /** The split of an event. @default its `split` */
  readonly split?: (event: T) => string;
  /** A whole number that decides everything: the same seed gives the same order on every machine. */
  readonly seed: number;
  /** When it happened. @default its `timestamp` */
  readonly timestamp?: (event: T) => Instant;
}

/**
 * Gives events in an order in which they could arrive.
 *
 * ```text
 * events                             a@0  b@1  c@2  d@3  e@9
 * disorder(maxDelay: 3, seed: 8)     a@0  d@3  b@1  c@2  e@9
 * the same, duplicateRatio: 0.2      a@0  d@3  b@1  c@2  d@3  e@9
 * ```
 *
 * Without `lateRatio` no event is late behind `outOfOrderness: maxDelay + skew`, and within its split none
 * is more than `maxDelay` behind. An event of the late share is delayed by more than that, on both of its
 * deliveries; it is late if by then an event has arrived that is newer by more than `maxDelay + skew`: with a `lateBy`
 * well above the distance between events that holds for all but those at the end of the list.
 *
 * Events that arrive at one instant keep the order of the list. Options do not disturb each other: with
 * another `lateRatio` the other events keep their delays. O(n log n)
 *
 * @param events in any order; elements or anything else with a time
 * @returns a new list of the same events, those delivered twice standing in it twice
 * @throws TypeError for a wrong option, or an event without time or (with `skew`) without split
 *
 * @example
 * const arrivals = disorder(readings, { maxDelay: '7m', lateRatio: 0.1, seed: 1, timestamp: (r) => r.at });
 * from(arrivals).pipe(watermark({ timestamp: (r) => r.at, outOfOrderness: '7m' }));
 */
export function disorder<T>(events: readonly T[], config: DisorderConfig<T>): T[] {
  const { maxDelayMs, lateByMs, skewMs, lateRatio, duplicateRatio } = check(config);
  const times = timesOf('disorder', events, config.timestamp);
  const { seed } = config;
  const delays = new Chance(seed, 'delay');
  const repeats = new Chance(seed, 'duplicate');
  const lateness = new Chance(seed, 'late');
  const late = lateness.share(events.length, lateRatio);
  const twice = repeats.share(events.length, duplicateRatio);
  const lags = lagsOf(events, config, skewMs);
  const arrivals: { readonly event: T; readonly at: number }[] = [];
  events.forEach((event, i) => {
    const deliver = (onTime: Chance, beyond: Chance): void => {
      const delay = (lags[i] as number) + onTime.upTo(maxDelayMs);
      const lateDelay = late[i] ? maxDelayMs + skewMs + 1 + beyond.upTo(lateByMs - 1) : delay;
      arrivals.push({ event, at: (times[i] as number) + lateDelay });
    };
    deliver(delays, lateness);
    if (twice[i]) deliver(repeats, repeats);
  });
  return arrivals.sort((x, y) => x.at - y.at).map(({ event }) => event);
}

function lagsOf<T>(events: readonly T[], config: DisorderConfig<T>, skewMs: number): number[] {
  if (skewMs === 0) return events.map(() => 0);
  const { seed, split = (e: T) => (e as { readonly split?: string } | null)?.split } = config;
  const chance = new Chance(seed, 'skew');
  const lags = new Map<string, number>();
  return events.map((event, i) => {
    const name = split(event);
    if (typeof name !== 'string') {
      const rule = 'a function that gives a string for each event, as there is `skew`';
      throw configError('disorder', 'split', rule, name, `event ${i} has none`);
    }
    const lag = lags.get(name) ?? chance.upTo(skewMs);
    lags.set(name, lag);
    return lag;
  });
}

function check<T>(c: DisorderConfig<T>) {
  const { lateRatio = 0, duplicateRatio = 0, skew = 0, seed, split, timestamp } = c;
  for (const [option, got] of Object.entries({ lateRatio, duplicateRatio })) {
    const ratio = typeof got === 'number' && got >= 0 && got <= 1;
    if (!ratio) throw configError('disorder', option, 'a number in [0, 1]', got);
  }
  if (!Number.isSafeInteger(seed)) throw configError('disorder', 'seed', 'an integer', seed);
  for (const [option, got] of Object.entries({ split, timestamp })) {
    const fine = got === undefined || typeof got === 'function';
    if (!fine) throw configError('disorder', option, 'a function', got);
  }
  const maxDelayMs = durationOption('disorder', 'maxDelay', c.maxDelay, 'nonNegative');
  const skewMs = durationOption('disorder', 'skew', skew, 'nonNegative');
  const lateBy = c.lateBy ?? Math.max(1, maxDelayMs);
  const lateByMs = durationOption('disorder', 'lateBy', lateBy, 'positive');
  return { maxDelayMs, lateByMs, skewMs, lateRatio, duplicateRatio };
}
