/** Events whose value, time or sign is wrong, with what is right. */
import { identity, map } from 'rxjs';
import {
  type Element,
  type EventElement,
  event,
  eventTimeWindow,
  reduce,
  sum,
  tumbling,
  watermark,
} from 'tidemark';
import type { Pipe } from './window.js';
import { type Mistake, mistake } from './windows.js';

/* Hands on what `change` makes of an event, and everything else as it is. */
export function eachEvent(change: (e: EventElement<any>) => Element<any>): Pipe {
  return map((e) => (e.kind === 'event' ? change(e) : e));
}

function total(of: (v: any) => any): Pipe {
  const add = (v: any): number => of(v);
  return eventTimeWindow({ window: tumbling(5), aggregate: { total: sum(add) } });
}

function folded(add: (sum: any, v: any) => any): Pipe {
  const all = reduce(add, { initial: () => 0 });
  return eventTimeWindow({ window: tumbling(5), aggregate: { total: all } });
}

const order = (price: number): object => ({
  id: 'o-17',
  user: { id: 'u-4', name: 'Ada' },
  lines: [
    { sku: 'tea', price: 4 },
    { sku: 'milk', price },
  ],
  tags: new Map([['vat', price / 2]]),
});

const dear = eachEvent((e) =>
  event({ ...e.value, lines: e.value.lines.map((l: any) => ({ ...l, price: 9 })) }, e.timestamp),
);

function byCalendar(timestamp: (v: { at: string }) => number | string): Pipe {
  return watermark({ timestamp, outOfOrderness: '10m' });
}

/* Event times count from the morning of the day. */
function calendar(...args: Parameters<typeof mistake<Pipe>>): Mistake {
  return { ...mistake<Pipe>(...args), epoch: '2026-03-29T00:00:00Z' };
}

export const valueMistakes: readonly Mistake[] = [
  mistake(
    'a user function that throws',
    { right: total((v) => v.price), wrong: total((v) => v.prize.amount) },
    (t, pipe) => {
      const in$ = t.stream('a@1 b@2 W4 |', { a: { price: 2 }, b: { price: 3 } });
      t.expectStream(in$.pipe(pipe)).toBe('· · (x@4 W4) (W∞ |)', { x: { total: 5 } });
    },
  ),
  mistake(
    'a withdrawal that has become an event',
    { right: identity as Pipe, wrong: eachEvent((e) => event(e.value, e.timestamp)) },
    (t, pipe) => t.expectStream(t.stream('a@1 -a@1 b@1').pipe(pipe)).toBe('a@1 -a@1 b@1'),
  ),
  mistake(
    'a sum of texts',
    {
      right: folded((sum, v) => sum + Number(v.price)),
      wrong: folded((sum, v) => sum + v.price),
    },
    (t, pipe) => {
      const in$ = t.stream('a@1 b@2 W4', { a: { price: '2' }, b: { price: '3' } });
      t.expectStream(in$.pipe(pipe)).toBe('· · (x@4 W4)', { x: { total: 5 } });
    },
  ),
  mistake('a field deep in a value', { right: identity as Pipe, wrong: dear }, (t, pipe) => {
    const in$ = t.stream('a@1 b@2 W4', { a: order(9), b: order(2) });
    t.expectStream(in$.pipe(pipe)).toBe('x@1 y@2 W4', { x: order(9), y: order(2) });
  }),
  calendar(
    'seconds for milliseconds',
    {
      right: byCalendar((v) => v.at),
      wrong: byCalendar((v) => Date.parse(v.at) / 1000),
    },
    (t, pipe) => {
      const values = { a: { at: '2026-03-29T00:20:00Z' }, b: { at: '2026-03-29T00:10:00Z' } };
      t.expectStream(t.source('a b', values).pipe(pipe as any)).toBe('(a@20m W599999) b@10m');
    },
  ),
  calendar(
    'a zone that is not looked at',
    {
      right: byCalendar((v) => v.at),
      wrong: byCalendar((v) => `${v.at.slice(0, 19)}Z`),
    },
    (t, pipe) => {
      const values = {
        a: { at: '2026-03-29T01:59:59+01:00' },
        b: { at: '2026-03-29T03:00:01+02:00' },
      };
      t.expectStream(t.source('a b', values).pipe(pipe as any)).toBe(
        '(a@2026-03-29T00:59:59Z W2998999) (b@2026-03-29T01:00:01Z W3000999)',
      );
    },
  ),
];
