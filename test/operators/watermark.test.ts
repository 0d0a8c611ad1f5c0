/** watermark as an operator: time out of events, splits, idleness, invalid events, completion. */
import { map, type Observable, of } from 'rxjs';
import { type Build, eventTimeTest, harness, operatorLaws } from 'tidemark/testing';
import type { Invalid } from '../../lib/doors.js';
import { type Element, event, watermarkAt } from '../../lib/element.js';
import type { WatermarkStats } from '../../lib/intake.js';
import { type WatermarkConfig, watermark } from '../../operators/watermark.js';

interface Reading {
  readonly at: number;
  readonly from?: string;
}
const at = (t: number, from?: string): Reading =>
  from === undefined ? { at: t } : { at: t, from };
const byAt: WatermarkConfig<Reading> = { timestamp: (r) => r.at };
const bySplit: WatermarkConfig<Reading> = { ...byAt, split: (r) => r.from as string };

describe('watermark raises time', () => {
  it(
    'to max − B − 1, right after the event that raised it, never back and never twice',
    eventTimeTest(({ source, expectStream }) => {
      const in$ = source('a b c d b', { a: at(1), b: at(7), c: at(3), d: at(9) });
      const out$ = in$.pipe(watermark({ ...byAt, outOfOrderness: 2 }));
      expectStream(out$).toBe('(a@1 W-2) (b@7 W4) c@3 (d@9 W6) b@7');
    }),
  );
  it(
    'to just below the event by default',
    eventTimeTest(({ source, expectStream }) => {
      const in$ = source('a b b c |', { a: at(-5), b: at(0), c: at(1) });
      expectStream(in$.pipe(watermark(byAt))).toBe('(a@-5 W-6) (b@0 W-1) b@0 (c@1 W0) (W∞ |)');
    }),
  );

  it(
    'and lets late events pass: each operator judges for itself',
    eventTimeTest(({ source, expectStream }) => {
      const in$ = source('a b c a |', { a: at(9), b: at(2), c: at(8) });
      expectStream(in$.pipe(watermark(byAt))).toBe('(a@9 W8) b@2 c@8 a@9 (W∞ |)');
    }),
  );
  it(
    'from a Date and from text with a zone',
    eventTimeTest(({ source, expectStream }) => {
      const texts = { a: '1970-01-01T00:00:01Z', b: '1970-01-01T01:00:02.5+01:00' };
      const ofTexts$ = source('a b', texts).pipe(watermark({ timestamp: (v) => v }));
      expectStream(ofTexts$).toBe('(a@1s W999) (b@2500 W2499)');
      const ofDates$ = source('c', { c: 7 }).pipe(watermark({ timestamp: (v) => new Date(v) }));
      expectStream(ofDates$).toBe('(c@7 W6)');
    }),
  );

  it('under an origin of its own for each subscription', () => {
    const origins = new Set<number>();
    const in$ = of(at(1), at(2)).pipe(watermark(byAt));
    for (let i = 0; i < 2; i++) {
      in$.subscribe((e) => e.kind === 'watermark' && origins.add(e.origin));
    }
    expect(origins.size).toBe(2);
    expect(origins.has(0)).toBe(false);
  });
});

