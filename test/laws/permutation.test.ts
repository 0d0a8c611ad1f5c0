/** Laws of whole pipelines: arrival order within the watermark's bound, and duplicates, change no result. */
import fc from 'fast-check';
import { from } from 'rxjs';
import {
  count,
  dedupe,
  eventTimeWindow,
  first,
  intervalJoin,
  last,
  max,
  min,
  session,
  sliding,
  sum,
  toValues,
  tumbling,
  type WindowAssigner,
  watermark,
} from 'tidemark';
import { anyArrivalOrder } from 'tidemark/testing/fast-check';

interface Reading {
  readonly id: number;
  readonly user: string;
  readonly at: number;
  readonly value: number;
}

const BOUND = 12;

const anyReadings = fc
  .array(
    fc.record({
      user: fc.constantFrom('a', 'b', '__proto__'),
      at: fc.integer({ min: -40, max: 60 }),
      // quarters add up without rounding in any order
      value: fc.integer({ min: -4e6, max: 4e6 }).map((x) => x / 4),
    }),
    { minLength: 5, maxLength: 30 },
  )
  .map((rows): Reading[] => rows.map((row, id) => ({ ...row, id })));

interface Arrivals {
  readonly ordered: readonly Reading[];
  readonly disorder: readonly Reading[];
  /** Some of them come again. */
  readonly repeats: readonly Reading[];
}

const inOrder = (rows: readonly Reading[]): Reading[] => rows.toSorted((x, y) => x.at - y.at);
const anyOrder = (rows: readonly Reading[]) =>
  anyArrivalOrder(rows, BOUND, { timestamp: (r) => r.at });

const anyArrivals: fc.Arbitrary<Arrivals> = anyReadings.chain((rows) =>
  fc.record({
    ordered: fc.constant(inOrder(rows)),
    disorder: anyOrder(rows),
    repeats: fc.subarray(rows).chain((again) => anyOrder([...rows, ...again])),
  }),
);

const clocked = (outOfOrderness: number) =>
  watermark<Reading>({ timestamp: (e) => e.at, outOfOrderness });
const once = () => dedupe<Reading>({ key: (e) => e.id, within: 1000 });

function windowed(rows: readonly Reading[], window: WindowAssigner, bound: number): unknown[] {
  const results: unknown[] = [];
  from(rows)
    .pipe(
      clocked(bound),
      once(),
      eventTimeWindow({
        key: (e) => e.user,
        window,
        aggregate: {
          n: count(),
          total: sum((e) => e.value),
          least: min((e) => e.value),
          most: max((e) => e.value),
          opened: first((e) => e.at),
          closed: last((e) => e.at),
        },
        late: () => results.push('late'),
      }),
      toValues(),
    )
    .subscribe(({ key, window: w, value }) => {
      results.push([w.start, w.end, key, value]);
    });
  return results.sort((x, y) => (JSON.stringify(x) < JSON.stringify(y) ? -1 : 1));
}

function joined(rows: readonly Reading[], type: 'inner' | 'left'): unknown[] {
  const results: unknown[] = [];
  const left = from(rows.filter((r) => r.id % 2 === 0)).pipe(clocked(BOUND), once());
  const right = from(rows.filter((r) => r.id % 2 === 1)).pipe(clocked(BOUND), once());
  left
    .pipe(
      intervalJoin(right, {
        leftKey: (l) => l.user,
        rightKey: (r) => r.user,
        lower: -5,
        upper: 9,
        type,
      }),
      toValues(),
    )
    .subscribe((pair) => results.push([pair.left.id, pair.right?.id ?? null]));
  return results.sort((x, y) => (JSON.stringify(x) < JSON.stringify(y) ? -1 : 1));
}

const windows = {
  'tumbling windows': [tumbling(10, { offset: 3 }), BOUND],
  'sliding windows': [sliding(12, 5), BOUND],
  'windows with gaps': [sliding(4, 9), BOUND],
  // arrival order within B must not show: B + 1, see the contract
  sessions: [session<Reading>((e) => 1 + Math.abs(e.at % 4)), BOUND + 1],
} as const;

const seen = { runs: 0, disorder: 0, repeats: 0 };

it.each(Object.entries(windows))(
  '%s give the same in any permitted order',
  (_, [window, bound]) => {
    fc.assert(
      fc.property(anyArrivals, ({ ordered, disorder, repeats }) => {
        const expected = windowed(ordered, window, bound);
        expect(windowed(disorder, window, bound)).toEqual(expected);
        expect(windowed(repeats, window, bound)).toEqual(expected);
        seen.runs++;
        if (disorder.some((r, i) => r.at < (disorder[i - 1]?.at ?? r.at))) seen.disorder++;
        if (repeats.length > ordered.length) seen.repeats++;
      }),
      { numRuns: 100 },
    );
    expect(seen.disorder).toBeGreaterThan(seen.runs / 2);
    expect(seen.repeats).toBeGreaterThan(seen.runs / 2);
  },
);

it.each(['inner', 'left'] as const)('%s joins give the same in any permitted order', (type) => {
  fc.assert(
    fc.property(anyArrivals, ({ ordered, disorder, repeats }) => {
      const expected = joined(ordered, type);
      expect(joined(disorder, type)).toEqual(expected);
      expect(joined(repeats, type)).toEqual(expected);
    }),
    { numRuns: 100 },
  );
});
