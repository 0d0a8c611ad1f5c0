/** Event-time tests with promises in them: in virtual time, and under fake timers. */
import { setImmediate as macrotask } from 'node:timers/promises';
import {
  asyncScheduler,
  concatMap,
  config,
  debounceTime,
  delay,
  firstValueFrom,
  interval,
  lastValueFrom,
  map,
  mergeMap,
  of,
  Subject,
  tap,
  timer,
  timestamp,
  toArray,
} from 'rxjs';
import {
  count,
  dedupe,
  type Element,
  event,
  eventTimeWindow,
  toValues,
  tumbling,
  watermark,
} from 'tidemark';
import {
  type AsyncEventTimeTest,
  type AsyncTestOptions,
  eventTimeTest,
  eventTimeTestAsync,
  MarbleError,
} from 'tidemark/testing';

type Body = (t: AsyncEventTimeTest) => void | Promise<void>;

const rejected = (body: Body, options?: AsyncTestOptions): Promise<Error> =>
  eventTimeTestAsync(body, options)().then(
    () => {
      throw new Error('the test passed');
    },
    (thrown) => thrown,
  );

const modes: readonly [string, () => AsyncTestOptions][] = [
  ['in virtual time', () => ({})],
  ['under fake timers', () => ({ fakeTimers: jest })],
];

describe.each(modes)('%s', (_, mode) => {
  const test = (body: Body, options: AsyncTestOptions = {}) =>
    eventTimeTestAsync(body, { ...mode(), ...options });

  it('promises settle in the frame in which they were made', async () => {
    await test(({ stream, expectStream }) => {
      const upper = concatMap(async (v: string) => {
        await undefined;
        return v.toUpperCase();
      });
      expectStream(stream('a@1 b@2 (c@3 |)').pipe(toValues(), upper)).toBe('A B (C |)');
    })();
  });
  it('promises settle however many steps they take, also over some turns of the event loop', async () => {
    await test(async ({ source, expectStream, door, flush }) => {
      const got = door();
      const slow = mergeMap(async (v: string) => {
        for (let i = 0; i < 50; i++) await undefined;
        return v;
      });
      expectStream(source('a b (c |)').pipe(slow)).toBe('a b (c |)');
      const turns = mergeMap(async (v: string) => {
        await macrotask();
        await macrotask();
        return v;
      });
      expectStream(source('9ms (a |)').pipe(turns, tap(got))).toBe('9ms (a |)');
      await flush();
      expect(got.items).toEqual(['a']);
    })();
  });
  it('timers without a scheduler are those of the test', async () => {
    await test(({ source, expectStream }) => {
      expectStream(source('a · b').pipe(debounceTime(3))).toBe('5ms b');
      expectStream(timer(3600_000).pipe(map(() => asyncScheduler.now()))).toBe('1h (x |)', {
        x: 3600_000,
      });
      expectStream(source('a b |').pipe(mergeMap((v) => of(v).pipe(delay(5))))).toBe('5ms a (b |)');
    })();
  });
  it('a promise may wait for a timer of RxJS', async () => {
    await test(({ source, expectStream }) => {
      const later = concatMap(async (v: string) => {
        await firstValueFrom(timer(10));
        return `${v}${v}`;
      });
      expectStream(source('a b |').pipe(later)).toBe('10ms aa 9ms (bb |)');
    })();
  });
  it('the body may wait: for a flush, or for a stream', async () => {
    await test(async ({ stream, source, expectStream, door, record, flush }) => {
      const late = door('late');
      const out = record(stream('a@1 W9 b@2 |').pipe(dedupe({ key: (v) => v, late })));
      await flush();
      expect(late.items.map(({ value }) => value)).toEqual(['b']);
      expect(String(out)).toBe('a@1 W9 · (W∞ |)');
      const letters = source('a b |').pipe(delay(60_000), toArray());
      expect(await lastValueFrom(letters)).toEqual(['a', 'b']);
      expectStream(of(1)).toBe('60004ms (x |)', { x: 1 });
    })();
  });
  it('the clock shows what the test says', async () => {
    const clock = 1_700_000_000_000;
    await test(
      ({ source, expectStream, scheduler }) => {
        const clocks = map(() => [asyncScheduler.now() - clock, scheduler.now() - clock]);
        expectStream(source('· a').pipe(clocks)).toBe('· x', { x: [1, 1] });
      },
      { clock },
    )();
  });
  it('windows, counters, hot inputs and helpers of RxJS work as ever', async () => {
    await test(async ({ hot, expectStream, counters, flush, rx }) => {
      const stats = counters('state');
      const aggregate = { n: count() };
      const in$ = hot('a@1 b@2 W4 c@7 |').pipe(
        mergeMap(async (e) => e),
        eventTimeWindow({ window: tumbling(5), aggregate, stats }),
      );
      expectStream(in$).toBe('· · (x@4 W4) · (y@9 W∞ |)', { x: { n: 2 }, y: { n: 1 } });
      stats.toBe('1 · 0 1 0');
      const a = rx.cold('-a-b|');
      rx.expectObservable(a).toBe('-a-b|');
      await flush();
      rx.expectSubscriptions(a.subscriptions).toBe('^---!');
    })();
  });
  it('idleness and ticks of a watermark need no scheduler in the config', async () => {
    await test(({ source, expectStream }) => {
      const in$ = source('a · ·').pipe(
        watermark({ timestamp: () => 5, idleTimeout: 3, outOfOrderness: 1 }),
      );
      expectStream(in$).toBe('(a@5 W3) · · idle');
    })();
  });
  it('an expectation that does not hold fails the test', async () => {
    const error = await rejected(({ source, expectStream }) => {
      expectStream(source('a').pipe(mergeMap(async (v) => v))).toBe('b');
    }, mode());
    expect(error).toBeInstanceOf(MarbleError);
    expect(error.stack?.split('\n').find((l) => l.startsWith('    at '))).toContain(
      'asyncTest.test.ts',
    );
  });
  it('what is thrown fails the test: by the body, by an action, by an observer', async () => {
    const thrown = new RangeError('no');
    const throws = (): never => {
      throw thrown;
    };
    const bodies: readonly Body[] = [
      throws,
      async ({ flush, source, expectStream }) => {
        expectStream(source('a')).toBe('a');
        await flush();
        throws();
      },
      ({ scheduler, source, expectStream }) => {
        expectStream(source('a')).toBe('a');
        scheduler.schedule(throws, 5);
      },
      ({ source, expectStream }) => {
        expectStream(source('a')).toBe('a');
        source('a').subscribe(throws);
      },
    ];
    for (const body of bodies) expect(await rejected(body, mode())).toBe(thrown);
    expect(config.onUnhandledError).toBeFalsy();
  });
  it('an endless timer is an error', async () => {
    const error = await rejected(({ expectStream }) => expectStream(interval(1000)).toBe('1s x'), {
      ...mode(),
      maxActions: 50,
    });
    expect(error.message).toContain('unsubscribe with `!`');
  });
  it('everything is as before afterwards, and there may be but one at a time', async () => {
    const before = [asyncScheduler.schedule, asyncScheduler.now, setTimeout, Date];
    const body: Body = ({ source, expectStream }) => expectStream(source('a')).toBe('a');
    const first = test(body)();
    expect((await rejected(body, mode())).message).toContain('another event-time test is running');
    expect(() => eventTimeTest(() => {})()).toThrow('another event-time test is running');
    await first;
    await rejected(({ source, expectStream }) => expectStream(source('a')).toBe('b'), mode());
    await test(body)();
    expect([asyncScheduler.schedule, asyncScheduler.now, setTimeout, Date]).toEqual(before);
  });
});

