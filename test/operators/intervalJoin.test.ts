/** intervalJoin as an operator: its stories in time, its doors, its errors. */
import fc from 'fast-check';
import { from, type Observable, of } from 'rxjs';
import {
  dedupe,
  type Element,
  event,
  type IntervalJoinConfig,
  intervalJoin,
  type JoinInvalid,
  type JoinLate,
  type JoinStats,
  UserFunctionError,
  watermark,
  watermarkAt,
} from 'tidemark';
import { type Build, eventTimeTest, operatorLaws } from 'tidemark/testing';
import { anyArrivalOrder } from 'tidemark/testing/fast-check';

type Config = IntervalJoinConfig<string, string, string, 'inner' | 'left'>;
const together: Config = {
  leftKey: () => 'k',
  rightKey: () => 'k',
  lower: 0,
  upper: 2,
};
const pairs = {
  ax: { left: 'a', right: 'x' },
  ay: { left: 'a', right: 'y' },
  bx: { left: 'b', right: 'x' },
  by: { left: 'b', right: 'y' },
  bz: { left: 'b', right: 'z' },
  a_: { left: 'a', right: undefined },
  b_: { left: 'b', right: undefined },
};

describe('intervalJoin', () => {
  const story = [
    'a@1  ·     b@5  ·   W9  ·          |',
    '·    x@2   ·    W4  ·   W9         |',
  ] as const;

  it(
    'pairs when the second row arrives, with the later time, and passes the least W',
    eventTimeTest(({ stream, expectStream }) => {
      const out$ = stream(story[0]).pipe(intervalJoin(stream(story[1]), together));
      expectStream(out$).toBe('· ax@2 · · W4 W9 (W∞ |)', pairs);
    }),
  );
  it(
    'as a left join gives an unmatched row when it is freed, before the W that has sunk by its wait',
    eventTimeTest(({ stream, expectStream }) => {
      const config: Config = { ...together, type: 'left' };
      const out$ = stream(story[0]).pipe(intervalJoin(stream(story[1]), config));
      expectStream(out$).toBe('· ax@2 · · W2 (b_@5 W7) (W∞ |)', pairs);
    }),
  );
  it(
    'pairs out of order, both ways, matches of one arrival by time',
    eventTimeTest(({ stream, expectStream }) => {
      const left = stream('b@9 ·    ·   ·   a@8');
      const right = stream('·  y@10 x@9 z@12 ·');
      const out$ = left.pipe(intervalJoin(right, { ...together, upper: 3 }));
      expectStream(out$).toBe('· by@10 bx@9 bz@12 (ax@9 ay@10)', pairs);
    }),
  );
  it.each([
    ['[]', '· bx@3 by@5'],
    ['[)', '· bx@3 ·'],
    ['(]', '· ·    by@5'],
    ['()', '· ·    ·'],
  ] as const)('takes bounds %s at their word', (bounds, expected) => {
    eventTimeTest(({ stream, expectStream }) => {
      const out$ = stream('b@3 · ·').pipe(
        intervalJoin(stream('· x@3 y@5'), { ...together, bounds }),
      );
      expectStream(out$).toBe(expected, pairs);
    })();
  });
  it(
    'lets late rows leave by their side, and joins them with nothing',
    eventTimeTest(({ stream, expectStream, door, flush }) => {
      const late = door();
      const left = stream('W5 ·  a@5 b@6 ·   ·');
      const right = stream('· W5 ·   ·   x@5 y@6');
      expectStream(left.pipe(intervalJoin(right, { ...together, late }))).toBe(
        '· W5 · · · by@6',
        pairs,
      );
      late.toBe('· · a@5 · x@5');
      flush();
      expect(late.items.map((l: JoinLate<string, string>) => [l.side, l.watermark])).toEqual([
        ['left', 5],
        ['right', 5],
      ]);
    }),
  );
  it(
    'with lateness takes rows d longer, and holds W back by d',
    eventTimeTest(({ stream, expectStream, door }) => {
      const late = door();
      const config = { ...together, allowedLateness: 3, late };
      const left = stream(' a@4 W7 ·  ·   b@4 b@5');
      const right = stream('·   ·  W7 x@5 ·   ·');
      expectStream(left.pipe(intervalJoin(right, config))).toBe('· · W4 ax@5 · bx@5', pairs);
      late.toBe('· · · · b@4');
    }),
  );
  it(
    'judges a row by its own side where told so',
    eventTimeTest(({ stream, expectStream, door }) => {
      const late = door();
      const left = stream('W5 a@5');
      const out$ = left.pipe(intervalJoin(stream('·'), { ...together, lateBy: 'own', late }));
      expectStream(out$).toBe('· ·');
      late.toBe('· a@5');
    }),
  );
  it(
    'passes idle when both sides are, and active again',
    eventTimeTest(({ stream, expectStream }) => {
      const left = stream(' a@1 W3 idle ·    active');
      const right = stream('·   W1 ·    idle ·');
      const out$ = left.pipe(intervalJoin(right, together));
      expectStream(out$).toBe('· W1 · (W3 idle) active', pairs);
    }),
  );
  it(
    'keeps idle to itself while an unmatched outer row waits',
    eventTimeTest(({ stream, expectStream }) => {
      const left = stream(' a@1 W2 idle ·    ·      ·   ·');
      const right = stream('·   W2 ·    idle active x@3 idle');
      const out$ = left.pipe(intervalJoin(right, { ...together, type: 'left' }));
      expectStream(out$).toBe('· W0 · · · ax@3 idle', pairs);
    }),
  );
  it(
    'leaves an idle side out of the least W',
    eventTimeTest(({ stream, expectStream }) => {
      const out$ = stream('W9 · W12').pipe(intervalJoin(stream('· idle ·'), together));
      expectStream(out$).toBe('· W9 W12');
    }),
  );
  it(
    'goes on with one side when the other has completed, and ends with the last',
    eventTimeTest(({ stream, expectStream }) => {
      const left = stream('a@1 · W4 b@5 |');
      const out$ = left.pipe(intervalJoin(stream('|'), { ...together, type: 'left' }));
      expectStream(out$).toBe('· · (a_@1 W2) · (b_@5 W∞ |)', pairs);
    }),
  );
  it(
    'passes the error of either side on, and flushes nothing',
    eventTimeTest(({ stream, expectStream }) => {
      const config: Config = { ...together, type: 'left' };
      expectStream(stream('a@1 ·').pipe(intervalJoin(stream('· #'), config))).toBe('· #');
      expectStream(stream('a@1 #').pipe(intervalJoin(stream('· ·'), config))).toBe('· #');
    }),
  );

  it(
    'meets keys by type and content, hostile names and tuples too',
    eventTimeTest(({ expectStream }) => {
      const keys = ['__proto__', 'constructor', 1, '1', [1, '1'], ['1', 1], true, 1n, -0];
      const rows = (): Observable<Element<any>> => from(keys.map((k, i) => event({ k, i }, 1)));
      const config = { leftKey: (v: any) => v.k, rightKey: (v: any) => v.k, lower: 0, upper: 0 };
      expectStream(rows().pipe(intervalJoin(rows(), config))).toEmit([
        ...keys.map((k, i) => ({ event: { left: { k, i }, right: { k, i } }, time: 1 })),
        { watermark: 'MAX' },
        { complete: true },
      ]);
    }),
  );

  it(
    'sends rows without a key to invalid, with their side and the reason',
    eventTimeTest(({ stream, expectStream, door, counters, flush }) => {
      const invalid = door();
      const stats = counters<JoinStats>('rows');
      const leftKey = (v: string): string => {
        if (v === 'a') throw 'no';
        return v;
      };
      const config = { ...together, leftKey, rightKey: () => null as never, invalid, stats };
      const out$ = stream('· a@1 b@1').pipe(intervalJoin(stream('x@1'), config));
      expectStream(out$).toBe('· · ·');
      invalid.toBe('           x@1 a@1');
      stats.toBe('             1   2   3', 'in');
      stats.toBe('             1   2   ·', 'invalid');
      stats.toBe('             ·   ·   1', 'accepted');
      stats.toBe('             ·   1   2', 'left.in');
      stats.toBe('             1   ·   ·', 'right.invalid');
      flush();
      expect(
        invalid.items.map((i: JoinInvalid<string, string>) => [i.side, i.reason, i.error]),
      ).toEqual([
        ['right', 'key', undefined],
        ['left', 'threw', 'no'],
      ]);
    }),
  );

  it(
    'frees what it held, by side, at the end',
    eventTimeTest(({ stream, expectStream, counters, flush }) => {
      const stats = counters<JoinStats>();
      const out$ = stream('b@1 |').pipe(intervalJoin(stream('· |'), { ...together, stats }));
      expectStream(out$).toBe('· (W∞ |)');
      stats.toBe('1 0');
      flush();
      expect([stats.left, stats.right]).toMatchObject([
        { in: 1, freed: 1, live: 0 },
        { in: 0, freed: 0, live: 0 },
      ]);
    }),
  );

  it(
    'names the key function that throws where nobody is at the door',
    eventTimeTest(({ stream, expectStream }) => {
      const no = (): never => {
        throw new Error('no');
      };
      for (const name of ['leftKey', 'rightKey']) {
        const error = new UserFunctionError('intervalJoin', name, new Error('no'));
        expect(error.message).toBe(`intervalJoin: \`${name}\` threw: no`);
        const out$ = stream('a@1').pipe(intervalJoin(stream('· a@1'), { ...together, [name]: no }));
        expectStream(out$).toBe(name === 'leftKey' ? '#' : '· #', {}, error);
      }
    }),
  );

  it(
    'refuses withdrawals of either side',
    eventTimeTest(({ stream, expectStream }) => {
      const over = (left: string, right: string) =>
        stream(left).pipe(intervalJoin(stream(right), together));
      expectStream(over('-a@1', '·')).toBe('#', {}, 'RetractionError');
      expectStream(over('·', '-a@1')).toBe('#', {}, 'RetractionError');
    }),
  );

  it('makes watermarks of an origin of its own', () => {
    const origins = (): number[] => {
      const got: number[] = [];
      of(watermarkAt(5, 7))
        .pipe(intervalJoin(of(watermarkAt(6, 8)), together))
        .subscribe((e) => e.kind === 'watermark' && got.push(e.origin));
      return got;
    };
    const [one, two] = [new Set(origins()), new Set(origins())];
    expect([one.size, two.size]).toEqual([1, 1]);
    expect(one).not.toEqual(two);
    expect([0, 7, 8]).not.toContain([...one][0]);
  });

  it.each<[string, object]>([
    ['intervalJoin: `leftKey` must be a function; got undefined', { leftKey: undefined }],
    ['intervalJoin: `rightKey` must be a function; got 5', { rightKey: 5 }],
    ['intervalJoin: `lower` must be a duration', { lower: undefined }],
    ['intervalJoin: `upper` must be a duration', { upper: undefined }],
    ['intervalJoin: `upper` must be a duration', { upper: Infinity }],
    ['intervalJoin: `lower` must be at most `upper`; got 3', { lower: 3 }],
    ['intervalJoin: `allowedLateness` must be a duration >= 0', { allowedLateness: -1 }],
    ["intervalJoin: `bounds` must be '[]' or '[)' or '(]' or '()'", { bounds: '][' }],
    ["intervalJoin: `lateBy` must be 'join' or 'own'", { lateBy: 'left' }],
    [
      "`type` must be 'inner' or 'left'; got \"full\"; right, full, semi and anti joins are not built yet",
      { type: 'full' },
    ],
  ])('refuses a wrong option: %s', (message, wrong) => {
    const make = (): unknown =>
      intervalJoin(of<Element<string>>(), { ...together, ...wrong } as never);
    expect(make).toThrow(message);
    expect(make).toThrow(TypeError);
  });

  it(
    'takes durations as text, negative ones too',
    eventTimeTest(({ stream, expectStream }) => {
      const config = { ...together, lower: '-1 minute', upper: '0s' } as const;
      const out$ = stream('· · a@1m').pipe(intervalJoin(stream('x@0 y@-1'), config));
      expectStream(out$).toBe('· · ax@1m', pairs);
    }),
  );

  it('is typed: right is undefined only on an outer side, bounds are needed, keys are of one type', () => {
    const left = of(event({ user: 'u', n: 1 }, 1)) as Observable<
      Element<{ user: string; n: number }>
    >;
    const right = of(event({ user: 'u', plan: 'p' }, 1)) as Observable<
      Element<{ user: string; plan: string }>
    >;
    const plans: string[] = [];
    left
      .pipe(
        intervalJoin(right, {
          leftKey: (l) => l.user,
          rightKey: (r) => r.user,
          lower: 0,
          upper: 0,
        }),
      )
      .subscribe((e) => e.kind === 'event' && plans.push(e.value.right.plan));
    left
      .pipe(
        intervalJoin(right, {
          leftKey: (l) => l.user,
          rightKey: (r) => r.user,
          lower: 0,
          upper: 0,
          type: 'left',
        }),
      )
      .subscribe((e) => {
        // @ts-expect-error right may be undefined
        if (e.kind === 'event') plans.push(e.value.right.plan);
      });
    expect(plans).toEqual(['p', 'p']);
    const keys = { leftKey: (l: string) => l, rightKey: (r: string) => r };
    const strings = of<Element<string>>();
    // @ts-expect-error upper is missing
    expect(() => intervalJoin(strings, { ...keys, lower: 0 })).toThrow();
    // @ts-expect-error lower is missing
    expect(() => intervalJoin(strings, { ...keys, upper: 0 })).toThrow();
    // @ts-expect-error no such type yet
    expect(() => intervalJoin(strings, { ...keys, lower: 0, upper: 0, type: 'right' })).toThrow();
    // @ts-expect-error the keys are of two types
    intervalJoin(strings, { leftKey: () => 1, rightKey: (r) => r, lower: 0, upper: 0 });
  });

  describe('behind dedupe', () => {
    interface Row {
      readonly k: number;
      readonly t: number;
      readonly n: number;
    }
    const rows = fc
      .array(fc.record({ k: fc.integer({ min: 0, max: 3 }), t: fc.integer({ min: 0, max: 60 }) }), {
        maxLength: 25,
      })
      .map((all): Row[] => all.map((row, n) => ({ ...row, n })));
    const anyOrder = (all: readonly Row[]) => anyArrivalOrder(all, 10, { timestamp: (r) => r.t });
    /* In order, in any order that the bound of 10 permits, and so with repeats. */
    const arrivals = rows.chain((all) =>
      fc.tuple(
        fc.constant(all.toSorted((a, b) => a.t - b.t)),
        anyOrder(all),
        fc.subarray(all).chain((again) => anyOrder([...all, ...again])),
      ),
    );

    function results(left: readonly Row[], right: readonly Row[]): string[] {
      const got: string[] = [];
      const inTime = (all: readonly Row[]) =>
        from(all).pipe(
          watermark({ timestamp: (r) => r.t, outOfOrderness: 10 }),
          dedupe({ key: (r) => r.n, within: 100 }),
        );
      const keys = { leftKey: (r: Row) => r.k, rightKey: (r: Row) => r.k };
      inTime(left)
        .pipe(intervalJoin(inTime(right), { ...keys, lower: -5, upper: 8, type: 'left' }))
        .subscribe((e) => {
          if (e.kind === 'event') got.push(`${e.value.left.n} ${e.value.right?.n} ${e.timestamp}`);
        });
      return got.sort();
    }

    it('gives the same for every arrival order that the watermark permits', () => {
      fc.assert(
        fc.property(arrivals, arrivals, ([left, l], [right, r]) => {
          expect(results(l, r)).toEqual(results(left, right));
        }),
        { numRuns: 200 },
      );
    });

    it('gives the same however often rows are repeated', () => {
      fc.assert(
        fc.property(arrivals, arrivals, ([left, , l], [right, , r]) => {
          expect(results(l, r)).toEqual(results(left, right));
        }),
        { numRuns: 200 },
      );
    });
  });

  const script = [
    'a@3 ·   b@1 W2 idle ·  active c@9 W6 ·   d@12 W11 e@30',
    '·   x@4 ·   y@2 W5  ·  z@9    ·   W8 w@11 ·   W12 ·',
  ];
  const rightKey = (): never => {
    throw new Error('no');
  };
  describe.each(['inner', 'left'] as const)('%s', (type) => {
    const join =
      (wrong: Partial<Config> = {}): Build =>
      (left$, right$) =>
        left$.pipe(
          intervalJoin(right$ as typeof left$, {
            ...{ ...together, id: 'join', type, lower: -1, allowedLateness: 1 },
            ...wrong,
          }),
        );
    const laws = operatorLaws(join(), script, { throwing: join({ rightKey }) });
    it.each(laws)('$name', ({ check }) => check());
  });
});
