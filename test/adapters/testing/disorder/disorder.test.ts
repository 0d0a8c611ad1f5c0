/** disorder: what it delays, what it promises, what it refuses. */
import fc from 'fast-check';
import { from } from 'rxjs';
import { count, event, eventTimeWindow, toValues, tumbling, watermark } from 'tidemark';
import { type DisorderConfig, disorder } from 'tidemark/testing';

interface Reading {
  readonly id: number;
  readonly at: number;
  readonly split: string;
}
const MINUTE = 60_000;

/* One reading a millisecond, from before the epoch on. */
const readings = Array.from(
  { length: 1000 },
  (_, id): Reading => ({ id, at: id - 300, split: `p${id % 7}` }),
);
const timestamp = (r: Reading) => r.at;
const text = (rs: readonly Reading[]) => rs.map((r) => r.id).join(' ');

/** How far each arrival is behind the newest before it. */
function behind(arrivals: readonly Reading[]): number[] {
  let newest = -Infinity;
  return arrivals.map((r) => {
    newest = Math.max(newest, r.at);
    return newest - r.at;
  });
}

function lateOf(arrivals: readonly Reading[], outOfOrderness: number): Reading[] {
  const late: Reading[] = [];
  from(arrivals)
    .pipe(
      watermark({ timestamp, outOfOrderness }),
      eventTimeWindow({
        window: tumbling(1),
        aggregate: { n: count() },
        late: (l) => late.push(l.value),
      }),
    )
    .subscribe();
  return late;
}

const anyReadings = fc
  .array(
    fc.record({ at: fc.integer({ min: -50, max: 50 }), split: fc.constantFrom('a', 'b', 'c') }),
    {
      maxLength: 40,
      size: 'max',
    },
  )
  .map((rows) => rows.map((row, id): Reading => ({ id, ...row })));
const anyConfig = fc.record({
  maxDelay: fc.integer({ min: 0, max: 20 }),
  skew: fc.integer({ min: 0, max: 20 }),
  duplicateRatio: fc.constantFrom(0, 0.3, 1),
  seed: fc.integer(),
});

it('disorder makes no event late behind maxDelay + skew, nor behind maxDelay in its own split', () => {
  const seen = { delayed: 0, skewed: 0 };
  fc.assert(
    fc.property(anyReadings, anyConfig, (rows, config) => {
      const arrivals = disorder(rows, { ...config, timestamp });
      expect(Math.max(0, ...behind(arrivals))).toBeLessThanOrEqual(config.maxDelay + config.skew);
      expect(lateOf(arrivals, config.maxDelay + config.skew)).toEqual([]);
      for (const split of ['a', 'b', 'c']) {
        const own = behind(arrivals.filter((r) => r.split === split));
        expect(Math.max(0, ...own)).toBeLessThanOrEqual(config.maxDelay);
      }
      if (behind(arrivals).some((ms) => ms > 0)) seen.delayed++;
      if (behind(arrivals).some((ms) => ms > config.maxDelay)) seen.skewed++;
    }),
    { numRuns: 300, seed: 1 },
  );
  expect(seen.delayed).toBeGreaterThan(150);
  expect(seen.skewed).toBeGreaterThan(60);
});

it('disorder delays each event by up to maxDelay, and reaches both ends', () => {
  const arrivals = disorder(readings.toReversed(), { maxDelay: 5, seed: 1, timestamp });
  expect(arrivals.toSorted((x, y) => x.id - y.id)).toEqual(readings);
  // at one instant the newer one stands first, so the oldest is a whole maxDelay behind
  expect(new Set(behind(arrivals))).toEqual(new Set([0, 1, 2, 3, 4, 5]));
  expect(behind(arrivals).filter((ms) => ms > 0).length).toBeGreaterThan(500);
});

it('disorder gives the same order for the same seed, and another for another', () => {
  const config = { maxDelay: 9, lateRatio: 0.1, duplicateRatio: 0.1, timestamp } as const;
  const order = (seed: number) => text(disorder(readings, { ...config, seed }));
  expect(order(3)).toBe(order(3));
  const seeds = [0, 1, 2, 3, -1, 2 ** 32, 2 ** 33, Number.MAX_SAFE_INTEGER];
  expect(new Set(seeds.map(order)).size).toBe(seeds.length);
});

it('disorder is the same on every machine and in every version', () => {
  const few = readings.slice(0, 12);
  const config = {
    maxDelay: 4,
    lateRatio: 0.2,
    duplicateRatio: 0.2,
    skew: 3,
    seed: 7,
  } as const;
  expect(text(disorder(few, { ...config, timestamp }))).toBe('0 3 0 1 2 4 5 10 8 9 7 6 11 11');
});

