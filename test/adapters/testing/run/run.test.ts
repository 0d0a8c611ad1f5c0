/** The tools of an event-time test: inputs, recordings, counters, RxJS's own helpers, and guards. */
import {
  animationFrames,
  asapScheduler,
  asyncScheduler,
  debounceTime,
  interval,
  last,
  map,
  merge,
  type Observable,
  observeOn,
  of,
  queueScheduler,
  range,
  repeat,
  retry,
  Subject,
  scan,
  share,
  switchMap,
  take,
  tap,
  throwError,
  timer,
  timestamp,
} from 'rxjs';
import {
  count,
  dedupe,
  type Element,
  event,
  eventTimeWindow,
  intervalJoin,
  toValues,
  tumbling,
  values,
} from 'tidemark';
import {
  type EventTimeTest,
  eventTimeTest,
  MarbleError,
  marbles,
  script,
  type TestOptions,
} from 'tidemark/testing';

type Body = (t: EventTimeTest) => void;

function thrownBy(body: Body, options?: TestOptions): MarbleError {
  try {
    eventTimeTest(body, options)();
  } catch (thrown) {
    return thrown as MarbleError;
  }
  throw new Error('the test passed');
}

describe('inputs', () => {
  it(
    'are scripts too, with their own values',
    eventTimeTest(({ stream, expectStream }) => {
      const orders = script()
        .event('a', { at: 5, value: { n: 1 } })
        .watermark(9)
        .complete();
      expectStream(stream(orders)).toBe('a@5 W9 |');
      expectStream(stream(orders)).toBe(orders);
      const closed = script()
        .event('b', { at: 5 })
        .together((s) => s.watermark(9));
      expectStream(stream(closed).pipe(values(map((v) => v.length)))).toBe(closed, { b: 1 });
    }),
  );
  it(
    'and bare values, may be written beforehand',
    eventTimeTest(({ source, expectStream }) => {
      const in$ = source(marbles('a b |', { a: 1, b: 2 })).pipe(map((v) => v + 1));
      expectStream(in$).toBe('b x |', { x: 3 });
    }),
  );
  it(
    'meet in the order of their subscriptions, in every frame',
    eventTimeTest(({ source, expectStream }) => {
      const both = merge(source('a · · a a'), source('b b · b b'));
      expectStream(both).toBe('(a b) b · (a b) (a b)');
    }),
  );
  it(
    'begin anew for each subscriber when they are cold',
    eventTimeTest(({ source, expectStream }) => {
      const in$ = source('a b |');
      expectStream(timer(2).pipe(switchMap(() => in$))).toBe('· · a b |');
      expectStream(in$).toBe('a b |');
    }),
  );
  it(
    'begin with time, once for all, when they are hot',
    eventTimeTest(({ hot, expectStream }) => {
      const in$ = hot('a@1 b@2 W2 c@3 |');
      expectStream(in$).toBe('a@1 b@2 W2 c@3 |');
      expectStream(timer(2).pipe(switchMap(() => in$))).toBe('· · · c@3 |');
    }),
  );
  it('stop when nobody listens any more', () => {
    let sent = 0;
    eventTimeTest(({ source, expectStream, scheduler }) => {
      const in$ = source('(a b c) d e f');
      expectStream(
        in$.pipe(
          tap(() => sent++),
          take(2),
        ),
      ).toBe('(a b |)');
      scheduler.schedule(() => expect(scheduler.nextFrame).toBeUndefined(), 1);
    })();
    expect(sent).toBe(2);
    const error = thrownBy(({ source, expectStream }) =>
      expectStream(source('(a b c) d').pipe(take(2))).toBe('(x b |)'),
    );
    expect(error.message).toMatch(/^in +\(a b\)$/m);
  });
});

