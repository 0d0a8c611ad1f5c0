/** assertSameUnderAnyArrival: what it lets pass, what it catches, and what it says. */
import {
  concatWith,
  defer,
  delay,
  EMPTY,
  filter,
  map,
  NEVER,
  of,
  scan,
  take,
  tap,
  timer,
} from 'rxjs';
import {
  count,
  dedupe,
  event,
  eventTimeWindow,
  intervalJoin,
  sum,
  toValues,
  tumbling,
  values,
  watermark,
} from 'tidemark';
import { MarbleError } from 'tidemark/testing';
import {
  assertSameUnderAnyArrival,
  type Pipeline,
  type SameUnderAnyArrivalOptions,
} from 'tidemark/testing/fast-check';

interface Reading {
  readonly id: number;
  readonly user: string;
  readonly at: number;
}
type Options = SameUnderAnyArrivalOptions<Reading, any>;

const BOUND = 12;
const readings = Array.from(
  { length: 30 },
  (_, id): Reading => ({ id, user: 'abc'[id % 3] as string, at: ((id * 37) % 30) * 3 - 40 }),
);
const timestamp = (r: Reading) => r.at;
const clocked = (outOfOrderness = BOUND) => watermark<Reading>({ timestamp, outOfOrderness });

const counted =
  (bound = BOUND): Pipeline<Reading, unknown> =>
  (in$, late) =>
    in$.pipe(
      clocked(bound),
      eventTimeWindow({
        key: (r) => r.user,
        window: tumbling(10),
        aggregate: { n: count(), ids: sum((r) => r.id) },
        late,
      }),
      toValues(),
    );

function law(pipeline: Pipeline<Reading, any>, o: Options = {}, events = readings): void {
  assertSameUnderAnyArrival(pipeline, events, BOUND, { timestamp, seed: 1, ...o });
}

function failureOf(run: () => void): MarbleError {
  try {
    run();
  } catch (thrown) {
    if (thrown instanceof MarbleError) return thrown;
    throw thrown;
  }
  throw new Error('the law held');
}

/** The letters of the smallest order, as they arrive. */
function arrivals(message: string): string[] {
  const lane = /^ +arrival +(.*)$/m.exec(message)?.[1] ?? '';
  return lane.split(/\s+/).filter((token) => /^\w+$/.test(token));
}

it('the law holds for windows, deduplication and joins behind a sufficient watermark', () => {
  const built: unknown[] = [];
  law((in$, door) => {
    built.push(in$);
    return counted()(in$, door);
  });
  expect(built).toHaveLength(101);
  const again = [...readings, ...readings.slice(0, 10)];
  law(
    (in$) => in$.pipe(clocked(), dedupe({ key: (r) => r.id, within: 100 }), toValues()),
    {},
    again,
  );
  law((in$) => {
    const side = (odd: number) =>
      in$.pipe(
        filter((r) => r.id % 2 === odd),
        clocked(),
      );
    const on = { leftKey: (l: Reading) => l.user, rightKey: (r: Reading) => r.user };
    return side(0).pipe(
      intervalJoin(side(1), { ...on, lower: -5, upper: 9, type: 'left' }),
      toValues(),
    );
  });
});

it('the law holds for elements, which come with watermarks of the bound', () => {
  const elements = readings.map((r) => event(r, r.at));
  const kinds = new Set<string>();
  assertSameUnderAnyArrival(
    (in$, late) =>
      in$.pipe(
        tap((e) => kinds.add(e.kind)),
        eventTimeWindow({
          key: (r) => r.user,
          window: tumbling(10),
          aggregate: { n: count() },
          late,
        }),
      ),
    elements,
    BOUND,
    { seed: 1 },
  );
  expect([...kinds].sort()).toEqual(['event', 'watermark']);
});

it('elements meet a watermark that is no laxer than the bound', () => {
  const elements = readings.map((r) => event(r, r.at));
  const broken = failureOf(() =>
    assertSameUnderAnyArrival(
      // a wrong operator: it drops events at the watermark + 1
      (in$) => {
        let w = Number.NEGATIVE_INFINITY;
        return in$.pipe(
          filter((e) => {
            if (e.kind === 'watermark') w = e.timestamp;
            return e.kind !== 'event' || e.timestamp > w + 1;
          }),
        );
      },
      elements,
      BOUND,
      { seed: 1 },
    ),
  );
  expect(arrivals(broken.message)).toEqual(['b', 'a']);
  expect(broken.message).toMatch(/^ +watermarks /m);
});

it.each([1, 2, 3, 4, 5])('a watermark that is 1 ms too small is caught (seed %i)', (seed) => {
  const broken = failureOf(() => law(counted(BOUND - 1), { seed }));
  expect(arrivals(broken.message)).toEqual(['b', 'a']);
  expect(broken.message).toContain('2 of 30 events');
});