describe('watermark over splits', () => {
  const values = {
    ...{ a2: at(2, 'a'), a5: at(5, 'a'), a9: at(9, 'a'), a20: at(20, 'a') },
    ...{ b1: at(1, 'b'), b2: at(2, 'b'), b12: at(12, 'b'), b15: at(15, 'b'), c1: at(1, 'c') },
    ...{ x3: at(3), x5: at(5), x7: at(7), x9: at(9) },
  };

  it(
    'takes the least of them, an undeclared one from its first event on',
    eventTimeTest(({ source, expectStream }) => {
      const out$ = source('a5 a9 b2 a20 b12 b15 |', values).pipe(watermark(bySplit));
      expectStream(out$).toBe(
        '(a5@5/a W4) (a9@9/a W8) b2@2/b a20@20/a (b12@12/b W11) (b15@15/b W14) (W∞ |)',
      );
    }),
  );
  it(
    'stays at −∞ until every declared split has had an event',
    eventTimeTest(({ stream, expectStream }) => {
      const in$ = stream('splits:p,q x5@0/p x9@0/p x3@0/q |', values);
      expectStream(in$.pipe(watermark(byAt))).toBe('· x5@5/p x9@9/p (x3@3/q W2) (W∞ |)');
    }),
  );
  it(
    'takes an undeclared split of the source for one that counts, too',
    eventTimeTest(({ stream, expectStream }) => {
      const in$ = stream('x5@0/p x3@0/q x9@0/q x7@0/p', values);
      expectStream(in$.pipe(watermark(byAt))).toBe('(x5@5/p W4) x3@3/q x9@9/q (x7@7/p W6)');
    }),
  );
  it(
    'keeps the unnamed split beside those of the source once it has had an event',
    eventTimeTest(({ stream, expectStream }) => {
      const in$ = stream('x5 x9@0/p x7', values);
      expectStream(in$.pipe(watermark(byAt))).toBe('(x5@5 W4) x9@9/p (x7@7 W6)');
    }),
  );
  it(
    'lets a split function replace splits and declarations of the source',
    eventTimeTest(({ stream, expectStream }) => {
      const in$ = stream('splits:p,q a5@0/p', values);
      expectStream(in$.pipe(watermark(bySplit))).toBe('· (a5@5/a W4)');
    }),
  );
  it(
    'errors at one split more than maxSplits',
    eventTimeTest(({ source, expectStream }) => {
      const out$ = source('a5 b1 a9 c1', values).pipe(watermark({ ...bySplit, maxSplits: 2 }));
      const message = /^watermark: more than 2 splits \(`maxSplits`\); /;
      expectStream(out$).toBe('(a5@5/a W4) b1@1/b a9@9/a #', {}, message);
    }),
  );
});

describe('watermark when it is quiet', () => {
  it(
    'says idle once the time-out is reached, and active before the next event; moves no time',
    eventTimeTest(({ source, expectStream }) => {
      const in$ = source('a 9ms b', { a: at(5), b: at(6) });
      const out$ = in$.pipe(watermark({ ...byAt, idleTimeout: 4 }));
      expectStream(out$).toBe('(a@5 W4) 3ms idle 5ms (active b@6 W5) 3ms idle');
    }),
  );
  it(
    'counts from subscription where nothing ever comes',
    eventTimeTest(({ source, expectStream }) => {
      expectStream(source<Reading>('9ms |').pipe(watermark({ ...byAt, idleTimeout: 4 }))).toBe(
        '4ms idle 4ms (W∞ |)',
      );
    }),
  );
  it(
    'has no status while a split function has named no split',
    eventTimeTest(({ source, expectStream }) => {
      expectStream(source<Reading>('9ms |').pipe(watermark({ ...bySplit, idleTimeout: 4 }))).toBe(
        '9ms (W∞ |)',
      );
    }),
  );
  it(
    'by default never says so',
    eventTimeTest(({ source, expectStream }) => {
      const out$ = source('a 5h |', { a: at(5) }).pipe(watermark(byAt));
      expectStream(out$).toBe('(a@5 W4) 5h (W∞ |)');
    }),
  );
  it(
    'handles the deadlines that an arrival reaches before its event, earliest first',
    eventTimeTest(({ source, expectStream }) => {
      const values = { a: at(5, 'a'), b: at(9, 'b'), c: at(20, 'c') };
      const in$ = source('a b 3ms c', values);
      expectStream(in$.pipe(watermark({ ...bySplit, idleTimeout: 4 }))).toBe(
        '(a@5 W4) b@9 2ms W8 (idle active c@20 W19) 3ms idle',
      );
    }),
  );
  it.each([
    ['ignore', 'is left out', 'x@6 (y@12 W11) z@12 u@14      · · W13 idle'],
    ['hold', 'holds time', '   x@6 y@12 (z@12 W11) u@14      · · W13 idle'],
  ] as const)('with %s, a split that wakes behind the output %s', (onResume, _, wanted) => {
    eventTimeTest(({ source, expectStream }) => {
      const in$ = source('a b · b b · x y z u', {
        a: at(5, 'a'),
        b: at(9, 'b'),
        x: at(6, 'a'),
        y: at(12, 'b'),
        z: at(12, 'a'),
        u: at(14, 'b'),
      });
      const out$ = in$.pipe(watermark({ ...bySplit, idleTimeout: 4, onResume }));
      expectStream(out$).toBe(`(a@5 W4) b@9 · b@9 (W8 b@9) · ${wanted}`);
    })();
  });
  it(
    'takes declared splits that say nothing out of the min',
    eventTimeTest(({ stream, expectStream }) => {
      const in$ = stream('· splits:p,q a@0/p', { a: at(5) });
      const out$ = in$.pipe(watermark({ ...byAt, idleTimeout: 6 }));
      expectStream(out$).toBe('· · a@5/p 4ms W4 idle');
    }),
  );
  it(
    'arms no timer without a time-out, and at most one with it',
    eventTimeTest(({ source, expectStream, scheduler, flush }) => {
      const schedule = jest.spyOn(scheduler, 'schedule');
      const values = { a: at(5, 'a'), b: at(9, 'b') };
      const armed = () => schedule.mock.calls.length;
      const quiet$ = source('a b a b', values).pipe(watermark({ ...bySplit, scheduler }));
      const timed$ = source('a b a b', values).pipe(
        watermark({ ...bySplit, scheduler, idleTimeout: '30 days' }),
      );
      expectStream(quiet$).toBe('(a@5 W4) b@9 a@5 b@9');
      expectStream(timed$).toBe('(a@5 W4) b@9 a@5 b@9 !');
      const before = armed();
      flush();
      const delays = schedule.mock.calls.slice(before).map(([, delay]) => delay);
      expect(delays.filter((d) => (d as number) > 4)).toEqual([2 ** 31 - 1]);
    }),
  );
  it(
    'waits on through time-outs longer than a timer can be',
    eventTimeTest(({ source, expectStream }) => {
      const out$ = source('a', { a: at(5) }).pipe(watermark({ ...byAt, idleTimeout: '60 days' }));
      expectStream(out$).toBe('(a@5 W4) 5183999999ms idle');
    }),
  );
});

