/** eventTimeWindow as an operator: its stories in time, its doors, its errors. */
import { take, tap } from 'rxjs';
import {
  collect,
  count,
  type Element,
  type EventTimeWindowConfig,
  event,
  eventTimeWindow,
  session,
  sliding,
  sum,
  toValues,
  tumbling,
  type WindowStats,
  watermark,
} from 'tidemark';
import { eventTimeTest, harness } from 'tidemark/testing';

const list = { list: collect<string>() };
const of5 = { window: tumbling(5), aggregate: list } as const;
type Config = EventTimeWindowConfig<string, any, any>;
const windowing = (config: Partial<Config> = {}) =>
  eventTimeWindow<string, any, any>({ ...of5, ...config });
const having = (...values: string[]) => ({ list: values });

/** The result of the window `[start, end)`. */
const result = (start: number, end: number, ...values: string[]) => ({
  window: { start, end },
  value: having(...values),
});

describe('tumbling windows', () => {
  it(
    'take what is out of order, and fire when W reaches their last instant, results before W',
    eventTimeTest(({ stream, expectStream, door }) => {
      const late = door();
      const in$ = stream('a@1 b@7 c@3 W4 d@2 W9 |', { a: 1, b: 2, c: 3, d: 4 });
      const n = sum((v: number) => v);
      expectStream(in$.pipe(eventTimeWindow({ window: tumbling(5), aggregate: { n }, late }))).toBe(
        '· · · (x@4 W4) · (y@9 W9) (W∞ |)',
        { x: { n: 4 }, y: { n: 2 } },
      );
      late.toBe('· · · · d@2');
    }),
  );
  it(
    'hold a window whose last instant W has not reached, by a millisecond',
    eventTimeTest(({ stream, expectStream }) => {
      expectStream(stream('a@0 W3 a@4 W4').pipe(windowing())).toBe('· W3 · (x@4 W4)', {
        x: having('a', 'a'),
      });
    }),
  );
  it(
    'fire in order of end, then of the first arrival of the key in the window',
    eventTimeTest(({ stream, expectStream }) => {
      const in$ = stream('b@7 a@1 b@2 a@8 c@3 W20');
      const keyed = windowing({ key: (v: string) => v });
      expectStream(in$.pipe(keyed)).toBe('· · · · · (p@4 q@4 r@4 s@9 t@9 W20)', {
        p: { key: 'a', window: { start: 0, end: 5 }, value: having('a') },
        q: { key: 'b', value: having('b') },
        r: { key: 'c', value: having('c') },
        s: { key: 'b', window: { start: 5, end: 10 } },
        t: { key: 'a' },
      });
    }),
  );
  it(
    'lie on the grid of their offset, also before 1970',
    eventTimeTest(({ stream, expectStream }) => {
      const at = (offset: number) => windowing({ window: tumbling(5, { offset }) });
      expectStream(stream('a@-1 b@0 c@-5 d@4 |').pipe(at(0))).toBe('4ms (x@-1 y@4 W∞ |)', {
        x: result(-5, 0, 'a', 'c'),
        y: result(0, 5, 'b', 'd'),
      });
      expectStream(stream('a@1 b@2 c@6 d@7 |').pipe(at(2))).toBe('4ms (x@1 y@6 z@11 W∞ |)', {
        x: result(-3, 2, 'a'),
        y: result(2, 7, 'b', 'c'),
        z: result(7, 12, 'd'),
      });
      expectStream(stream('a@0 b@1 |').pipe(at(-4))).toBe('· · (x@0 y@5 W∞ |)', {
        x: result(-4, 1, 'a'),
        y: result(1, 6, 'b'),
      });
    }),
  );
  it(
    'are made for events alone: none is empty',
    eventTimeTest(({ stream, expectStream }) => {
      expectStream(stream('a@0 b@100000 |').pipe(windowing())).toBe('· · (x@4 y@100004 W∞ |)', {
        x: result(0, 5, 'a'),
        y: result(100_000, 100_005, 'b'),
      });
    }),
  );
});

