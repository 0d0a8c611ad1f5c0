/** Oracle, shares no code with the library: the projects `sliding` and `join` by brute force. */
import { type Counts, noCounts, type OracleRow, readRows } from './reading.js';
import { cellsOf, compare, countAndSum, iso, judge, spansOf, type Table } from './windows.js';

const MINUTE = 60_000;
const BOUND = 10 * MINUTE;
const WITHIN = 15 * MINUTE;

export interface SlidingTruth {
  readonly table: Table;
  readonly tumbling: Table;
  readonly events: Counts;
}

/** Count and sum of each user in windows of `size` each `slide`, and in tumbling ones of 2 minutes. */
export function slidingTruth(
  text: string,
  o: { size: number; slide: number; latestMs: number },
): SlidingTruth {
  const events = noCounts();
  const rules = { texts: ['user_id', 'event_id'], hasValue: true, latestMs: o.latestMs };
  const judged = judge(readRows(text, rules, events), events, {
    outOfOrderness: BOUND,
    within: Math.max(BOUND, o.size),
    id: 'event_id',
    isLate: (t, w) => spansOf(t, o.size, o.slide).every(({ end }) => end - 1 <= w),
  });
  return {
    table: countAndSum(cellsOf(judged, o.size, o.slide, 0)),
    tumbling: countAndSum(cellsOf(judged, 2 * MINUTE, 2 * MINUTE, 0)),
    events,
  };
}

export interface JoinTruth {
  readonly table: Table;
  readonly events: Counts;
  readonly profiles: Counts;
}

/** Every event with every profile of its user at most 15 minutes away; of one key, the newer pair. */
export function joinTruth(eventText: string, profileText: string, latestMs: number): JoinTruth {
  const [events, profiles] = [noCounts(), noCounts()];
  const isLate = (t: number, w: number) => t <= w;
  const eventRules = { texts: ['user_id', 'event_id'], hasValue: true, latestMs };
  const profileRules = { texts: ['user_id', 'plan'], hasValue: false, latestMs };
  const left = judge(readRows(eventText, eventRules, events), events, {
    outOfOrderness: BOUND,
    within: 0,
    id: 'event_id',
    isLate,
  });
  const right = judge(readRows(profileText, profileRules, profiles), profiles, {
    outOfOrderness: BOUND,
    within: 0,
    isLate,
  });
  const rows = new Map<string, { e: OracleRow; p: OracleRow }>();
  for (const { row: e } of left) {
    for (const { row: p } of right) {
      if (p.text['user_id'] !== e.text['user_id'] || Math.abs(p.time - e.time) > WITHIN) continue;
      const name = JSON.stringify([e.text['event_id'], p.time, p.text['plan']]);
      const before = rows.get(name);
      if (before === undefined || e.time >= before.e.time) rows.set(name, { e, p });
    }
  }
  const sorted = [...rows.values()].sort(
    (a, b) =>
      compare(a.e.text['event_id']!, b.e.text['event_id']!) ||
      a.p.time - b.p.time ||
      compare(a.p.text['plan']!, b.p.text['plan']!),
  );
  const table = sorted.map(({ e, p }) => ({
    event_id: e.text['event_id'],
    user_id: e.text['user_id'],
    event_time: iso(e.time),
    value: e.value,
    profile_time: iso(p.time),
    plan: p.text['plan'],
  }));
  return { table, events, profiles };
}