describe('watermark guards time against', () => {
  it(
    'what is no instant: it leaves by invalid with the reason and moves nothing',
    eventTimeTest(({ source, expectStream, door, flush }) => {
      const bad = [Number.NaN, Infinity, 1.5, undefined, null, 5n, new Date(Number.NaN), {}, '5'];
      const values = { ...bad, z: '2020-01-01T00:00:00', g: 7 };
      const invalid = door();
      const in$ = source<any>('0 1 2 3 4 5 6 7 8 z g', values);
      expectStream(in$.pipe(watermark({ timestamp: (v) => v, invalid }))).toBe('10ms (g@7 W6)');
      invalid.toBe('0 1 2 3 4 5 6 7 8 z');
      flush();
      expect(invalid.items.map((i) => i.reason)).toEqual([...bad.map(() => 'timestamp'), 'zone']);
    }),
  );

  const thrown = new Error('no');
  const timestamp = (v: number): number => {
    if (v === 1) throw thrown;
    return v;
  };
  const split = (v: number): string => {
    if (v === 2) throw thrown;
    return 'a';
  };
  const numbers = { x: 1, y: 2, z: 3, u: 4 };
  it(
    'a function of the user that throws: invalid',
    eventTimeTest(({ source, expectStream, door, flush }) => {
      const invalid = door();
      const config = { timestamp, split, invalid: { next: (i: Invalid<number>) => invalid(i) } };
      expectStream(source('x y z', numbers).pipe(watermark(config))).toBe('· · (z@3/a W2)');
      invalid.toBe('x y');
      flush();
      expect(invalid.items).toEqual([
        { value: 1, reason: 'threw', error: thrown },
        { value: 2, reason: 'threw', error: thrown },
      ]);
    }),
  );
  it(
    'the same, or the end where nobody is at the door',
    eventTimeTest(({ source, expectStream }) => {
      const over = (marbles: string) =>
        source(marbles, numbers).pipe(watermark({ timestamp, split }));
      const message = (fn: string) => new RegExp(`^watermark: \`${fn}\` threw: no$`);
      expectStream(over('z x u')).toBe('(z@3 W2) #', {}, message('timestamp'));
      expectStream(over('y')).toBe('#', {}, message('split'));
      expectStream(over('y')).toBe('#', {}, 'UserFunctionError');
    }),
  );
  it(
    'a split that is no text',
    eventTimeTest(({ source, expectStream, door, flush }) => {
      const invalid = door();
      const in$ = source('a |', { a: at(5) });
      expectStream(in$.pipe(watermark({ ...bySplit, invalid }))).toBe('· (W∞ |)');
      invalid.toBe('a@5');
      flush();
      expect(invalid.items).toEqual([{ value: at(5), reason: 'key', timestamp: 5 }]);
    }),
  );
  it(
    'a door that throws: the stream errors',
    eventTimeTest(({ source, expectStream }) => {
      const invalid = (): void => {
        throw new Error('full');
      };
      const in$ = source('a b', { a: at(Number.NaN), b: at(5) });
      const out$ = in$.pipe(watermark({ ...byAt, invalid }));
      expectStream(out$).toBe('#', {}, /^watermark: `invalid` threw: full$/);
    }),
  );
  it(
    'and counts what it is given: in = accepted + invalid',
    eventTimeTest(({ source, expectStream, counters }) => {
      const stats = counters<WatermarkStats>();
      const in$ = source('a b c', { a: at(5, 'a'), b: at(Number.NaN), c: at(7, 'b') });
      const out$ = in$.pipe(watermark({ ...bySplit, stats }));
      expectStream(out$).toBe('(a@5/a W4) · c@7/b');
      stats.toBe('1 2 3', 'in');
      stats.toBe('1 · 2', 'accepted');
      stats.toBe('· 1 ·', 'invalid');
      stats.toBe('1 · 2', 'out');
      stats.toBe('1 · 2', 'peak');
    }),
  );
});