it('disorder delays exactly the late share by more than maxDelay + skew', () => {
  const config = { maxDelay: 10, lateRatio: 0.2, seed: 5, timestamp } as const;
  const inTime = new Set(readings.slice(0, 900));
  const late = (o: Partial<DisorderConfig<Reading>>) =>
    lateOf(disorder(readings, { ...config, ...o }), 10 + (o.skew === undefined ? 0 : 5));
  expect(late({}).length).toBeGreaterThan(90);
  expect(late({}).length).toBeLessThanOrEqual(200);
  expect(late({ lateBy: 60 }).filter((r) => inTime.has(r)).length).toBeGreaterThan(170);
  expect(late({ skew: 5 }).length).toBeGreaterThan(70);
  expect(late({ skew: 5 }).length).toBeLessThanOrEqual(200);
  expect(late({ lateRatio: 1, maxDelay: 0, lateBy: 1 })).toEqual([]);
});

it('disorder delays late events by 1 ms to lateBy more than the others', () => {
  const config = { maxDelay: 0, lateRatio: 0.5, lateBy: 3, seed: 2, timestamp };
  const arrivals = disorder(readings.toReversed(), config);
  expect(new Set(behind(arrivals))).toEqual(new Set([0, 1, 2, 3]));
  const far = disorder(readings, { ...config, lateBy: 1e9 });
  expect(text(far.slice(0, 500))).toBe(text(far.slice(0, 500).toSorted((x, y) => x.id - y.id)));
  expect(text(far.slice(500))).not.toBe(text(far.slice(500).toSorted((x, y) => x.id - y.id)));
});

it('disorder delivers exactly the duplicate share twice, each within maxDelay', () => {
  const arrivals = disorder(readings, { maxDelay: 5, duplicateRatio: 0.25, seed: 9, timestamp });
  expect(arrivals).toHaveLength(1250);
  expect(new Set(arrivals).size).toBe(1000);
  expect(lateOf(arrivals, 5)).toEqual([]);
  const twice = new Set(arrivals.filter((r, i) => arrivals.indexOf(r) < i));
  const apart = [...twice].map((r) => arrivals.lastIndexOf(r) - arrivals.indexOf(r));
  expect(twice.size).toBe(250);
  expect(Math.max(...apart)).toBeGreaterThan(3);
});

it('disorder keeps the delays of the others when some are late or come twice', () => {
  const config = { maxDelay: 5, seed: 9, timestamp } as const;
  const mixed = disorder(readings, { ...config, lateRatio: 0.2, lateBy: 1e9 });
  const onTime = new Set(mixed.slice(0, 800));
  const others = disorder(readings, config).filter((r) => onTime.has(r));
  expect(text(mixed.slice(0, 800))).toBe(text(others));

  const twice = disorder(readings, { ...config, duplicateRatio: 0.3 });
  const once = new Set(twice.filter((r) => twice.indexOf(r) === twice.lastIndexOf(r)));
  const same = (r: Reading) => once.has(r);
  expect(once.size).toBe(700);
  expect(text(twice.filter(same))).toBe(text(disorder(readings, config).filter(same)));
});

it('disorder lets each split lag behind by its own constant', () => {
  const arrivals = disorder(readings, { maxDelay: 0, skew: 60, seed: 3, timestamp });
  for (const split of new Set(readings.map((r) => r.split))) {
    const own = arrivals.filter((r) => r.split === split);
    expect(behind(own).every((ms) => ms === 0)).toBe(true);
  }
  expect(Math.max(...behind(arrivals))).toBeGreaterThan(20);
  expect(Math.max(...behind(arrivals))).toBeLessThanOrEqual(60);
  expect(lateOf(arrivals, 0).length).toBeGreaterThan(400);
  expect(lateOf(arrivals, 60)).toEqual([]);
});

it('disorder keeps the order of the list where events arrive at one instant', () => {
  const ties = [5, 0, 5, 0, 5].map((at, id) => ({ id, at, split: 'a' }));
  expect(text(disorder(ties, { maxDelay: 0, seed: 1, timestamp }))).toBe('1 3 0 2 4');
});

