/** Instants: what a `timestamp` function may return, turned into epoch milliseconds or a reason. */

/** A safe integer (epoch ms), a `Date`, or `YYYY-MM-DD(T or space)hh:mm:ss[.f…](Z|±hh:mm|±hhmm)`. */
export type Instant = number | Date | string;

/** Why a value is no instant. `'zone'`: a local time, whose zone is never guessed. */
export type InstantReason = 'timestamp' | 'zone';

const shape =
  /^(\d{4})-(\d{2})-(\d{2})[T ](\d{2}):(\d{2}):(\d{2})(?:\.(\d+))?(Z|[+-]\d{2}:?\d{2})?$/;
const monthDays = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** Epoch milliseconds of `x`, fractions floored to ms; or the reason why it has none. O(1). */
export function toInstant(x: unknown): number | InstantReason {
  if (typeof x === 'number') return Number.isSafeInteger(x) ? x + 0 : 'timestamp';
  if (typeof x === 'string') return parseInstant(x);
  if (x instanceof Date) {
    const ms = x.getTime();
    return Number.isSafeInteger(ms) ? ms + 0 : 'timestamp';
  }
  return 'timestamp';
}

function parseInstant(text: string): number | InstantReason {
  const f = shape.exec(text);
  if (f === null) return 'timestamp';
  const [year, month, day] = [Number(f[1]), Number(f[2]), Number(f[3])];
  const [hour, minute, second] = [Number(f[4]), Number(f[5]), Number(f[6])];
  const valid =
    month >= 1 &&
    month <= 12 &&
    day >= 1 &&
    day <= daysIn(year, month) &&
    hour <= 23 &&
    minute <= 59 &&
    second <= 59;
  if (!valid) return 'timestamp';
  if (f[8] === undefined) return 'zone';
  const offset = offsetMinutes(f[8]);
  if (offset === undefined) return 'timestamp';
  const fraction = f[7] === undefined ? 0 : Number(f[7].slice(0, 3).padEnd(3, '0'));
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  const seconds = (hour * 60 + minute - offset) * 60 + second;
  return date.getTime() + seconds * 1000 + fraction;
}

function daysIn(year: number, month: number): number {
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return month === 2 && leap ? 29 : (monthDays[month - 1] ?? 0);
}

function offsetMinutes(zone: string): number | undefined {
  if (zone === 'Z') return 0;
  const hours = Number(zone.slice(1, 3));
  const minutes = Number(zone.slice(-2));
  if (hours > 23 || minutes > 59) return undefined;
  return (zone[0] === '-' ? -1 : 1) * (hours * 60 + minutes);
}

/** ISO 8601 in UTC with milliseconds; ±∞ as text. For messages and rows. */
export function formatInstant(ms: number): string {
  if (ms === Infinity) return '+∞';
  if (ms === -Infinity) return '-∞';
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? `${ms} ms` : date.toISOString();
}