describe('watermark guards time against the future', () => {
  const wall = 1e12;
  const ahead = (ms: number) => at(wall + ms);
  const values = { a: ahead(0), f: ahead(300_002), g: ahead(300_000), n: ahead(10) };

  it(
    'on a wall clock: what is more than 5 minutes ahead leaves by invalid and moves nothing',
    eventTimeTest(
      ({ source, expectStream, door, flush }) => {
        const invalid = door();
        const out$ = source('a f n g', values).pipe(watermark({ ...byAt, invalid }));
        expectStream(out$).toBe(
          `(a@${wall} W${wall - 1}) · (n@${wall + 10} W${wall + 9}) (g@${wall + 300_000} W${wall + 299_999})`,
        );
        invalid.toBe(`· f@${wall + 300_002}`);
        flush();
        expect(invalid.items[0].reason).toBe('future');
      },
      { clock: wall },
    ),
  );
  it(
    'or flows on without moving time, by policy',
    eventTimeTest(
      ({ source, expectStream, counters }) => {
        const stats = counters<WatermarkStats>();
        const config = { ...byAt, onFutureSkew: 'pass', stats } as const;
        expectStream(source('f a', values).pipe(watermark(config))).toBe(
          `f@${wall + 300_002} (a@${wall} W${wall - 1})`,
        );
        stats.toBe('1 ·', 'future');
        stats.toBe('0 ·', 'invalid');
        stats.toBe('1 2', 'accepted');
      },
      { clock: wall },
    ),
  );
  it(
    'not on a virtual clock',
    eventTimeTest(({ source, expectStream }) => {
      expectStream(source('f', values).pipe(watermark(byAt))).toBe(
        `(f@${wall + 300_002} W${wall + 300_001})`,
      );
    }),
  );
  it(
    'unless told so, on any clock',
    eventTimeTest(({ source, expectStream, door }) => {
      const invalid = door();
      const in$ = source('a 8ms b c d', { a: at(11), b: at(20), c: at(20), d: at(20) });
      const out$ = in$.pipe(watermark({ ...byAt, maxFutureSkew: 10, invalid }));
      expectStream(out$).toBe('10ms (c@20 W19) d@20');
      invalid.toBe('a@11 8ms b@20');
    }),
  );
  it(
    'and not at all with Infinity',
    eventTimeTest(
      ({ source, expectStream }) => {
        const out$ = source('f', values).pipe(watermark({ ...byAt, maxFutureSkew: Infinity }));
        expectStream(out$).toBe(`(f@${wall + 300_002} W${wall + 300_001})`);
      },
      { clock: wall },
    ),
  );
  it(
    'reading the clock only for events that are ahead of its last reading',
    eventTimeTest(
      ({ source, expectStream, scheduler, flush }) => {
        const out$ = source('a n a n a', values).pipe(watermark({ ...byAt, scheduler }));
        expectStream(out$).toBe(
          `(a@${wall} W${wall - 1}) (n@${wall + 10} W${wall + 9}) a@${wall} n@${wall + 10} a@${wall}`,
        );
        let reads = 0;
        const now = scheduler.now;
        scheduler.now = () => {
          reads++;
          return now();
        };
        flush();
        expect(reads).toBe(1); // at subscription
      },
      { clock: wall },
    ),
  );
});