describe('a pipeline that changes what it is sent', () => {
  const change = tap((v: { n: number; all: number[] }) => void v.all.push(++v.n));
  const make = () => ({ a: { n: 1, all: [] as number[] } });
  it('changes nothing that is expected', () => {
    expect(
      thrownBy(({ source, expectStream }) => {
        expectStream(source('a', make()).pipe(change)).toBe('a');
      }).message,
    ).toContain('n is 2 instead of 1');
    expect(
      thrownBy(({ source, expectStream }) => {
        const both = make();
        expectStream(source('a', both).pipe(change)).toBe('a', both);
      }).message,
    ).toContain('n is 2 instead of 1');
    expect(
      thrownBy(({ source, expectStream }) => {
        const built = script().value('a', make().a);
        expectStream(source(built).pipe(change)).toBe(built);
      }).message,
    ).toContain('n is 2 instead of 1');
  });
  it(
    'finds what cannot be copied as it was',
    eventTimeTest(({ source, expectStream }) => {
      const odd: Record<string, unknown> = {
        none: Object.freeze([undefined, 1]),
        get late(): never {
          throw new Error('not to be read');
        },
      };
      odd['self'] = odd;
      const given = { a: odd, f: () => 1, m: new Map([[odd, 1]]) };
      expectStream(source('f m', given)).toBe('f m');
    }),
  );
});

describe('an error that is undefined', () => {
  it(
    'is one that can be sent and expected',
    eventTimeTest(({ source, expectStream }) => {
      expectStream(source('a #', {}, undefined)).toBe('a #', {}, undefined);
      expectStream(throwError(() => undefined)).toBe('#', {}, undefined);
    }),
  );
});

describe('letters', () => {
  it(
    'of the scripts are known where the expectation brings its own',
    eventTimeTest(({ stream, expectStream }) => {
      const in$ = stream('a@1 b@2 |').pipe(values(map((v) => (v === 'b' ? 5 : v))));
      expectStream(in$).toBe('a@1 x@2 (W∞ |)', { x: 5 });
    }),
  );
  it('that nobody knows are refused with a caret', () => {
    const error = thrownBy(({ stream, expectStream }) =>
      expectStream(stream('a@1')).toBe('a@1 y@2', { x: 5 }),
    );
    expect(error.message).toMatch(/\^\n`y` is an unknown letter/);
  });
  it('that stand for two values are refused in an expectation that does not say which', () => {
    const test = (values?: object) =>
      eventTimeTest(({ source, expectStream }) => {
        expectStream(source('a b |', { a: 1, b: 2 }), 'one').toBe('a b |', { ...values });
        expectStream(source('a b |', { a: 3, b: 2 }), 'two').toBe('x b |', { x: 3 });
      });
    expect(test()).toThrow(
      'marbles: `a` stands for different values in two scripts of this test; give the expectation its value, or another letter',
    );
    test({ a: 1 })();
  });
});

describe('the options of a test', () => {
  it(
    'say where event time begins, in scripts, expectations and recordings, and what a token is worth',
    eventTimeTest(
      ({ stream, expectStream, record, flush }) => {
        const in$ = stream(`
          arrival  b a
          event    a · b`);
        expectStream(in$.pipe(map((e) => 'timestamp' in e && e.timestamp))).toBe('x y', {
          x: Date.UTC(2026, 2, 29, 0, 2),
          y: Date.UTC(2026, 2, 29),
        });
        expectStream(in$).toBe('b@2m a@2026-03-29T00:00Z');
        const out = record(in$);
        flush();
        expect(String(out)).toBe('b@2m a@0');
      },
      { epoch: '2026-03-29T00:00Z', unit: '1m' },
    ),
  );
});

describe("RxJS's schedulers", () => {
  it(
    'run in virtual time, and asap comes first in its frame',
    eventTimeTest(({ source, expectStream, scheduler }) => {
      expectStream(source('a · b').pipe(debounceTime(2))).toBe('· · · · b');
      const order = merge(
        of('async', asyncScheduler),
        of('asap', asapScheduler),
        of('queue', queueScheduler),
        of('later').pipe(observeOn(queueScheduler, 3)),
      );
      expectStream(order).toBe('(queue asap async) · · (later |)');
      const clocks = of(0).pipe(
        observeOn(asyncScheduler, 4),
        map(() => [asyncScheduler.now(), asapScheduler.now(), scheduler.now()]),
      );
      expectStream(clocks).toBe('· · · · (x |)', { x: [4, 4, 4] });
    }),
  );
  it('are their own selves afterwards, also after a failure', () => {
    const before = [asyncScheduler, asapScheduler, queueScheduler].map((s) => [s.schedule, s.now]);
    thrownBy(({ source, expectStream }) => expectStream(source('a')).toBe('b'));
    thrownBy(() => {
      throw new Error('no');
    });
    const after = [asyncScheduler, asapScheduler, queueScheduler].map((s) => [s.schedule, s.now]);
    expect(after).toEqual(before);
    expect(Math.abs(asyncScheduler.now() - Date.now())).toBeLessThan(1000);
  });
});

