/** Aggregates against plain arithmetic: in one piece, in merged pieces, and in any order. */
import fc from 'fast-check';
import { type Aggregate, count, first, last, max, mean, min, sum } from '../../lib/aggregates.js';
import { collect, mergeable, reduce } from '../../lib/keptEvents.js';

interface Arrived {
  readonly v: number;
  readonly t: number;
  readonly arrival: number;
}

const arrivals = fc
  .array(
    fc.record({ v: fc.integer({ min: -1e6, max: 1e6 }), t: fc.integer({ min: -5, max: 5 }) }),
    {
      minLength: 1,
      maxLength: 12,
    },
  )
  .map((events) => events.map((e, arrival) => ({ ...e, arrival })));
const value = (e: Arrived): number => e.v;
const byTime = (events: readonly Arrived[]): readonly Arrived[] =>
  events.toSorted((a, b) => a.t - b.t || a.arrival - b.arrival);

/** What each aggregate must give for events in arrival order. */
const naive: readonly [string, Aggregate<Arrived, any>, (events: readonly Arrived[]) => unknown][] =
  [
    ['count', count(), (es) => es.length],
    ['sum', sum(value), (es) => es.reduce((n, e) => n + e.v, 0)],
    ['mean', mean(value), (es) => es.reduce((n, e) => n + e.v, 0) / es.length],
    ['min', min(value), (es) => Math.min(...es.map(value))],
    ['max', max(value), (es) => Math.max(...es.map(value))],
    ['first', first(value), (es) => byTime(es)[0]?.v],
    ['last', last(value), (es) => byTime(es).at(-1)?.v],
    ['collect', collect(value), (es) => es.map(value)],
    [
      'reduce',
      mergeable(reduce((acc: number, e: Arrived) => (acc * 3 + e.v) % 1009, { initial: () => 7 })),
      (es) => es.reduce((acc, e) => (acc * 3 + e.v) % 1009, 7),
    ],
  ];

const at = { timestamp: 0 };

function foldAll(a: Aggregate<Arrived, any>, events: readonly Arrived[]): unknown {
  return events.reduce((acc, e) => a.add(acc, e, { timestamp: e.t }, e.arrival), a.create());
}

describe.each(naive)('%s', (_, aggregate, expected) => {
  it('gives what a list would', () => {
    fc.assert(
      fc.property(arrivals, (events) => {
        expect(aggregate.result(foldAll(aggregate, events))).toEqual(expected(events));
      }),
    );
  });
  it('gives the same when its events were kept in two accumulators, whichever is merged first', () => {
    fc.assert(
      fc.property(
        arrivals,
        fc.array(fc.boolean(), { minLength: 12, maxLength: 12 }),
        (events, sides) => {
          const parts = [true, false].map((s) => events.filter((_e, i) => sides[i] === s));
          for (const [a, b] of [parts, parts.toReversed()]) {
            const [one, two] = [foldAll(aggregate, a ?? []), foldAll(aggregate, b ?? [])];
            const merged = aggregate.merge?.(one, two);
            expect(aggregate.result(merged)).toEqual(expected(events));
          }
        },
      ),
    );
  });
  it('is that of no event again after a reset', () => {
    const used = foldAll(
      aggregate,
      [1e16, 1, -1e16].map((v, arrival) => ({ v, t: 3, arrival })),
    );
    const reset = aggregate.reset?.(used) ?? aggregate.create();
    expect(reset).toEqual(aggregate.create());
  });
  it('does not change by being read', () => {
    const acc = foldAll(aggregate, [
      { v: 1, t: 0, arrival: 0 },
      { v: 2, t: 1, arrival: 1 },
    ]);
    const before = structuredClone(acc);
    aggregate.result(acc);
    expect(acc).toEqual(before);
  });
});

describe('sum', () => {
  it('does not show the order of addition', () => {
    const parts = [1e16, 1, -1e16, 1e-3, 3.3, -3.3];
    const sums = [parts, parts.toReversed()].map((values) => {
      const s = sum((x: number) => x);
      return s.result(values.reduce((acc, x, i) => s.add(acc, x, at, i), s.create()));
    });
    expect(sums[0]).toBeCloseTo(1.001, 12);
    expect(sums[1]).toBe(sums[0]);
  });
  it('merges what rounding has taken away as well', () => {
    const s = sum((x: number) => x);
    const part = [1e16, 1, -1e16].reduce((acc, x, i) => s.add(acc, x, at, i), s.create());
    expect(s.result(s.merge?.(s.create(), part) as typeof part)).toBe(1);
  });
  it('gives infinity and NaN as arithmetic does', () => {
    const s = sum((x: number) => x);
    const of = (...xs: number[]): number =>
      s.result(xs.reduce((acc, x, i) => s.add(acc, x, at, i), s.create()));
    expect([of(1, Infinity), of(Infinity, -Infinity), of(1, NaN)]).toEqual([Infinity, NaN, NaN]);
  });
  it('takes withdrawn events back', () => {
    const s = sum((x: number) => x);
    const acc = [3, 4, 5].reduce((a, x, i) => s.add(a, x, at, i), s.create());
    expect(s.result(s.retract?.(acc, 4, at, 1) as typeof acc)).toBe(8);
  });
});

describe('collect', () => {
  it('gives a list that is the reader’s own', () => {
    const c = collect<number>();
    const acc = c.add(c.create(), 1, at, 0);
    c.result(acc).push(9);
    expect(c.result(acc)).toEqual([1]);
  });
});

describe('reduce', () => {
  it('begins with the first event where there is no initial value', () => {
    const r = reduce((a: string, b: string) => `${a}${b}`);
    expect(r.result(['x', 'y', 'z'].reduce((acc, v, i) => r.add(acc, v, at, i), r.create()))).toBe(
      'xyz',
    );
  });
  it('merges by its own function, and an empty accumulator adds nothing', () => {
    const r = reduce((a: number, b: number) => a + b, { merge: (a, b) => a + b });
    const one = r.add(r.create(), 5, at, 0);
    expect(r.merge?.(r.create(), one)).toEqual(one);
    expect(r.result(r.merge?.(one, r.add(r.create(), 6, at, 1)) as typeof one)).toBe(11);
  });
});