describe('late events', () => {
  it(
    'are in their window as long as it has not fired, however far behind W',
    eventTimeTest(({ stream, expectStream, door }) => {
      const late = door();
      const in$ = stream('a@1 W3 b@0 W4 c@0');
      expectStream(in$.pipe(windowing({ late }))).toBe('· W3 · (x@4 W4) ·', {
        x: having('a', 'b'),
      });
      late.toBe('· · · · c@0');
    }),
  );
  it(
    'make a late pane at once within the allowed lateness, and are late at its end',
    eventTimeTest(({ stream, expectStream, door, flush }) => {
      const late = door();
      const in$ = stream('a@1 W4 b@2 W6 c@3 W7 d@4');
      const windows = windowing({ allowedLateness: 3, late });
      expectStream(in$.pipe(windows)).toBe('· (x@4 W4) y@4 W6 z@4 W7 ·', {
        x: {
          pane: { timing: 'onTime', index: 0, isFirst: true, isFinal: false },
          value: having('a'),
        },
        y: { pane: { timing: 'late', index: 1, isFirst: false }, value: having('a', 'b') },
        z: { pane: { timing: 'late', index: 2 }, value: having('a', 'b', 'c') },
      });
      late.toBe('· · · · · · d@4');
      flush();
      expect(late.items).toEqual([
        {
          value: 'd',
          timestamp: 4,
          split: undefined,
          watermark: 7,
          reason: 'expired',
          windows: [{ start: 0, end: 5 }],
        },
      ]);
    }),
  );
  it(
    'give the news alone when discarding',
    eventTimeTest(({ stream, expectStream }) => {
      const windows = windowing({
        allowedLateness: 3,
        accumulation: 'discarding',
      });
      expectStream(stream('a@1 W4 b@2 |').pipe(windows)).toBe('· (x@4 W4) y@4 (W∞ |)', {
        x: having('a'),
        y: having('b'),
      });
    }),
  );
  it(
    'that only some windows missed are told apart, and panes leave before the doors are told',
    eventTimeTest(({ stream, expectStream, door, flush }) => {
      const [late, missed] = [door(), door()];
      const windows = windowing({ window: sliding(4, 2), late, missed });
      expectStream(stream('a@1 W3 b@3 W5 c@1 |').pipe(windows)).toBe(
        '· (p@1 q@3 W3) · (r@5 W5) · (W∞ |)',
        { p: having('a'), q: having('a'), r: having('b') },
      );
      missed.toBe('· · b@3');
      late.toBe('· · · · c@1');
      flush();
      expect(missed.items[0].windows).toEqual([{ start: 0, end: 4 }]);
    }),
  );
  it(
    'in a gap between windows are late behind W, and unassigned before it',
    eventTimeTest(({ stream, expectStream, door, counters, flush }) => {
      const stats = counters<WindowStats>();
      const late = door();
      const windows = windowing({ window: sliding(2, 5), late, stats });
      expectStream(stream('a@3 W10 b@8 c@14').pipe(windows)).toBe('· W10 · ·');
      late.toBe('· · b@8');
      flush();
      expect(late.items[0].reason).toBe('gap');
      const { accepted, unassigned } = stats;
      expect([stats.in, accepted, stats.late, unassigned]).toEqual([3, 0, 1, 2]);
    }),
  );
});

describe('sessions', () => {
  it(
    'merge when they touch, and stay apart by a millisecond more',
    eventTimeTest(({ stream, expectStream }) => {
      const sessions = () => windowing({ window: session(3) });
      expectStream(stream('a@0 b@3 c@7 |').pipe(sessions())).toBe('· · · (x@5 y@9 W∞ |)', {
        x: result(0, 6, 'a', 'b'),
        y: result(7, 10, 'c'),
      });
      expectStream(stream('a@7 b@0 c@3 d@5 |').pipe(sessions())).toBe('4ms (x@9 W∞ |)', {
        x: result(0, 10, 'a', 'b', 'c', 'd'),
      });
    }),
  );
  it(
    'have the gap of each event',
    eventTimeTest(({ stream, expectStream }) => {
      const window = session((v: string) => (v === 'long' ? 10 : 1));
      const in$ = stream('a@5 long@0 b@20 |');
      expectStream(in$.pipe(windowing({ window }))).toBe('· · · (x@9 y@20 W∞ |)', {
        x: result(0, 10, 'a', 'long'),
        y: result(20, 21, 'b'),
      });
    }),
  );
  it(
    'that a late event bridges become one, whose pane names those that had fired',
    eventTimeTest(({ stream, expectStream, flush }) => {
      const replaced: unknown[] = [];
      const windows = windowing({ window: session(3), allowedLateness: 20 });
      const seen = tap((e: Element<unknown>) => e.kind === 'event' && replaced.push(e.replaces));
      expectStream(stream('a@0 b@6 W8 c@3').pipe(windows, seen)).toBe('· · (x@2 y@8 W8) z@8', {
        x: having('a'),
        y: having('b'),
        z: {
          window: { start: 0, end: 9 },
          pane: { index: 1, timing: 'late' },
          value: having('a', 'b', 'c'),
        },
      });
      flush();
      const [one, two] = [
        { start: 0, end: 3 },
        { start: 6, end: 9 },
      ];
      expect(replaced).toEqual([undefined, undefined, [one, two]]);
    }),
  );
});