describe('a recording', () => {
  it(
    'is the lane as text, and every message',
    eventTimeTest(({ stream, record, flush }) => {
      const out = record(stream('a@1 b@2 (W2 a@9) 1m |', { a: 1, b: { n: 2 } }));
      flush();
      expect(String(out)).toBe('a@1 b@2 (W2 a@9) 1m |');
      expect(out.messages).toHaveLength(5);
      expect(out.name).toBe('recording');
    }),
  );
  it(
    'numbers values that have no letter, and writes times from the epoch',
    eventTimeTest(
      ({ stream, record, flush }) => {
        const out = record(stream('a@1 b@2 c@3').pipe(values(map((v) => [v === 'b' ? 1 : 2]))));
        flush();
        expect(String(out)).toBe('?1@1 ?2@2 ?1@3');
      },
      { epoch: '2026-03-29T00:00Z' },
    ),
  );
  it('that nobody looks at fails the test', () => {
    const error = thrownBy(({ stream, record }) => void record(stream('a@1'), 'kept'));
    expect(error.message).toContain('`kept` has no expectation');
    expect(error.stack?.split('\n').find((l) => l.startsWith('    at '))).toContain('run.test.ts');
  });
});

describe('counters', () => {
  it(
    'are a lane per counter, as it is at the end of a frame',
    eventTimeTest(({ stream, expectStream, counters, flush }) => {
      const stats = counters('seen');
      const in$ = stream('a@1 b@2 a@3 W9 |');
      expectStream(in$.pipe(dedupe({ key: (v) => v, within: 5, stats }))).toBe(
        'a@1 b@2 · W9 (W∞ |)',
      );
      stats.toBe('1 2 · 0');
      stats.toBe('1 2 2 0', 'live');
      stats.toBe('1 2 3', 'in');
      stats.toBe('· · 1', 'duplicate');
      expect(stats.in).toBe(0);
      flush();
      expect(stats.in).toBe(3);
      expect(stats.peak).toBe(2);
    }),
  );
  it(
    'have the counters of a group too',
    eventTimeTest(({ stream, expectStream, counters }) => {
      const stats = counters();
      const config = { leftKey: String, rightKey: String, lower: 0, upper: 9 } as const;
      const out$ = stream('a@1 b@1').pipe(intervalJoin(stream('· a@2'), { ...config, stats }));
      expectStream(out$.pipe(toValues(), map(String))).toBe('· x', { x: '[object Object]' });
      stats.toBe('1 2', 'left.in');
      stats.toBe('· 1', 'right.in');
    }),
  );
  it(
    'that change after a flush are what they are at the end of that frame',
    eventTimeTest(({ expectStream, counters, flush }) => {
      const stats = counters();
      const in$ = new Subject<Element<string>>();
      expectStream(in$.pipe(dedupe({ key: (v) => v, stats }))).toBe('(a@1 b@2)');
      flush();
      in$.next(event('a', 1));
      flush();
      in$.next(event('b', 2));
      stats.toBe('2', 'in');
    }),
  );
  it('that are others fail the test, and so do those of which nothing is expected', () => {
    const body =
      (expected: string | undefined) =>
      ({ stream, expectStream, counters }: EventTimeTest) => {
        const stats = counters('seen');
        expectStream(stream('a@1').pipe(dedupe({ key: (v) => v, stats }))).toBe('a@1');
        if (expected !== undefined) stats.toBe(expected);
      };
    expect(thrownBy(body('2')).message).toContain('seen.live');
    expect(thrownBy(body('·')).message).toContain('seen.live');
    expect(thrownBy(body('1 · 0')).message).toContain('seen.live');
    expect(thrownBy(body(undefined)).message).toContain('`seen` has no expectation');
  });
  it('that no operator was given are an error, also where nothing was to be counted', () => {
    const body: Body = ({ source, expectStream, counters }) => {
      expectStream(source('a')).toBe('a');
      counters('live').toBe('0');
    };
    expect(thrownBy(body).message).toContain('`live` counts for no operator');
  });
  it('that the operator does not have are named', () => {
    const error = thrownBy(({ stream, expectStream, counters }) => {
      const stats = counters('seen');
      expectStream(stream('a@1').pipe(dedupe({ key: (v) => v, stats }))).toBe('a@1');
      stats.toBe('1', 'lively');
    });
    expect(error.message).toMatch(/`seen` has no counter `lively`; it has in, accepted, late/);
  });
});

