/** Oracle, shares no code with the library: which lines are rows, with its own reading of times. */

export interface Counts {
  lines: number;
  malformed: number;
  invalid: number;
  late: number;
  duplicate: number;
  accepted: number;
}

export interface OracleRow {
  readonly time: number;
  readonly text: Record<string, string>;
  readonly value: number;
}

export interface ReadingRules {
  /** Fields that must be non-empty strings. */
  readonly texts: readonly string[];
  readonly hasValue: boolean;
  readonly lenient?: boolean;
  /** Rows after this instant are invalid. */
  readonly latestMs: number;
}

export function noCounts(): Counts {
  return { lines: 0, malformed: 0, invalid: 0, late: 0, duplicate: 0, accepted: 0 };
}

/** The valid rows of a text in arrival order; counts lines, malformed and invalid ones. */
export function readRows(text: string, rules: ReadingRules, counts: Counts): OracleRow[] {
  const rows: OracleRow[] = [];
  for (const line of text.split('\n')) {
    if (line.trim() === '') continue;
    counts.lines++;
    const object = objectOf(line);
    if (object === undefined) {
      counts.malformed++;
      continue;
    }
    const row = rowOf(object, rules);
    if (row === undefined) counts.invalid++;
    else rows.push(row);
  }
  return rows;
}

function objectOf(line: string): Map<string, unknown> | undefined {
  try {
    const x = JSON.parse(line);
    const isObject = Object.prototype.toString.call(x) === '[object Object]';
    return isObject ? new Map(Object.entries(x)) : undefined;
  } catch {
    return undefined;
  }
}

function rowOf(object: Map<string, unknown>, rules: ReadingRules): OracleRow | undefined {
  const text: Record<string, string> = {};
  for (const name of rules.texts) {
    const t = object.get(name);
    if (typeof t !== 'string' || t.length === 0) return undefined;
    text[name] = t;
  }
  const value = rules.hasValue ? object.get('value') : 0;
  if (typeof value !== 'number' || !(value > -Infinity && value < Infinity)) return undefined;
  const time = timeOf(object.get('event_time'), rules.lenient === true);
  if (time === undefined || time > rules.latestMs) return undefined;
  return { time, text, value };
}

/** Postgres has no earlier instant. */
const EARLIEST = Date.UTC(-4713, 10, 24);

export function timeOf(x: unknown, lenient: boolean): number | undefined {
  if (lenient && typeof x === 'string' && x !== '' && !/[:\sA-DF-Za-df-z]/.test(x)) {
    return Number.isNaN(Number(x)) ? undefined : timeOf(Number(x), true);
  }
  if (typeof x === 'number') {
    if (lenient && Math.abs(x) < 100_000_000_000) {
      return Math.floor(x * 1000 + 0.000001);
    }
    return Math.floor(x) === x && x >= EARLIEST && x <= 8.64e15 ? x : undefined;
  }
  return typeof x === 'string' ? parseTime(x, lenient) : undefined;
}

/* Cut at fixed columns, then count days from the civil calendar. */
function parseTime(s: string, lenient: boolean): number | undefined {
  const head = s.slice(0, 19);
  if (!/^[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}:[0-9]{2}$/.test(head)) return undefined;
  const [y, mo, d] = [+s.slice(0, 4), +s.slice(5, 7), +s.slice(8, 10)];
  const [h, mi, sec] = [+s.slice(11, 13), +s.slice(14, 16), +s.slice(17, 19)];
  const leap = (y % 4 === 0 && y % 100 !== 0) || y % 400 === 0;
  const days = [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][mo - 1];
  if (days === undefined || d < 1 || d > days || h > 23 || mi > 59 || sec > 59) return undefined;
  let rest = s.slice(19);
  let ms = 0;
  if (rest.startsWith('.')) {
    let n = 1;
    while (rest[n] !== undefined && rest[n]! >= '0' && rest[n]! <= '9') n++;
    if (n === 1) return undefined;
    ms = +`${rest.slice(1, n)}00`.slice(0, 3);
    rest = rest.slice(n);
  }
  const shift = offsetOf(rest, lenient);
  if (shift === undefined) return undefined;
  return (((daysFromCivil(y, mo, d) * 24 + h) * 60 + mi - shift) * 60 + sec) * 1000 + ms;
}

function offsetOf(zone: string, lenient: boolean): number | undefined {
  if (zone === 'Z' || (lenient && zone === '')) return 0;
  const digits = zone.replace(/^([+-]\d\d):(\d\d)$/, '$1$2');
  if (digits.length !== 5 || !(digits[0] === '+' || digits[0] === '-')) return undefined;
  if (!/^\d{4}$/.test(digits.slice(1))) return undefined;
  const [hours, minutes] = [+digits.slice(1, 3), +digits.slice(3, 5)];
  if (hours > 23 || minutes > 59) return undefined;
  return (digits[0] === '-' ? -1 : 1) * (hours * 60 + minutes);
}

/* Howard Hinnant's days_from_civil. */
function daysFromCivil(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yoe = y - era * 400;
  const doy = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const doe = yoe * 365 + Math.floor(yoe / 4) - Math.floor(yoe / 100) + doy;
  return era * 146097 + doe - 719468;
}