it('the failure tells the order as marbles, both results and how to replay it', () => {
  const rows = [
    { id: 1, user: 'a', at: 3 },
    { id: 2, user: 'a', at: 8 },
    { id: 3, user: 'b', at: 20 },
  ];
  const broken = failureOf(() => law(counted(4), {}, rows));
  const [, path] = /path: '([\d:]+)'/.exec(broken.message) ?? [];
  expect(`\n${broken.message.replace(path as string, '…')}\n`).toBe(`
assertSameUnderAnyArrival: the results depend on the order of arrival

The smallest order that breaks it, 2 of 3 events, none more than 12ms behind a newer one:

  arrival     b  a  |
  event       @8  a  @20  b

  a = { id: 2, user: 'a', at: 8 }
  b = { id: 3, user: 'b', at: 20 }

in event-time order:
  − 'a': { n: 1, ids: 2 } [0,10) onTime
    'b': { n: 1, ids: 3 } [20,30) onTime
in this order (1 missing, 1 extra):
  + door: { id: 2, user: 'a', at: 8 } @8 (expired)
    'b': { n: 1, ids: 3 } [20,30) onTime

To replay it, give the options { seed: 1, path: '…' }.
`);
  const [, first] = broken.stack?.split('\n    at ') ?? [];
  expect(first).toMatch(/^law .*assertSameUnderAnyArrival\.test\.ts/);
});

it('the failure of elements shows their watermarks, and times of the calendar from the full hour on', () => {
  const at = Date.parse('2026-03-29T00:10:00Z');
  const events = ['x', 'y', 'z'].map((v, i) => event(v, at + i * 60_000));
  const broken = failureOf(() =>
    assertSameUnderAnyArrival((in$) => in$.pipe(values(take(1))), events, '1m', { seed: 1 }),
  );
  const [, path] = /path: '([\d:]+)'/.exec(broken.message) ?? [];
  expect(`\n${broken.message.replace(path as string, '…')}\n`).toBe(`
assertSameUnderAnyArrival: the results depend on the order of arrival

The smallest order that breaks it, 2 of 3 events, none more than 1m behind a newer one, times from 2026-03-29T00:00:00.000Z on:

  arrival     b         a  |
  event       @10m  a  b
  watermarks  W10m-1ms  ·  ·

  a = 'x'
  b = 'y'

in event-time order:
  − 'x' @10m
in this order (1 missing, 1 extra):
  + 'y' @11m

To replay it, give the options { seed: 1, path: '…' }.
`);
});

it('seed and path lead straight to the same failure', () => {
  const first = failureOf(() => law(counted(BOUND - 1), { seed: 7 }));
  const [, seed, path] = /\{ seed: (-?\d+), path: '([\d:]+)' \}/.exec(first.message) ?? [];
  let built = 0;
  const again = failureOf(() =>
    law(
      (in$, door) => {
        built++;
        return counted(BOUND - 1)(in$, door);
      },
      { seed: Number(seed), path: path as string },
    ),
  );
  expect(seed).toBe('7');
  expect(again.expected).toBe(first.expected);
  expect(again.actual).toBe(first.actual);
  expect(built).toBeLessThan(30);
});

it('a seed is chosen anew, and told, when none is given', () => {
  const broken = failureOf(() => law(counted(0), { seed: undefined as never }));
  expect(broken.message).toMatch(
    /To replay it, give the options \{ seed: -?\d+, path: '[\d:]+' \}/,
  );
});

it('results are compared without order unless it is asked for', () => {
  const firing = counted();
  law(firing);
  const broken = failureOf(() => law(firing, { ordered: true }));
  expect(broken.message).toContain('the results leave in another order from number 1 on');
  expect(arrivals(broken.message)).toEqual(['b', 'a']);
  law((in$, late) => firing(in$, late), { ordered: true, compare: () => true });
  expect(() => law(firing, { compare: () => false })).toThrow(MarbleError);
});

it('what `results` leaves out of a result does not count', () => {
  const indexed: Pipeline<Reading, { readonly i: number; readonly r: Reading }> = (in$) =>
    in$.pipe(map((r, i) => ({ i, r })));
  expect(() => law(indexed)).toThrow('the results depend on the order of arrival');
  law(indexed, { results: ({ r }) => r });
});

it('what a door is given counts as a result, and is none of the output', () => {
  const quiet: Pipeline<Reading, unknown> = (in$) => counted(0)(in$, () => {});
  const told = failureOf(() => law(counted(0), { results: () => 0 })).message;
  expect(told).toContain('+ door: {');
  expect(() => law(quiet)).toThrow('the results depend');
  // each event goes one way, in event-time order always out
  law((in$) => in$.pipe(map(() => 1)));
  expect(() =>
    law((in$, door) => {
      let newest = Number.NEGATIVE_INFINITY;
      return in$.pipe(
        filter((r) => {
          const late = r.at < newest;
          newest = Math.max(newest, r.at);
          if (late) door(1);
          return !late;
        }),
        map(() => 1),
      );
    }),
  ).toThrow('the results depend');
});