describe('doors', () => {
  it('that a test looks into need no marbles', () => {
    eventTimeTest(({ stream, expectStream, door, flush }) => {
      const late = door();
      const window = { window: tumbling(5), aggregate: { n: count() }, late };
      expectStream(stream('W9 a@1').pipe(eventTimeWindow(window))).toBe('W9');
      flush();
      expect(late.items).toHaveLength(1);
    })();
  });
  it('get anything', () => {
    eventTimeTest(({ door, source, expectStream }) => {
      const any = door();
      expectStream(source('a b').pipe(tap(any))).toBe('a b');
      any.toBe('a b');
    })();
  });
});

describe('a block of lanes', () => {
  const pipeline = ({ stream, door, counters }: EventTimeTest) => {
    const late = door('late');
    const stats = counters('state');
    const in$ = stream(`
      arrival     a  b  c  ·  d  (e |)
      event       c a  d  ·  ·  ·  ·  b  ·  e
      watermarks  ·  ·  ·  4
    `);
    const aggregate = { n: count() };
    return in$.pipe(eventTimeWindow({ window: tumbling(5), aggregate, late, stats }));
  };
  const block = `
      out         ·  ·  ·  x  ·  (y |)
      event       ·  ·  d  ·  x  ·  ·  ·  ·  y
      watermarks  ·  ·  ·  4  ·  ∞
      panes       ·  ·  ·  [0,5)  ·  [5,10)#0
      late        ·  ·  ·  ·  d
      state       1  2  ·  1  ·  0`;
  it(
    'is about the stream, its panes, the doors and the counters',
    eventTimeTest((t) => {
      t.expectStream(pipeline(t)).toBe(block, { x: { n: 2 }, y: { n: 2 } });
    }),
  );
  const wrong: readonly [string, string, string, RegExp][] = [
    ['a pane', '[0,5)', '[1,5)', /^panes, frame 3/],
    ['the index of a pane', '#0', '#1', /^panes, frame 5/],
    ['a late event', 'late        ·', 'late        ', /^late, frame 3: .*delayed by 1 frame/],
    ['a counter', '2  ·  1', '2  ·  2', /^state.live, frame 3/],
    ['a watermark', '4  ·  ∞', '3  ·  ∞', /^out, frame 3/],
    ['a head that nobody has', 'state', 'estate', /a lane `estate`.* there is: late, state$/],
  ];
  it.each(wrong)('fails where %s is another', (_, part, other, message) => {
    expect(block).toContain(part);
    const error = thrownBy((t) =>
      t.expectStream(pipeline(t)).toBe(block.replace(part, other), { x: { n: 2 }, y: { n: 2 } }),
    );
    expect(error.message).toMatch(message);
  });
  it(
    'may be about the side outputs alone, and about a counter by its own name',
    eventTimeTest((t) => {
      t.expectStream(pipeline(t)).toBe(`
        panes       ·  ·  ·  [0,5)  ·  [5,10)
        event       ·  ·  d
        late        ·  ·  ·  ·  d
        state.late  ·  ·  ·  ·  1
        in          1  2  3  ·  4  5`);
    }),
  );
  it(
    'says enough of a stream when it names but its door',
    eventTimeTest((t) => {
      t.expectStream(pipeline(t)).toBe(`
        event  ·  ·  d
        late   ·  ·  ·  ·  d
        state  1  2  ·  1  ·  0`);
    }),
  );
});