describe('the end', () => {
  it(
    'fires what is open, then W∞, then completes',
    eventTimeTest(({ stream, expectStream }) => {
      expectStream(stream('a@1 b@7 |').pipe(windowing())).toBe('· · (x@4 y@9 W∞ |)', {
        x: having('a'),
        y: having('b'),
      });
    }),
  );
  it(
    'fires nothing when it is an error, or when nobody listens any more',
    eventTimeTest(({ stream, expectStream }) => {
      expectStream(stream('a@1 #').pipe(windowing())).toBe('· #');
      expectStream(stream('a@1 · W4').pipe(windowing())).toBe('· ! ·');
    }),
  );
  it(
    'gives no more of a firing than downstream wants',
    eventTimeTest(({ stream, expectStream }) => {
      expectStream(stream('a@1 b@6 c@11 W20').pipe(windowing(), take(2))).toBe(
        '· · · (x@4 y@9 |)',
        { x: having('a'), y: having('b') },
      );
    }),
  );
});

describe('idleness', () => {
  it(
    'waits behind open windows, and passes when the last has fired',
    eventTimeTest(({ stream, expectStream }) => {
      expectStream(stream('a@1 W2 idle active W4 idle').pipe(windowing())).toBe(
        '· W2 · · (x@4 W4) idle',
        { x: having('a') },
      );
    }),
  );
});

describe('what goes wrong', () => {
  it(
    'in a key function leaves by invalid, and changes nothing',
    eventTimeTest(({ stream, expectStream, door, flush }) => {
      const invalid = door();
      const key = (v: string): string => {
        if (v === 'b') throw new Error('no key');
        return v === 'c' ? (undefined as never) : 'k';
      };
      const windows = windowing({ key, invalid });
      expectStream(stream('a@1 b@2 c@3 W4').pipe(windows)).toBe('· · · (x@4 W4)', {
        x: having('a'),
      });
      invalid.toBe('· b@2 c@3');
      flush();
      expect(invalid.items.map((i) => i.reason)).toEqual(['threw', 'key']);
    }),
  );
  it(
    'in a key, gap, aggregate or door without another way out errors the stream, by name',
    eventTimeTest(({ stream, expectStream }) => {
      const boom = (): never => {
        throw new Error('boom');
      };
      const wrong: EventTimeWindowConfig<string, any, any>[] = [
        { ...of5, key: boom },
        { window: session(boom), aggregate: list },
        { ...of5, aggregate: { n: sum(boom) } },
        { ...of5, late: boom },
      ];
      for (const config of wrong) {
        const out$ = stream('W4 (b@9 a@1)').pipe(eventTimeWindow(config));
        expectStream(out$).toBe('W4 #', {}, 'UserFunctionError');
      }
    }),
  );
  it(
    'is a withdrawal, since accumulators cannot take it back',
    eventTimeTest(({ stream, expectStream }) => {
      expectStream(stream('-a@1').pipe(windowing())).toBe('#', {}, 'RetractionError');
    }),
  );
  it(
    'is a key beyond maxKeys, until another key is free',
    eventTimeTest(({ stream, expectStream, door, flush }) => {
      const invalid = door();
      const windows = windowing({ key: (v) => v, maxKeys: 1, invalid });
      expectStream(stream('a@1 b@2 a@3 W4 b@7 W9').pipe(windows)).toBe(
        '· · · (x@4 W4) · (y@9 W9)',
        { x: having('a', 'a'), y: having('b') },
      );
      invalid.toBe('· b@2');
      flush();
      expect(invalid.items[0].reason).toBe('maxKeys');
    }),
  );
  it(
    'fires no window of its own where its key is one too many, so that a restart counts the same',
    eventTimeTest(({ stream, expectStream, counters, flush }) => {
      const stats = counters<WindowStats>();
      const windows = windowing({ key: (v) => v, maxKeys: 1, stats, invalid: () => {} });
      const in$ = stream('a@6 b@2 W4 W9').pipe(windows);
      expectStream(in$).toBe('· · W4 (x@9 W9)', { x: having('a') });
      flush();
      expect(stats.fired).toBe(1);
    }),
  );
  it('is an option, and is said at construction', () => {
    const make = (config: object) => () => windowing(config);
    expect(make({ window: 5 })).toThrow(/^eventTimeWindow: `window` must be/);
    expect(make({ key: 'k' })).toThrow(/`key` must be a function; got "k"$/);
    expect(make({ allowedLateness: '-1s' })).toThrow(/`allowedLateness` must be a duration >= 0/);
    expect(make({ accumulation: 'all' })).toThrow(/`accumulation` must be/);
    expect(make({ maxKeys: 0 })).toThrow(/`maxKeys` must be/);
    expect(make({ trigger: 'early' })).toThrow(/`trigger` must be/);
    expect(() => tumbling(0)).toThrow(TypeError);
    expect(() => sliding(10, -1)).toThrow(TypeError);
    expect(() => session('5 parsecs' as never)).toThrow(TypeError);
  });
});

