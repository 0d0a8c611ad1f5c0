/** Oracle, shares no code with the library: windowed tables by brute force over rows in arrival order. */
import { type Counts, noCounts, type OracleRow, readRows } from './reading.js';

export interface Span {
  readonly start: number;
  readonly end: number;
}

export interface Cell extends Span {
  readonly user: string;
  values: number[];
}

export type Table = Record<string, unknown>[];

export const iso = (ms: number): string => new Date(ms).toISOString();

/** Every window of this size and slide that holds t, earliest first. */
export function spansOf(t: number, size: number, slide: number): Span[] {
  const spans: Span[] = [];
  let start = t - (((t % slide) + slide) % slide);
  for (; start + size > t; start -= slide) spans.unshift({ start, end: start + size });
  return spans;
}

export interface Judged {
  readonly row: OracleRow;
  /** The watermark that the row met. */
  readonly w: number;
}

/**
 * Walks the rows with the watermark that each one meets. `isLate` leaves a row out; of the others, one
 * whose id is remembered is a duplicate. An id is remembered until W reaches its first's time + within.
 */
export function judge(
  rows: readonly OracleRow[],
  counts: Counts,
  o: {
    outOfOrderness: number;
    within: number;
    id?: string;
    isLate: (t: number, w: number) => boolean;
  },
): Judged[] {
  const until = new Map<string, number>();
  const taken: Judged[] = [];
  let max = -Infinity;
  for (const row of rows) {
    const w = max - o.outOfOrderness - 1;
    const id = o.id === undefined ? undefined : row.text[o.id];
    if (o.isLate(row.time, w)) counts.late++;
    else if (id !== undefined && w < (until.get(id) ?? -Infinity)) counts.duplicate++;
    else {
      counts.accepted++;
      if (id !== undefined) until.set(id, row.time + o.within);
      taken.push({ row, w });
    }
    max = Math.max(max, row.time);
  }
  return taken;
}

/** Adds each row to those of its windows that have not expired. */
export function cellsOf(
  judged: readonly Judged[],
  size: number,
  slide: number,
  lateness: number,
): Cell[] {
  const cells = new Map<string, Cell>();
  for (const { row, w } of judged) {
    for (const { start, end } of spansOf(row.time, size, slide)) {
      if (end - 1 + lateness <= w) continue;
      const user = row.text['user_id']!;
      const name = JSON.stringify([start, user]);
      const cell = cells.get(name) ?? { start, end, user, values: [] };
      cell.values.push(row.value);
      cells.set(name, cell);
    }
  }
  return [...cells.values()].sort((a, b) => a.start - b.start || compare(a.user, b.user));
}

/** By code point, as bytes of UTF-8 compare. */
export function compare(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

const total = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);

export function countAndSum(cells: readonly Cell[]): Table {
  return cells.map(({ start, end, user, values }) => ({
    window_start: iso(start),
    window_end: iso(end),
    user_id: user,
    count: values.length,
    sum: total(values),
  }));
}

export interface MainRules {
  readonly size: number;
  readonly outOfOrderness: number;
  readonly within: number;
  readonly lateness: number;
  readonly lenient?: boolean;
  readonly latestMs: number;
}

export interface MainTruth {
  readonly table: Table;
  readonly sliding: Table;
  readonly events: Counts;
  readonly profiles: Counts;
}

/** The main job: tumbling metrics of each user with the newest plan near the end of the window. */
export function mainTruth(eventText: string, profileText: string, o: MainRules): MainTruth {
  const [events, profiles] = [noCounts(), noCounts()];
  const { size, lateness, latestMs, lenient = false } = o;
  const eventRules = { texts: ['user_id', 'event_id'], hasValue: true, lenient, latestMs };
  const judged = judge(readRows(eventText, eventRules, events), events, {
    outOfOrderness: o.outOfOrderness,
    within: Math.max(o.outOfOrderness, size + lateness),
    id: 'event_id',
    isLate: (t, w) => spansOf(t, size, size).every(({ end }) => end - 1 + lateness <= w),
  });
  const profileRules = { texts: ['user_id', 'plan'], hasValue: false, lenient, latestMs };
  const plans = judge(readRows(profileText, profileRules, profiles), profiles, {
    outOfOrderness: o.outOfOrderness,
    within: 0,
    isLate: (t, w) => t + lateness <= w,
  });
  const table = cellsOf(judged, size, size, lateness).map(({ start, end, user, values }) => ({
    window_start: iso(start),
    window_end: iso(end),
    user_id: user,
    count: values.length,
    sum: total(values),
    min: values.reduce((a, b) => Math.min(a, b)),
    max: values.reduce((a, b) => Math.max(a, b)),
    mean: total(values) / values.length,
    plan: planOf(plans, user, end - 1, o.within),
  }));
  const sliding = countAndSum(cellsOf(judged, 30_000, 10_000, lateness));
  return { table, sliding, events, profiles };
}

function planOf(plans: readonly Judged[], user: string, at: number, within: number) {
  let newest: OracleRow | undefined;
  for (const { row } of plans) {
    if (row.text['user_id'] !== user || Math.abs(row.time - at) > within) continue;
    if (newest === undefined || row.time >= newest.time) newest = row;
  }
  return newest?.text['plan'] ?? null;
}