describe("RxJS's own helpers", () => {
  it(
    'work with their own notation',
    eventTimeTest(({ rx: { cold, hot, time, expectObservable, expectSubscriptions } }) => {
      const a = cold('-a-b|', { a: 1, b: 2 });
      const h = hot('--x-y--|');
      expectObservable(a.pipe(map((v) => v * 10))).toBe('-x-y|', { x: 10, y: 20 });
      expectObservable(h, '---^--!').toBe('----y');
      expectObservable(timer(time('--|'))).toBe('--(z|)', { z: 0 });
      expectObservable(of(cold('-i|'))).toBe('(o|)', { o: cold('-i|') });
      expectObservable(cold('--a|')).toEqual(cold('--a|'));
      expectSubscriptions(h.subscriptions).toBe('---^--!');
      expectSubscriptions(a.subscriptions).toBe(['^---!']);
    }),
  );
  it(
    'draw animation frames',
    eventTimeTest(({ rx }) => {
      rx.animate('---x---x---x');
      rx.expectObservable(
        animationFrames().pipe(
          map((f) => f.elapsed),
          take(2),
        ),
      ).toBe('---a---(b|)', { a: 3, b: 7 });
    }),
  );
  it(
    'stand beside event-time marbles, in the same time',
    eventTimeTest(({ rx, stream, expectStream }) => {
      const both = merge(rx.cold('-a-b|'), stream('x@1 · y@2 |').pipe(toValues()));
      expectStream(both).toBe('x a y b |');
      rx.expectObservable(both).toBe('xayb|');
    }),
  );
  it('assert, each on its own line', () => {
    const wrong: readonly ((t: EventTimeTest) => void)[] = [
      ({ rx }) => rx.expectObservable(of(1)).toBe('(a|)', { a: 2 }),
      ({ rx }) => rx.expectObservable(of(Number.NaN)).toBe('(a|)', { a: 0 }),
      ({ rx }) => rx.expectObservable(rx.cold('-a')).toBe('a'),
      ({ rx }) => rx.expectObservable(rx.cold('#', {}, 'error')).toBe('#', {}, ''),
      ({ rx }) => (rx.expectObservable(rx.cold('-a')) as any).toEqual(rx.cold('a')),
      ({ rx }) => {
        const a = rx.cold('-a');
        rx.expectObservable(a, '-^--!').toBe('--a');
        rx.expectSubscriptions(a.subscriptions).toBe('^--!');
      },
    ];
    for (const body of wrong) {
      const error = thrownBy(body);
      expect(error.name).toBe('MarbleError');
      const top = error.stack?.split('\n').find((l) => l.startsWith('    at '));
      expect(top).toContain('run.test.ts');
    }
  });
  it('tell two subscriptions apart', () => {
    const two =
      (...logs: string[]): Body =>
      ({ rx }) => {
        const in$ = rx.cold('--a--|');
        rx.expectObservable(in$, '^--!').toBe('--a');
        rx.expectObservable(in$, '-^!').toBe('-');
        rx.expectSubscriptions(in$.subscriptions).toBe(logs);
      };
    eventTimeTest(two('^--!', '-^!'))();
    expect(thrownBy(two('^-!', '-^-!')).message).toContain('rx subscriptions, frame 2');
  });
  it('may not be forgotten', () => {
    const forgotten = thrownBy(({ rx }) => void rx.expectObservable(of(1)));
    expect(forgotten.message).toContain('`rx` has no expectation');
    expect(forgotten.stack?.split('\n').find((l) => l.startsWith('    at '))).toContain(
      'run.test.ts',
    );
    const logs = ({ rx }: EventTimeTest) => void rx.expectSubscriptions([]);
    expect(thrownBy(logs).message).toContain('`rx subscriptions` has no expectation');
  });
});