it('an order in which the pipeline fails or does not complete breaks the law', () => {
  const strict = failureOf(() =>
    law((in$) =>
      in$.pipe(
        scan((newest, r) => {
          if (r.at < newest) throw new RangeError('time runs back');
          return r.at;
        }, Number.NEGATIVE_INFINITY),
        map(() => 1),
      ),
    ),
  );
  expect(strict.message).toContain('  + # RangeError: time runs back');
  const hanging = failureOf(() =>
    law((in$) => {
      let newest = Number.NEGATIVE_INFINITY;
      let back = false;
      const note = (r: Reading): void => {
        back ||= r.at < newest;
        newest = r.at;
      };
      return in$.pipe(
        tap(note),
        map((r) => r.id),
        concatWith(defer(() => (back ? NEVER : EMPTY))),
      );
    }),
  );
  expect(hanging.message).toContain('  + no end');
});

it('state outside of the pipeline is told from an order that breaks it', () => {
  let n = 0;
  const broken = failureOf(() => law((in$) => in$.pipe(map(() => n++))));
  expect(broken.message).toContain('two runs of one order give different results');
});

it('both inputs of a join see one order of arrival', () => {
  const orders: number[][] = [];
  law((in$) => {
    const seen: number[] = [];
    orders.push(seen);
    const side = (odd: number) =>
      in$.pipe(
        filter((r) => r.id % 2 === odd),
        tap((r) => seen.push(r.id)),
        clocked(),
      );
    const on = { leftKey: () => 1, rightKey: () => 1, lower: -9, upper: 9 } as const;
    return side(0).pipe(intervalJoin(side(1), on), toValues());
  });
  const inTime = readings.toSorted((x, y) => x.at - y.at).map((r) => r.id);
  expect(orders[0]).toEqual(inTime);
  expect(orders[1]).not.toEqual(inTime);
  expect(orders[1]?.toSorted()).toEqual(inTime.toSorted());
});

it('an event that is in the list twice has one letter', () => {
  const [a, b] = [
    { id: 1, user: 'a', at: 0 },
    { id: 2, user: 'a', at: 10 },
  ];
  const broken = failureOf(() =>
    law(
      (in$) =>
        in$.pipe(
          take(3),
          map((r) => r.id),
        ),
      {},
      [a, a, b, b],
    ),
  );
  const seen = arrivals(broken.message);
  expect(seen.length).toBeGreaterThan(2);
  expect(new Set(seen)).toEqual(new Set(['a', 'b']));
});

it('a law that would say nothing is refused', () => {
  const [one] = readings as [Reading];
  expect(() => law(counted(), {}, [one])).toThrow(
    'assertSameUnderAnyArrival: `outOfOrderness` must be great enough to permit an order other than that of event time; got 12; there are 1 events',
  );
  expect(() => law(counted(), {}, [one, { ...one, at: 1000 }])).toThrow('there are 2 events');
  expect(() => law(() => of())).toThrow('the pipeline gives no result in event-time order');
  expect(() => law((in$) => in$.pipe(delay(1)))).toThrow(
    'the pipeline does not complete in the turn of its source',
  );
  expect(() => law(() => timer(0))).toThrow('does not complete');
  const failing = () => law((in$) => in$.pipe(map((r) => r.at.toFixed(-1))));
  expect(failing).toThrow('the pipeline fails in event-time order: RangeError:');
  expect(failing).toThrow(expect.objectContaining({ cause: expect.any(RangeError) }));
});

it('wrong arguments are refused in one sentence', () => {
  const mixed = [event('a', 1), { timestamp: 2 }];
  expect(() => assertSameUnderAnyArrival((x$) => x$, mixed, 5)).toThrow(
    'assertSameUnderAnyArrival: `events` must be all elements or all bare values; got "both"',
  );
  expect(() => assertSameUnderAnyArrival((x$) => x$, [event('a', 1)], '-1s')).toThrow(
    'assertSameUnderAnyArrival: `outOfOrderness` must be a duration >= 0',
  );
  for (const numRuns of [0, -1, 0.5, Number.NaN]) {
    expect(() => law(counted(), { numRuns })).toThrow(
      `assertSameUnderAnyArrival: \`numRuns\` must be an integer >= 1; got ${numRuns}`,
    );
  }
  expect(() => assertSameUnderAnyArrival((x$) => x$, [{ at: 1 }], 5)).toThrow(
    'assertSameUnderAnyArrival: `timestamp` must be a function that gives an instant',
  );
});
