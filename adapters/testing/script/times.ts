/** Times of the notation: text to milliseconds and back, relative to the epoch of the test or calendar instants. */
import { type Duration, parseDuration } from '../../../lib/duration.js';
import { configError } from '../../../lib/errors.js';
import { formatInstant, type Instant, toInstant } from '../../../lib/instant.js';

/** Event time as a builder takes it: a number or duration from the epoch of the script on, or a calendar instant. */
export type Time = number | Duration | Date | (string & {});

const parts = /\d+(?:\.\d+)?[a-z]+/g;
const compound = /^[+-]?(?:\d+(?:\.\d+)?[a-z]+)+$/;
const integer = /^[+-]?\d+$/;
const sum = /^[+-]?(?:\d+(?:\.\d+)?[a-z]+)+(?:[+-](?:\d+(?:\.\d+)?[a-z]+)+)+$/;
const terms = /[+-]?[^+-]+/g;
const calendar = /^(\d{4}-\d{2}-\d{2})(?:T(\d{2}:\d{2})(:\d{2}(?:\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?)?$/;

/** Milliseconds of `9ms`, `5m`, `1h30m`, `-1h30m`; undefined where it is no duration. */
export function parseSpan(text: string): number | undefined {
  if (!compound.test(text)) return undefined;
  let total = 0;
  for (const part of text.match(parts) ?? []) {
    const ms = parseDuration(part);
    if (ms === undefined) return undefined;
    total += ms;
  }
  const signed = text.startsWith('-') ? 0 - total : total;
  return Number.isSafeInteger(signed) ? signed : undefined;
}

/** Milliseconds of an integer, a duration, or a sum of durations: `5m-1ms`, the last instant of five minutes. */
function parseSum(text: string): number | undefined {
  if (integer.test(text)) return Number(text);
  if (!sum.test(text)) return parseSpan(text);
  let total = 0;
  for (const term of text.match(terms) ?? []) total += parseSpan(term) ?? Number.NaN;
  return Number.isNaN(total) ? undefined : total;
}

/** Epoch milliseconds of an integer, a duration or a sum (all from `epoch` on), a calendar instant or ±∞. */
export function parseTime(text: string, epoch: number): number | undefined {
  if (text === '∞' || text === '+∞') return Infinity;
  if (text === '-∞') return -Infinity;
  const span = parseSum(text);
  if (span === undefined) return parseCalendar(text);
  const t = epoch + span;
  return Number.isSafeInteger(span) && Number.isSafeInteger(t) ? t + 0 : undefined;
}

/** A date alone is its midnight in UTC; seconds may be left out, the zone of a time may not. */
export function parseCalendar(text: string): number | undefined {
  const found = calendar.exec(text);
  if (found === null) return undefined;
  const [, date, minutes, seconds = ':00', zone = ''] = found;
  const full = minutes === undefined ? `${date}T00:00:00Z` : `${date}T${minutes}${seconds}${zone}`;
  const ms = toInstant(full);
  return typeof ms === 'number' ? ms : undefined;
}

/** Whether the text is a calendar time that lacks only its zone. */
export function lacksZone(text: string): boolean {
  const found = calendar.exec(text);
  return found !== null && found[2] !== undefined && found[4] === undefined;
}

/** Epoch milliseconds of a time given to a builder. @throws TypeError naming the step and the option */
export function timeOption(step: string, option: string, given: Time, epoch: number): number {
  const t = timeOf(given, epoch);
  if (t !== undefined) return t;
  const rule = "a time: whole ms, a duration such as '10m', or such as '2026-03-29T00:59Z'";
  throw configError(step, option, rule, given);
}

function timeOf(given: Time, epoch: number): number | undefined {
  if (given instanceof Date) {
    const ms = toInstant(given);
    return typeof ms === 'number' ? ms : undefined;
  }
  if (typeof given === 'string') {
    const spaced = parseDuration(given);
    return spaced === undefined ? parseTime(given, epoch) : epoch + spaced;
  }
  if (typeof given !== 'number') return undefined;
  return Number.isSafeInteger(epoch + given) || !Number.isFinite(given) ? epoch + given : undefined;
}

/** The epoch of a test or script in milliseconds. @throws TypeError where it is no instant */
export function epochOption(owner: string, given: Instant | undefined, option = 'epoch'): number {
  if (given === undefined) return 0;
  const ms = typeof given === 'string' ? parseCalendar(given) : toInstant(given);
  if (typeof ms === 'number') return ms;
  throw configError(owner, option, "an instant: epoch ms, a Date or '2026-03-29T00:59Z'", given);
}

const units: readonly (readonly [string, number])[] = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
  ['ms', 1],
];

/** A duration as the notation writes it: `90_000` is `1m30s`, `-5` is `-5ms`. */
export function printSpan(ms: number): string {
  let rest = Math.abs(ms);
  let text = ms < 0 ? '-' : '';
  for (const [unit, size] of units) {
    const n = Math.floor(rest / size);
    if (n > 0) text += `${n}${unit}`;
    rest -= n * size;
  }
  return rest === 0 && text.length > 1 ? text : '0ms';
}

/** From here on a number of milliseconds is hard to read, and from here on a duration is. */
const LONG = 60_000;
const FAR = 100_000_000_000;

/**
 * An event time as the notation writes it, from `epoch` on: whole seconds and long times as a duration,
 * the last instant before one as `5m-1ms`, what is years away as a calendar instant.
 */
export function printTime(t: number, epoch = 0): string {
  if (!Number.isFinite(t)) return t > 0 ? '∞' : t < 0 ? '-∞' : 'NaN';
  const span = t - epoch;
  if (Math.abs(span) >= FAR) return printCalendar(t) ?? String(span);
  if (span !== 0 && span % 1000 === 0) return printSpan(span);
  if (Math.abs(span) < LONG - 1) return String(span);
  return (span + 1) % 1000 === 0 ? `${printSpan(span + 1)}-1ms` : printSpan(span);
}

/** Without seconds that are none; undefined where there is no such date. */
function printCalendar(t: number): string | undefined {
  const short = formatInstant(t).replace(/(?::00)?\.000Z$/, 'Z');
  return parseCalendar(short) === t ? short : undefined;
}

/** An epoch as a builder takes it: a calendar instant where there is one. */
export function printEpoch(epoch: number): string | number {
  const text = formatInstant(epoch);
  return parseCalendar(text) === epoch ? text : epoch;
}
