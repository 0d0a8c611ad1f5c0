/** anyArrivalOrder: every permitted order, no other, and small ones when it shrinks. */
import fc from 'fast-check';
import { from } from 'rxjs';
import { count, event, eventTimeWindow, tumbling, watermark } from 'tidemark';
import { anyArrivalOrder } from 'tidemark/testing/fast-check';

interface Timed {
  readonly name: string;
  readonly timestamp: number;
}
const timed = (...times: readonly number[]): Timed[] =>
  times.map((timestamp, i) => ({ name: 'abcdefgh'[i] as string, timestamp }));
const text = (order: readonly Timed[]) => order.map((e) => e.name).join('');

/** The rule itself, of one order. */
function permitted(order: readonly Timed[], bound: number): boolean {
  return order.every((e, i) =>
    order.slice(0, i).every((before) => e.timestamp >= before.timestamp - bound),
  );
}

function* permutations<T>(list: readonly T[]): IterableIterator<T[]> {
  if (list.length === 0) yield [];
  for (const [i, one] of list.entries()) {
    for (const rest of permutations(list.toSpliced(i, 1))) yield [one, ...rest];
  }
}

function allPermitted(events: readonly Timed[], bound: number): string[] {
  return [...permutations(events)].filter((order) => permitted(order, bound)).map(text);
}

function generated(events: readonly Timed[], bound: number, numRuns: number): string[] {
  const orders = fc.sample(anyArrivalOrder(events, bound), { numRuns, seed: 1 });
  return [...new Set(orders.map(text))];
}

/** Everything that `shrink` leads to, however far down. */
function shrunk<T>(arbitrary: fc.Arbitrary<T>, value: fc.Value<T>, depth = 3): T[] {
  const next = [...arbitrary.shrink(value.value_, value.context)];
  const below = depth === 0 ? [] : next.flatMap((v) => shrunk(arbitrary, v, depth - 1));
  return [...next.map((v) => v.value_), ...below];
}

/* All lists of 3 times out of 0..4, in any order of the list, with equal ones and gaps. */
const triples = [0, 1, 2, 3, 4].flatMap((a) =>
  [0, 1, 2, 3, 4].flatMap((b) => [0, 1, 2, 3, 4].map((c) => timed(a, b, c))),
);

it('anyArrivalOrder gives exactly the permitted orders of three events', () => {
  let least = 6;
  for (const events of triples) {
    for (const bound of [0, 1, 2, 3, 4]) {
      const all = allPermitted(events, bound);
      least = Math.min(least, all.length);
      expect(generated(events, bound, 300).sort()).toEqual(all.sort());
    }
  }
  expect(least).toBe(1);
});

it.each([
  [[0, 1, 2, 3], 0],
  [[0, 1, 2, 3], 1],
  [[0, 1, 2, 3], 2],
  [[0, 1, 2, 3], 3],
  [[3, 0, 9, 6], 3],
  [[-5, -5, 0, 5], 5],
  [[7, 7, 7, 7], 0],
  [[0, 2, 3, 7, 7], 4],
  [[9, 4, 4, 0, -1], 5],
])('anyArrivalOrder gives exactly the permitted orders of times %j within %i', (times, bound) => {
  const events = timed(...times);
  const all = allPermitted(events, bound);
  expect(generated(events, bound, 12_000).sort()).toEqual(all.sort());
});

it('anyArrivalOrder gives the orders of its page', () => {
  const events = timed(0, 2, 5);
  expect(generated(events, 0, 50)).toEqual(['abc']);
  expect(generated(events, 3, 50).sort()).toEqual(['abc', 'acb', 'bac']);
  expect(generated(events, 5, 200)).toHaveLength(6);
});

const anyCase = fc.record({
  events: fc
    .array(fc.integer({ min: -60, max: 60 }), { maxLength: 40, size: 'max' })
    .map((times) => times.map((timestamp, i) => ({ name: `e${i}`, timestamp }))),
  bound: fc.nat(50),
});
const anyOrderOfAny = anyCase.chain(({ events, bound }) =>
  anyArrivalOrder(events, bound).map((order) => ({ events, bound, order })),
);

it('anyArrivalOrder makes no event late, and often puts one at the very bound', () => {
  let atBound = 0;
  fc.assert(
    fc.property(anyOrderOfAny, ({ events, bound, order }) => {
      const late: unknown[] = [];
      from(order)
        .pipe(
          watermark({ timestamp: (e) => e.timestamp, outOfOrderness: bound }),
          eventTimeWindow({
            window: tumbling(1),
            aggregate: { n: count() },
            late: (l) => late.push(l),
          }),
        )
        .subscribe();
      expect(late).toEqual([]);
      expect(order.toSorted(byName)).toEqual(events.toSorted(byName));
      const newest = order.map((_, i) =>
        Math.max(...order.slice(0, i + 1).map((e) => e.timestamp)),
      );
      if (order.some((e, i) => e.timestamp === (newest[i] as number) - bound && bound > 0))
        atBound++;
    }),
    { numRuns: 300, seed: 1 },
  );
  expect(atBound).toBeGreaterThan(30);
});