describe('counters', () => {
  it(
    'add up at every element',
    eventTimeTest(({ stream, expectStream, counters, flush }) => {
      const stats = counters<WindowStats>('stats');
      const window = sliding(4, 2);
      const in$ = stream('a@1 W3 b@3 c@0 W9 d@2 e@8 |');
      const windows = eventTimeWindow({ window, aggregate: { n: count() }, stats });
      expectStream(in$.pipe(windows)).toBe('· (p@1 p@3 W3) · · (p@5 W9) · · (p@11 W∞ |)', {
        p: { n: 1 },
      });
      stats.toBe('            1 · 2 3 · 4 5 ·', 'in');
      stats.toBe('            1 · 2 · · · 3 ·', 'accepted');
      stats.toBe('            · · · 1 · 2 · ·', 'late');
      stats.toBe('            · · 1 · · · 2 ·', 'partiallyLate');
      stats.toBe('            · 2 · · 3 · · 4', 'out');
      flush();
      expect([stats.invalid, stats.duplicate, stats.unassigned, stats.live]).toEqual([0, 0, 0, 0]);
      expect(stats.taken + stats.missed).toBe(10);
    }),
  );
});

it(
  'an on-time result is never late to the next window',
  eventTimeTest(({ source, expectStream, door }) => {
    const late = door('late');
    const out$ = source('a b c d e f g |', { a: 3, b: 9, c: 1, d: 12, e: 27, f: 26, g: 40 }).pipe(
      watermark({ timestamp: (t) => t, outOfOrderness: 2 }),
      eventTimeWindow({ window: tumbling(5), aggregate: { n: count() } }),
      eventTimeWindow({ window: tumbling(20), aggregate: { n: sum((r) => r.value.n) }, late }),
      toValues(),
    );
    expectStream(out$).toBe('4ms x · · (y z |)', { x: { n: 3 }, y: { n: 2 }, z: { n: 1 } });
    late.toBe('·');
  }),
);

it('an event without a valid time leaves by `invalid` and changes nothing', () => {
  const invalid: unknown[] = [];
  const h = harness((in$) =>
    in$.pipe(windowing({ invalid: ({ reason, timestamp }) => invalid.push([reason, timestamp]) })),
  );
  const times = [NaN, Infinity, -Infinity, 1.5];
  expect(times.map((t) => h.send(event('a', t)))).toEqual(times.map(() => '·'));
  expect(invalid).toEqual(times.map((t) => ['timestamp', t]));
  expect(h.push('a', 3)).toBe('·');
  h.watermark(9);
  expect(h.take()).toMatchObject([{ value: { value: having('a') } }, { timestamp: 9 }]);
});