it('disorder gives the orders of its page', () => {
  const events = Object.entries({ a: 0, b: 1, c: 2, d: 3, e: 9 }).map(([v, t]) => event(v, t));
  const order = (o: object) =>
    disorder(events, { maxDelay: 3, seed: 8, ...o }).map((e) => `${e.value}@${e.timestamp}`);
  expect(order({}).join('  ')).toBe('a@0  d@3  b@1  c@2  e@9');
  expect(order({ duplicateRatio: 0.2 }).join('  ')).toBe('a@0  d@3  b@1  c@2  d@3  e@9');
});

it('disorder takes elements by their own timestamp and split', () => {
  const elements = readings.map((r) => event(r.id, r.at, { split: r.split }));
  const plain = disorder(readings, { maxDelay: 5, skew: 9, seed: 4, timestamp });
  const arrivals = disorder(elements, { maxDelay: 5, skew: 9, seed: 4 });
  expect(arrivals.map((e) => e.value)).toEqual(plain.map((r) => r.id));
  expect(arrivals.every((e) => elements.includes(e))).toBe(true);
});

it('disorder makes the drill: 50 events, up to 7 minutes late, none lost behind 10 minutes', () => {
  const clicks = Array.from({ length: 50 }, (_, i) => ({ at: i * MINUTE }));
  const arrivals = disorder(clicks, { maxDelay: '7m', seed: 1, timestamp: (c) => c.at });
  const counts: number[] = [];
  from(arrivals)
    .pipe(
      watermark({ timestamp: (c) => c.at, outOfOrderness: '10m' }),
      eventTimeWindow({ window: tumbling('5m'), aggregate: { n: count() } }),
      toValues(),
    )
    .subscribe((r) => counts.push(r.value.n));
  expect(counts).toEqual(Array(10).fill(5));
  expect(arrivals).not.toEqual(clicks);
});

it('disorder shuffles 100,000 events, and none at all', () => {
  const many = Array.from({ length: 100_000 }, (_, i) => ({ timestamp: i }));
  expect(
    disorder(many, { maxDelay: 500, lateRatio: 0.1, duplicateRatio: 0.1, seed: 1 }),
  ).toHaveLength(110_000);
  expect(disorder([], { maxDelay: 500, seed: 1 })).toEqual([]);
});

it.each([
  [{ maxDelay: -1 }, 'disorder: `maxDelay` must be a duration >= 0'],
  [{ maxDelay: '5 parsecs' }, 'disorder: `maxDelay` must be a duration >= 0'],
  [{ maxDelay: undefined }, 'disorder: `maxDelay` must be'],
  [{ lateRatio: 1.5 }, 'disorder: `lateRatio` must be a number in [0, 1]; got 1.5'],
  [{ lateRatio: Number.NaN }, 'disorder: `lateRatio` must be a number in [0, 1]; got NaN'],
  [{ duplicateRatio: -0.1 }, 'disorder: `duplicateRatio` must be a number in [0, 1]; got -0.1'],
  [{ duplicateRatio: '0.5' }, 'disorder: `duplicateRatio` must be a number in [0, 1]; got "0.5"'],
  [{ lateBy: 0 }, 'disorder: `lateBy` must be a duration > 0'],
  [{ skew: '-1s' }, 'disorder: `skew` must be a duration >= 0'],
  [{ seed: undefined }, 'disorder: `seed` must be an integer; got undefined'],
  [{ seed: 0.5 }, 'disorder: `seed` must be an integer; got 0.5'],
  [{ timestamp: 5 }, 'disorder: `timestamp` must be a function; got 5'],
  [{ split: 'p' }, 'disorder: `split` must be a function; got "p"'],
  [
    { skew: 5, split: () => 7 },
    'disorder: `split` must be a function that gives a string for each event',
  ],
])('disorder refuses %j in one sentence', (wrong, sentence) => {
  const config = { maxDelay: 1, seed: 1, timestamp, ...wrong } as never;
  expect(() => disorder(readings, config)).toThrow(TypeError);
  expect(() => disorder(readings, config)).toThrow(sentence);
});

it('disorder refuses an event without time, and a watermark among the events', () => {
  const config = { maxDelay: 1, seed: 1 };
  expect(() => disorder([{ timestamp: 1 }, { at: 1 }], config)).toThrow(
    'disorder: `timestamp` must be a function that gives an instant; got undefined; event 1 is {"at":1}',
  );
  expect(() => disorder(['2024-01-01T00:00:00'], { ...config, timestamp: (t) => t })).toThrow(
    'instant',
  );
  expect(() => disorder(new Set() as never, config)).toThrow('`events` must be an array');
  expect(() =>
    disorder([event('a', 1), { ...event('b', 2), skew: 1 }], { ...config, skew: 1 }),
  ).toThrow('`split` must be a function that gives a string');
});
