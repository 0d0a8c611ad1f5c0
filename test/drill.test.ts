/**
 * The course's drill: fifty events, ten of them out of order by up to seven minutes, five-minute
 * windows behind a ten-minute watermark; and the same with duplicates injected.
 */
import { from } from 'rxjs';
import {
  count,
  dedupe,
  eventTimeWindow,
  sum,
  toValues,
  tumbling,
  watermark,
} from '../operators/index.js';

interface Reading {
  readonly id: string;
  readonly user: string;
  readonly at: number;
  readonly value: number;
}

const MINUTE = 60_000;
const NOON = Date.UTC(2026, 0, 1, 12);

/** One event each 30 s; every fifth arrives up to seven minutes after its time. */
const readings: readonly Reading[] = Array.from({ length: 50 }, (_, i) => {
  const behind = i % 5 === 4 ? ((i % 7) + 1) * MINUTE : 0;
  return {
    id: `e${i}`,
    user: `u${i % 3}`,
    at: NOON + i * 30_000 - behind,
    value: i + 1,
  };
});

interface Outcome {
  readonly rows: readonly string[];
  readonly late: number;
  readonly duplicates: number;
}

function run(arrivals: readonly Reading[], outOfOrderness: number): Outcome {
  const rows: string[] = [];
  let late = 0;
  let duplicates = 0;
  from(arrivals)
    .pipe(
      watermark({ timestamp: (e) => e.at, outOfOrderness }),
      dedupe({ key: (e) => e.id, within: 10 * MINUTE, duplicate: () => duplicates++ }),
      eventTimeWindow({
        key: (e) => e.user,
        window: tumbling('5m'),
        aggregate: { n: count(), total: sum((e) => e.value) },
        late: () => late++,
      }),
      toValues(),
    )
    .subscribe(({ key, window, value: { n, total } }) => {
      rows.push(`${new Date(window.start).toISOString().slice(11, 16)} ${key} ${n} ${total}`);
    });
  return { rows, late, duplicates };
}

/** Count and sum by window and user, of a list. */
function batch(events: readonly Reading[]): string[] {
  const tables = new Map<string, { n: number; total: number }>();
  for (const { at, user, value } of events) {
    const start = new Date(at - (at % (5 * MINUTE))).toISOString().slice(11, 16);
    const row = tables.get(`${start} ${user}`) ?? { n: 0, total: 0 };
    tables.set(`${start} ${user}`, { n: row.n + 1, total: row.total + value });
  }
  return [...tables].map(([key, { n, total }]) => `${key} ${n} ${total}`).sort();
}

it('the drill has ten events out of order, by up to seven minutes', () => {
  let max = -Infinity;
  const behind: number[] = [];
  for (const { at } of readings) {
    if (at < max) behind.push(max - at);
    max = Math.max(max, at);
  }
  expect(behind).toHaveLength(10);
  expect(Math.max(...behind)).toBeGreaterThan(6 * MINUTE);
  expect(Math.max(...behind)).toBeLessThanOrEqual(7 * MINUTE);
});

it('a ten-minute watermark counts every event in its own window', () => {
  const { rows, late } = run(readings, 10 * MINUTE);
  expect([...rows].sort()).toEqual(batch(readings));
  expect(rows.reduce((n, row) => n + Number(row.split(' ')[2]), 0)).toBe(50);
  expect(late).toBe(0);
  expect(rows.slice(0, 3)).toEqual(['11:55 u1 1 5', '12:00 u0 4 22', '12:00 u1 3 30']);
});

it('duplicates change nothing, wherever they arrive', () => {
  const repeated = readings.flatMap((e, i) => {
    const earlier = readings[i - 3];
    return i % 4 === 3 && earlier !== undefined ? [e, earlier, e] : [e];
  });
  const { rows, duplicates } = run(repeated, 10 * MINUTE);
  expect(rows).toEqual(run(readings, 10 * MINUTE).rows);
  expect(duplicates).toBe(repeated.length - readings.length);
  expect(duplicates).toBe(24);
});

it('with a watermark of no patience the stragglers are late, and none is lost silently', () => {
  const { rows, late } = run(readings, 0);
  const counted = rows.reduce((n, row) => n + Number(row.split(' ')[2]), 0);
  expect(late).toBeGreaterThan(0);
  expect(counted + late).toBe(50);
});