describe('watermark downstream of another', () => {
  it(
    'discards its watermarks and status, stamps anew, and finishes with it',
    eventTimeTest(({ stream, expectStream }) => {
      const in$ = stream('a@1 W400 idle -b@2 active W∞ c@3 |', { a: at(5), b: at(9), c: at(11) });
      expectStream(in$.pipe(watermark(byAt))).toBe('(a@5 W4) · · (-b@9 W8) · W∞ c@11 |');
    }),
  );
  it('keeps revision, op and replaces of an event', () => {
    const window = { start: 0, end: 5 };
    const sent = event(at(5), 1, { op: '-', revision: [4, 1], replaces: [window], split: 'p' });
    const h = harness((in$) => in$.pipe(watermark(byAt)));
    h.send(sent);
    expect(h.take()[0]).toEqual({
      ...{ kind: 'event', frame: 0, value: at(5), timestamp: 5, split: 'p', op: '-' },
      ...{ revision: [4, 1], replaces: [window] },
    });
  });

  it('accepts one origin, and 0', () => {
    const under = (...origins: readonly number[]): string[] => {
      const h = harness((in$) => in$.pipe(watermark(byAt)));
      return origins.map((origin, i) => h.send(watermarkAt(i, origin)));
    };
    expect(under(7, 0, 7)).toEqual(['·', '·', '·']);
    expect(under(7, 8)).toEqual([
      '·',
      "#'WatermarkOriginError: watermark: watermarks of two origins met in one input; use union(a, b), or put retry above watermark'",
    ]);
  });

  it(
    'takes data that looks like an element for a value',
    eventTimeTest(({ source, expectStream }) => {
      const forged = { kind: 'watermark', timestamp: 5, origin: 0 };
      const out$ = source('f', { f: forged }).pipe(watermark({ timestamp: (v) => v.timestamp }));
      expectStream(out$).toBe('(f@5 W4)');
    }),
  );
});

describe('watermark', () => {
  it.each<[string, object]>([
    ['`timestamp` must be a function; got undefined', { timestamp: undefined }],
    ['`split` must be a function; got "user"', { split: 'user' }],
    ['`outOfOrderness` must be a duration >= 0', { outOfOrderness: -1 }],
    ['`outOfOrderness` must be a duration >= 0', { outOfOrderness: Infinity }],
    ['`idleTimeout` must be a duration > 0', { idleTimeout: 0 }],
    ["`onResume` must be 'ignore' or 'hold'; got \"wait\"", { onResume: 'wait' }],
    ['`maxFutureSkew` must be a duration >= 0', { maxFutureSkew: '-5 minutes' }],
    ["`onFutureSkew` must be 'pass' or 'quarantine'; got null", { onFutureSkew: null }],
    ['`maxSplits` must be an integer >= 1; got 0', { maxSplits: 0 }],
  ])('refuses a wrong option: %s', (message, wrong) => {
    expect(() => watermark({ ...byAt, ...wrong } as never)).toThrow(`watermark: ${message}`);
    expect(() => watermark({ ...byAt, ...wrong } as never)).toThrow(TypeError);
  });

  it('infers its type from the pipe, over values and over the events of a source', () => {
    const values$ = of({ user: 'u', at: 5 }).pipe(watermark({ timestamp: (v) => v.at }));
    const events$ = of<Element<{ when: Date }>>().pipe(watermark({ timestamp: (v) => v.when }));
    values$.subscribe((e) => e.kind === 'event' && e.value.user.length);
    events$.subscribe((e) => e.kind === 'event' && e.value.when.getTime());
    // @ts-expect-error a value cannot be reached past its element
    values$.pipe(map((e) => e.user));
  });
});

describe('watermark with a bound', () => {
  const values = { a: 1, b: 4, c: 2, d: 9, e: 6 };
  const make =
    (config: Partial<WatermarkConfig<number>>): Build =>
    (in$: Observable<any>) =>
      in$.pipe(watermark({ id: 'w', timestamp: (v: number) => v, outOfOrderness: 4, ...config }));
  const timestamp = (): number => {
    throw new Error('no');
  };
  const parity = (v: number): string => (v % 2 === 0 ? 'even' : 'odd');
  const throwing = make({ timestamp });
  const laws = operatorLaws(make({}), 'a c b c d e d', { values, throwing });
  it.each(laws)('$name', ({ check }) => check());
  const ofSplits = operatorLaws(make({ split: parity }), 'a b c d e d e b d', { values });
  it.each(ofSplits)('over splits $name', ({ check }) => check());
});
