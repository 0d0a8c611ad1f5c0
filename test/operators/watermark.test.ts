/** watermark as an operator: time out of events, splits, idleness, invalid events, completion. */
import { map, type Observable, of, Subject, take } from 'rxjs';
import { type Build, eventTimeTest, operatorLaws } from 'tidemark/testing';
import type { Invalid } from '../../lib/doors.js';
import { type Element, event, splitsOf, statusOf, watermarkAt } from '../../lib/element.js';
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

/** One line an element: `5`, `W4`, `idle`; the error or end last. */
function lines(config: WatermarkConfig<any>, ...sent: unknown[]): string[] {
  const out: string[] = [];
  of(...sent)
    .pipe(watermark(config))
    .subscribe({
      next: (e) => out.push(line(e)),
      error: (e) => out.push(String(e)),
      complete: () => out.push('|'),
    });
  return out;
}

function line(e: Element<unknown>): string {
  if (e.kind === 'event') return `${e.timestamp}${e.split === undefined ? '' : ` of ${e.split}`}`;
  if (e.kind === 'watermark') return `W${e.timestamp === Infinity ? '∞' : e.timestamp}`;
  return e.kind === 'status' ? e.status : e.kind;
}

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

  it('lets late events pass: each operator judges for itself', () => {
    expect(lines(byAt, at(9), at(2), at(8), at(9))).toEqual(['9', 'W8', '2', '8', '9', 'W∞', '|']);
  });

  it('from a Date and from text with a zone', () => {
    const texts = ['1970-01-01T00:00:01Z', '1970-01-01T01:00:02.5+01:00'];
    expect(lines({ timestamp: (v: string) => v }, ...texts).slice(0, 4)).toEqual([
      '1000',
      'W999',
      '2500',
      'W2499',
    ]);
    expect(lines({ timestamp: (v: number) => new Date(v) }, 7)[0]).toBe('7');
  });

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
  it('takes the least of them, an undeclared one from its first event on', () => {
    const sent = [at(5, 'a'), at(9, 'a'), at(2, 'b'), at(20, 'a'), at(12, 'b'), at(15, 'b')];
    expect(lines(bySplit, ...sent)).toEqual([
      ...['5 of a', 'W4', '9 of a', 'W8', '2 of b', '20 of a'],
      ...['12 of b', 'W11', '15 of b', 'W14', 'W∞', '|'],
    ]);
  });

  it('stays at −∞ until every declared split has had an event', () => {
    const sent = [splitsOf(['p', 'q']), from('p', 5), from('p', 9), from('q', 3)];
    expect(lines(byAt, ...sent)).toEqual(['5 of p', '9 of p', '3 of q', 'W2', 'W∞', '|']);
  });

  it('takes an undeclared split of the source for one that counts, too', () => {
    const sent = [from('p', 5), from('q', 3), from('q', 9), from('p', 7)];
    expect(lines(byAt, ...sent)).toEqual([
      ...['5 of p', 'W4', '3 of q', '9 of q', '7 of p', 'W6', 'W∞', '|'],
    ]);
  });

  it('keeps the unnamed split beside those of the source once it has had an event', () => {
    const sent = [at(5), from('p', 9), at(7)];
    expect(lines(byAt, ...sent).slice(0, 5)).toEqual(['5', 'W4', '9 of p', '7', 'W6']);
  });

  it('lets a split function replace splits and declarations of the source', () => {
    const sent = [splitsOf(['p', 'q']), event(at(5, 'a'), Number.NaN, { split: 'p' })];
    expect(lines(bySplit, ...sent)).toEqual(['5 of a', 'W4', 'W∞', '|']);
  });

  it('errors at one split more than maxSplits', () => {
    const config = { ...bySplit, maxSplits: 2 };
    const out = lines(config, at(1, 'a'), at(1, 'b'), at(2, 'a'), at(1, 'c'));
    expect(out.slice(0, 4)).toEqual(['1 of a', 'W0', '1 of b', '2 of a']);
    expect(out[4]).toMatch(/^SplitError: watermark: more than 2 splits \(`maxSplits`\); /);
  });

  function from(split: string, t: number) {
    return event(at(t), Number.NaN, { split });
  }
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
    eventTimeTest(({ stream, expectStream, scheduler }) => {
      const in$ = new Subject<Element<Reading>>();
      scheduler.schedule(() => in$.next(splitsOf(['p', 'q'])), 1);
      scheduler.schedule(() => in$.next(event(at(5), Number.NaN, { split: 'p' })), 2);
      expectStream(in$.pipe(watermark({ ...byAt, idleTimeout: 6 }))).toBe('· · a@5 4ms W4 idle', {
        a: at(5),
      });
      expectStream(stream('·')).toBe('·');
    }),
  );
  it(
    'arms no timer without a time-out, and at most one with it',
    eventTimeTest(({ source, expectStream, scheduler, flush }) => {
      const schedule = jest.spyOn(scheduler, 'schedule');
      const values = { a: at(5, 'a'), b: at(9, 'b') };
      const armed = () => schedule.mock.calls.length;
      const quiet$ = source('a b a b', values).pipe(watermark({ ...bySplit, scheduler }));
      const timed$ = source('a b a b !', values).pipe(
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
  it('what is no instant: it leaves by invalid with the reason and moves nothing', () => {
    const left: Invalid<unknown>[] = [];
    const bad = [Number.NaN, Infinity, 1.5, undefined, null, 5n, new Date(Number.NaN), {}, '5'];
    const config = { timestamp: (v: any) => v, invalid: (i: Invalid<unknown>) => left.push(i) };
    expect(lines(config, ...bad, '2020-01-01T00:00:00', 7)).toEqual(['7', 'W6', 'W∞', '|']);
    expect(left.map((i) => i.reason)).toEqual([...bad.map(() => 'timestamp'), 'zone']);
    expect(left.map((i) => i.value)).toEqual([...bad, '2020-01-01T00:00:00']);
  });

  it('a function of the user that throws: invalid, or the end where nobody is at the door', () => {
    const thrown = new Error('no');
    const timestamp = (v: number) => {
      if (v === 1) throw thrown;
      return v;
    };
    const split = (v: number) => {
      if (v === 2) throw thrown;
      return 'a';
    };
    const left: Invalid<number>[] = [];
    const config = { timestamp, split, invalid: { next: (i: Invalid<number>) => left.push(i) } };
    expect(lines(config, 1, 2, 3)).toEqual(['3 of a', 'W2', 'W∞', '|']);
    expect(left).toEqual([
      { value: 1, reason: 'threw', error: thrown },
      { value: 2, reason: 'threw', error: thrown },
    ]);
    expect(lines({ timestamp, split }, 3, 1, 4)).toEqual([
      ...['3 of a', 'W2', 'UserFunctionError: watermark: `timestamp` threw: no'],
    ]);
    expect(lines({ timestamp, split }, 2)).toEqual([
      'UserFunctionError: watermark: `split` threw: no',
    ]);
  });

  it('a split that is no text', () => {
    const left: Invalid<Reading>[] = [];
    const out = lines({ ...bySplit, invalid: (i: Invalid<Reading>) => left.push(i) }, at(5));
    expect(out).toEqual(['W∞', '|']);
    expect(left).toEqual([{ value: at(5), reason: 'key', timestamp: 5 }]);
  });

  it('a door that throws: the stream errors', () => {
    const invalid = () => {
      throw new Error('full');
    };
    expect(lines({ ...byAt, invalid }, at(Number.NaN), at(5))).toEqual([
      'UserFunctionError: watermark: `invalid` threw: full',
    ]);
  });

  it('and counts what it is given: in = accepted + invalid', () => {
    let stats: WatermarkStats | undefined;
    const sent = [at(5, 'a'), at(Number.NaN), at(7, 'b')];
    lines({ ...bySplit, stats: (s) => (stats = s) }, ...sent);
    expect(stats).toMatchObject({ in: 3, accepted: 2, invalid: 1, out: 2, live: 2, peak: 2 });
  });
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
      ({ source, expectStream, flush }) => {
        let stats: WatermarkStats | undefined;
        const config = {
          ...byAt,
          onFutureSkew: 'pass',
          stats: (s: WatermarkStats) => (stats = s),
        } as const;
        expectStream(source('f a', values).pipe(watermark(config))).toBe(
          `f@${wall + 300_002} (a@${wall} W${wall - 1})`,
        );
        flush();
        expect(stats).toMatchObject({ future: 1, invalid: 0, accepted: 2 });
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
  it('discards its watermarks and status, stamps anew, and finishes with it', () => {
    const sent = [
      ...[event(at(5), 1), watermarkAt(400, 7), statusOf('idle'), event(at(9), 2, { op: '-' })],
      ...[statusOf('active'), watermarkAt(Infinity, 7), event(at(11), 3)],
    ];
    expect(lines(byAt, ...sent)).toEqual(['5', 'W4', '9', 'W8', 'W∞', '11', '|']);
  });

  it('keeps revision, op and replaces of an event', () => {
    const window = { start: 0, end: 5 };
    const sent = event(at(5), 1, { op: '-', revision: [4, 1], replaces: [window], split: 'p' });
    let got: unknown;
    of(sent)
      .pipe(watermark(byAt), take(1))
      .subscribe((e) => (got = e));
    expect(got).toEqual(
      event(at(5), 5, { op: '-', revision: [4, 1], replaces: [window], split: 'p' }),
    );
  });

  it('accepts one origin, and 0', () => {
    expect(lines(byAt, watermarkAt(1, 7), watermarkAt(2, 0), watermarkAt(3, 7))).toEqual([
      'W∞',
      '|',
    ]);
    expect(lines(byAt, watermarkAt(1, 7), watermarkAt(2, 8))).toEqual([
      'WatermarkOriginError: watermark: watermarks of two origins met in one input; use union(a, b), or put retry above watermark',
    ]);
  });

  it('takes data that looks like an element for a value', () => {
    const forged = { kind: 'watermark', timestamp: 5, origin: 0 };
    expect(lines({ timestamp: (v: typeof forged) => v.timestamp }, forged)[0]).toBe('5');
  });
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
    ['`maxSplits` must be a whole number >= 1; got 0', { maxSplits: 0 }],
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
