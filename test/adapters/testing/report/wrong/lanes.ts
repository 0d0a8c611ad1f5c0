/** Mistakes that show in facts, in panes, in counters and in blocks of lanes, with what is right. */
import { identity } from 'rxjs';
import {
  count,
  dedupe,
  event,
  eventTimeWindow,
  type Key,
  sum,
  tumbling,
  watermark,
} from 'tidemark';
import type { EventTimeTest } from 'tidemark/testing';
import { eachEvent } from './values.js';
import type { Pipe } from './window.js';
import { type Mistake, mistake } from './windows.js';

const counted = { window: tumbling(5), aggregate: { n: count() } };

/* Says of every pane that it is on time. */
const punctual = eachEvent(({ value, timestamp, op }) =>
  event({ ...value, pane: { ...value.pane, timing: 'onTime' } }, timestamp, { op }),
);

function panes(t: EventTimeTest, pipe: Pipe): void {
  const late = t.door('late');
  const window = eventTimeWindow({ ...counted, allowedLateness: 5, late });
  const in$ = t.stream(`
    arrival     a  b  ·  c  ·  d  |
    event       · a c d · · b
    watermarks  ·  ·  4  ·  9  ·  ·
  `);
  t.expectStream(in$.pipe(window, pipe)).toBe(
    `
    out    ·  ·  (x@4 W4)  y@4          (z@9 W9)  ·    (W∞ |)
    panes  ·  ·  [0,5)     late[0,5)#1  [5,10)    ·    ·
    late   ·  ·  ·         ·            ·         d@3  ·
    `,
    { x: { n: 1 }, y: { n: 2 }, z: { n: 1 } },
  );
}

interface Reading {
  readonly id: number;
  readonly c: number;
}

function bySensor(key: (v: Reading) => Key): (t: EventTimeTest) => void {
  return (t) => {
    const values = { a: { id: 7, c: 20 }, b: { id: 8, c: 22 }, d: { id: 7, c: 3 } };
    const window = eventTimeWindow({
      window: tumbling('5 minutes'),
      key,
      aggregate: { warmth: sum((v: Reading) => v.c) },
    });
    const in$ = t.stream('a@1m b@2m d@3m W5m', values);
    t.expectStream(in$.pipe(window)).toEmit([
      { event: { key: 7, value: { warmth: 23 } }, time: 299_999 },
      { event: { key: 8, value: { warmth: expect.any(Number) } } },
      { watermark: '5m' },
    ]);
  };
}

export const laneMistakes: readonly Mistake[] = [
  mistake(
    'a late pane that says it is on time',
    { right: identity as Pipe, wrong: punctual },
    panes,
  ),
  mistake(
    'a result without its key',
    { right: bySensor((v) => v.id), wrong: bySensor((v) => `${v.id}`) },
    (t, body) => body(t),
  ),
  mistake('state that is freed too late', { right: 4, wrong: 400 }, (t, within) => {
    const memory = t.counters('memory');
    const in$ = t.stream('a@1 b@2 W5 W6 c@7 |');
    t.expectStream(in$.pipe(dedupe({ key: (v) => v, within, stats: memory }))).toBe(`
        out     a@1  b@2  W5  W6  c@7  (W∞ |)
        memory  1    2    1   0   1    0
      `);
  }),
  mistake(
    'a watermark that leaves too little time',
    { right: '7m' as const, wrong: '3m' as const },
    (t, outOfOrderness) => {
      const late = t.door('late');
      const clicks = {
        a: { at: 0 },
        b: { at: 660_000 },
        c: { at: 120_000 },
        d: { at: 840_000 },
      };
      const out$ = t
        .source('a b c d |', clicks)
        .pipe(
          watermark({ timestamp: (v) => v.at, outOfOrderness }),
          eventTimeWindow({ window: tumbling('5m'), aggregate: { n: count() }, late }),
        );
      t.expectStream(out$).toEmit([
        { event: { n: 2 }, time: 299_999 },
        { event: { n: 2 }, time: 899_999 },
      ]);
      late.toEmit([]);
    },
  ),
];