it('under fake timers setTimeout and Date go with the test', async () => {
  await eventTimeTestAsync(
    ({ source, expectStream }) => {
      const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
      const later = concatMap(async (v: string) => {
        await wait(1000);
        return [v, Date.now()];
      });
      expectStream(source('a 9ms b |').pipe(later)).toBe('1s x 999ms (y |)', {
        x: ['a', 1000],
        y: ['b', 2000],
      });
      expectStream(source('· a').pipe(timestamp())).toBe('· x', {
        x: { value: 'a', timestamp: 1 },
      });
    },
    { fakeTimers: jest },
  )();
});
it('under fake timers counters are sampled also where only setTimeout acted', async () => {
  await eventTimeTestAsync(
    ({ expectStream, counters }) => {
      const stats = counters();
      const in$ = new Subject<Element<string>>();
      setTimeout(() => in$.next(event('a', 1)), 5);
      setTimeout(() => in$.next(event('b', 1)), 10);
      expectStream(in$.pipe(dedupe({ key: (v) => v, stats }))).toBe('5ms a@1 4ms b@1');
      stats.toBe('5ms 1 4ms 2', 'in');
    },
    { fakeTimers: jest },
  )();
});
it('under fake timers an action that a timer schedules is not late', async () => {
  await eventTimeTestAsync(
    ({ source, expectStream, scheduler }) => {
      const in$ = new Subject<string>();
      setTimeout(() => {
        scheduler.schedule(() => in$.next('now'));
        scheduler.schedule(() => in$.next('soon'), 5);
      }, 10);
      expectStream(in$).toBe('10ms now 4ms soon');
      expectStream(source('100ms a')).toBe('100ms a');
    },
    { fakeTimers: jest },
  )();
});
it('a body that waits for what never comes is told so', async () => {
  const error = await rejected(async ({ source, expectStream }) => {
    expectStream(source('a')).toBe('a');
    await new Promise(() => {});
  });
  expect(error.message).toContain('the body still waits');
}, 20_000);
it('under fake timers a test ends where the timers were faked before it', async () => {
  const real = setTimeout;
  jest.useFakeTimers();
  await eventTimeTestAsync(
    ({ source, expectStream }) => {
      expectStream(source('a 1h b |').pipe(concatMap(async (v) => v))).toBe('a 1h b |');
    },
    { fakeTimers: jest },
  )();
  expect(setTimeout).toBe(real);
}, 2000);

it('what is expected after the end is refused, since nothing would compare it', async () => {
  const kept: AsyncEventTimeTest[] = [];
  await eventTimeTestAsync((t) => {
    kept.push(t);
    t.expectStream(t.source('a')).toBe('a');
    const late = t.door('late');
    late.toBe('');
    kept.push({ ...t, expectStream: () => late });
  })();
  for (const { expectStream, source } of kept) {
    expect(() => expectStream(source('a')).toBe('b')).toThrow('marbles: the test has ended');
    expect(() => expectStream(source('a')).toEmit([])).toThrow('marbles: the test has ended');
  }
});
