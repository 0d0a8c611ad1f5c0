/** Durations: a number of milliseconds or a checked string such as `'10 minutes'`. */
import { configError } from './errors.js';

type Unit =
  | 'ms'
  | 'millisecond'
  | 'milliseconds'
  | 's'
  | 'sec'
  | 'second'
  | 'seconds'
  | 'm'
  | 'min'
  | 'minute'
  | 'minutes'
  | 'h'
  | 'hour'
  | 'hours'
  | 'd'
  | 'day'
  | 'days'
  | 'w'
  | 'week'
  | 'weeks';

/** Milliseconds, or a number and a unit: `'500ms'`, `'10 minutes'`, `'1h'`, `'-5m'`. `'1 day'` is 86,400,000 ms. */
export type Duration = number | `${number}${Unit}` | `${number} ${Unit}`;

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const units = new Map<string, number>([
  ['ms', 1],
  ['millisecond', 1],
  ['milliseconds', 1],
  ['s', SECOND],
  ['sec', SECOND],
  ['second', SECOND],
  ['seconds', SECOND],
  ['m', MINUTE],
  ['min', MINUTE],
  ['minute', MINUTE],
  ['minutes', MINUTE],
  ['h', HOUR],
  ['hour', HOUR],
  ['hours', HOUR],
  ['d', DAY],
  ['day', DAY],
  ['days', DAY],
  ['w', 7 * DAY],
  ['week', 7 * DAY],
  ['weeks', 7 * DAY],
]);
const shape = /^([+-]?(?:\d+(?:\.\d+)?|\.\d+)) ?([a-z]+)$/;

/** Milliseconds of a duration, or undefined when it is none: not a whole number of ms, or of an unknown unit. */
export function parseDuration(d: unknown): number | undefined {
  if (typeof d === 'number') return Number.isSafeInteger(d) ? d + 0 : undefined;
  if (typeof d !== 'string') return undefined;
  const found = shape.exec(d);
  const unit = units.get(found?.[2] ?? '');
  if (found === null || unit === undefined) return undefined;
  const exact = Number(found[1]) * unit;
  const ms = Math.round(exact);
  return Number.isSafeInteger(ms) && Math.abs(exact - ms) < 1e-6 ? ms + 0 : undefined;
}

const rules = {
  positive: { rule: 'a duration > 0', holds: (ms: number) => ms > 0 },
  nonNegative: { rule: 'a duration >= 0', holds: (ms: number) => ms >= 0 },
  signed: { rule: 'a duration', holds: () => true },
};

/** Checks an option of an operator and gives its milliseconds. @throws TypeError naming option, rule and value */
export function durationOption(
  operator: string,
  option: string,
  d: unknown,
  sign: keyof typeof rules,
): number {
  const ms = parseDuration(d);
  const { rule, holds } = rules[sign];
  if (ms === undefined || !holds(ms)) {
    throw configError(
      operator,
      option,
      `${rule} (whole ms, or such as '10 minutes', '500ms', '1h')`,
      d,
    );
  }
  return ms;
}