describe('the guards', () => {
  it('a body that is async is an error that names the other function', () => {
    const body = async ({ source, expectStream }: EventTimeTest) => {
      expectStream(source('a')).toBe('a');
      throw new Error('not unhandled');
    };
    expect(thrownBy(body).message).toContain('use eventTimeTestAsync');
  });
  it('a test in a test is an error, and the one after it is none', () => {
    const error = thrownBy(() =>
      eventTimeTest(({ source, expectStream }) => expectStream(source('a')).toBe('a'))(),
    );
    expect(error.message).toContain('another event-time test is running');
    eventTimeTest(({ source, expectStream }) => expectStream(source('a')).toBe('a'))();
  });
  it('what an observer throws fails the test, and the rest still comes', () => {
    const seen: string[] = [];
    const error = thrownBy(({ source, scheduler }) => {
      source('a b c').subscribe((v) => {
        seen.push(v);
        if (v === 'a') throw new RangeError('in next');
      });
      scheduler.schedule(() => seen.push('timer'), 2);
    });
    expect(error).toEqual(new RangeError('in next'));
    expect(seen).toEqual(['a', 'b', 'c', 'timer']);
  });
  it('a script that is repeated for ever is an error, and one repeated often is none', () => {
    const ever: Body = ({ source, expectStream }) =>
      expectStream(source('a |').pipe(repeat())).toBe('a');
    const again: Body = ({ source, expectStream }) =>
      expectStream(source('a #').pipe(retry())).toBe('a');
    for (const body of [ever, again]) {
      expect(thrownBy(body, { maxActions: 1000 }).message).toContain('repeat or retry seems to');
    }
    eventTimeTest(
      ({ source, expectStream }) =>
        expectStream(
          source('a |').pipe(
            repeat(500),
            scan((n) => n + 1, 0),
            last(),
          ),
        ).toBe('500ms (x |)', { x: 500 }),
      { maxActions: 1000 },
    )();
  });
  it('a source that never returns is stopped, and an error', () => {
    const body: Body = ({ expectStream }) =>
      expectStream(range(0, Number.POSITIVE_INFINITY), 'numbers').toBe('0');
    expect(thrownBy(body).message).toContain(
      '`numbers` got 1000000 things in frame 0; a source seems to have no end',
    );
  });
  it('what stands in expectations alone cannot be sent', () => {
    expect(thrownBy(({ stream }) => void stream('a@1 ! b@2')).message).toBe(
      [
        'marbles: a@1 ! b@2',
        '             ^',
        '`!` stands in expectations alone; leave it out of what is sent',
      ].join('\n'),
    );
    const built = script().event('a', { at: 1 }).restore();
    const body: Body = ({ stream, expectStream }) => expectStream(stream(built)).toBe('a@1');
    expect(thrownBy(body).message).toContain('`restore` stands in expectations alone');
  });
  it('a timer without end is an error that says how to end it', () => {
    const body = ({ expectStream }: EventTimeTest) => expectStream(interval(1000)).toBe('1s x');
    expect(thrownBy(body, { maxActions: 100 }).message).toContain('unsubscribe with `!`');
  });
  it('a thing that is no stream, facts that are none, and bad options are refused', () => {
    const notAStream = [] as unknown as Observable<unknown>;
    expect(thrownBy(({ expectStream }) => void expectStream(notAStream)).message).toContain(
      'expectStream: `actual` must be an Observable',
    );
    const facts = { event: 1 } as unknown as [];
    expect(thrownBy(({ expectStream }) => expectStream(of(1)).toEmit(facts)).message).toContain(
      '`facts` must be an array',
    );
    expect(thrownBy(() => {}, { epoch: 'noon' }).message).toContain('`epoch` must be an instant');
    expect(thrownBy(() => {}, { unit: 0 }).message).toContain('`unit` must be a duration > 0');
  });
  it('`assert` is told once per expectation, and fails the test or does not', () => {
    const told: unknown[] = [];
    const options = { assert: (failure: unknown) => void told.push(failure) };
    eventTimeTest(({ source, expectStream, door }) => {
      const any = door();
      expectStream(source('a b').pipe(tap(any))).toBe('a b');
      any.toBe('a b');
    }, options)();
    expect(told).toEqual([undefined, undefined]);
    eventTimeTest(({ source, expectStream }) => expectStream(source('a')).toBe('b'), options)();
    expect(told[2]).toBeInstanceOf(MarbleError);
  });
  it(
    'an expectation may unsubscribe before anything comes, and after a flush',
    eventTimeTest(({ source, expectStream, flush }) => {
      expectStream(source('a b')).toBe('!');
      expectStream(source('a b c').pipe(share())).toBe('a !');
      flush();
      expectStream(source('c')).toBe('· c');
    }),
  );
});

it(
  'the clock of RxJS is the clock of the test',
  eventTimeTest(
    ({ source, expectStream }) => {
      expectStream(
        source('· a').pipe(
          timestamp(),
          map((t) => t.timestamp),
        ),
      ).toBe('· x', {
        x: 1_700_000_000_001,
      });
    },
    { clock: 1_700_000_000_000 },
  ),
);