function byName(x: Timed, y: Timed): number {
  return x.name < y.name ? -1 : 1;
}

it('anyArrivalOrder shrinks to permitted orders alone, and event-time order is the last', () => {
  const events = timed(4, 0, 2, 9, 4, 6);
  const any = anyArrivalOrder(events, 5);
  const random = { seed: 3, numRuns: 20 };
  let seen = 0;
  fc.assert(
    fc.property(fc.noShrink(fc.nat()), (seed) => {
      const value = any.generate(randomOf(seed), undefined);
      const all = shrunk(any, value);
      for (const order of all) expect(permitted(order, 5)).toBe(true);
      seen += all.length;
      if (text(value.value_) !== 'bcaefd') expect(all.map(text)).toContain('bcaefd');
    }),
    random,
  );
  expect(seen).toBeGreaterThan(200);
});

/* The generator that fast-check hands to arbitraries, taken out of a sample. */
function randomOf(seed: number): fc.Random {
  let taken: fc.Random | undefined;
  class Take extends fc.Arbitrary<number> {
    override generate(random: fc.Random): fc.Value<number> {
      taken ??= random.clone();
      return new fc.Value(0, undefined);
    }
    override canShrinkWithoutContext(_: unknown): _ is number {
      return false;
    }
    override shrink(): fc.Stream<fc.Value<number>> {
      return fc.Stream.nil();
    }
  }
  fc.sample(new Take(), { seed, numRuns: 1 });
  return taken as fc.Random;
}

function inversions(order: string): number {
  return [...order].flatMap((x, i) => [...order.slice(i)].filter((y) => y < x)).length;
}

/** The smallest order that `breaks`. */
function smallest(
  events: readonly Timed[],
  bound: number,
  breaks: (order: string) => boolean,
  seed = 5,
): string {
  const found = fc.check(
    fc.property(anyArrivalOrder(events, bound), (order) => !breaks(text(order))),
    { seed, numRuns: 1000 },
  );
  return text(found.counterexample?.[0] ?? []);
}

it('anyArrivalOrder shrinks to event-time order with only what breaks the property', () => {
  const events = timed(0, 1, 2, 3, 4, 5, 6, 7);
  const after = (x: string, y: string) => (s: string) => s.indexOf(x) > s.indexOf(y);
  expect(smallest(events, 7, () => true)).toBe('abcdefgh');
  expect(smallest(events, 7, after('c', 'd'))).toBe('abdcefgh');
  expect(smallest(events, 7, (s) => s.startsWith('h'))).toBe('habcdefg');
  expect(smallest(events, 7, (s) => s.endsWith('a'))).toBe('bcdefgha');
  for (let seed = 0; seed < 20; seed++) {
    expect(smallest(timed(0, 1, 2), 2, after('a', 'b'), seed)).toBe('bac');
  }
  // a behind d, with nothing crossed that need not be
  const crossed = inversions(smallest(events, 3, after('a', 'd')));
  expect(crossed).toBe(3);
});

it('anyArrivalOrder leaves events of one time in the order of the list when it shrinks', () => {
  expect(smallest(timed(5, 5, 5, 5), 0, () => true)).toBe('abcd');
});

it('anyArrivalOrder takes elements, durations and a timestamp function', () => {
  const elements = [event('b', 120_000), event('a', 0)];
  const orders = fc.sample(anyArrivalOrder(elements, '2 minutes'), { seed: 1, numRuns: 50 });
  expect(new Set(orders.map((o) => o.map((e) => e.value).join('')))).toEqual(new Set(['ab', 'ba']));
  const dated = ['1970-01-01T00:00:00Z', '1969-12-31T00:00:00Z'];
  const one = anyArrivalOrder(dated, '23h', { timestamp: (d) => d });
  expect(fc.sample(one, 20)).toEqual(Array(20).fill(dated.toReversed()));
  expect(fc.sample(anyArrivalOrder([], 5), 1)).toEqual([[]]);
});

it('anyArrivalOrder shrinks orders of 10,000 events to the few that matter', () => {
  const many = Array.from({ length: 10_000 }, (_, i) => ({ name: `e${i}`, timestamp: i }));
  let newest = 0;
  const found = fc.check(
    fc.property(anyArrivalOrder(many, 100), (order) => {
      newest = -1;
      return order.every((e) => {
        newest = Math.max(newest, e.timestamp);
        return e.timestamp >= newest - 50;
      });
    }),
    { seed: 1, numRuns: 1 },
  );
  const order = found.counterexample?.[0] ?? [];
  const moved = order.filter((e, i) => e.timestamp !== i).length;
  expect(moved).toBeLessThan(110);
});

it('anyArrivalOrder refuses a wrong bound and events without time', () => {
  expect(() => anyArrivalOrder(timed(1), -1)).toThrow(
    'anyArrivalOrder: `outOfOrderness` must be a duration >= 0',
  );
  expect(() => anyArrivalOrder([{ at: 1 }], 1)).toThrow(
    'anyArrivalOrder: `timestamp` must be a function that gives an instant; got undefined; event 0 is {"at":1}',
  );
});
