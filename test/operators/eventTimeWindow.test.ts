/** eventTimeWindow as an operator: its stories in time, its doors, its errors. */
import { map, of, take, tap } from 'rxjs';
import { eventTimeTest } from 'tidemark/testing';
import { type Element, event, watermarkAt } from '../../lib/element.js';
import {
  collect,
  count,
  type EventTimeWindowConfig,
  eventTimeWindow,
  session,
  sliding,
  sum,
  toValues,
  tumbling,
  type WindowStats,
  watermark,
} from '../../operators/index.js';

const list = { list: collect<string>() };
const of5 = { window: tumbling(5), aggregate: list } as const;
type Config = EventTimeWindowConfig<string, any, any>;
const windowing = (config: Partial<Config> = {}) =>
  eventTimeWindow<string, any, any>({ ...of5, ...config });
const having = (...values: string[]) => ({ list: values });

/** What W∞ fires over events, as one string. */
function windowsOf(config: EventTimeWindowConfig<string, any, any>, ...at: number[]): string {
  const fired: string[] = [];
  of(...at.map((t) => event(`${t}`, t)), watermarkAt(Infinity))
    .pipe(eventTimeWindow(config), toValues())
    .subscribe(({ window: { start, end }, value }) =>
      fired.push(`[${start},${end}) ${value.list}`),
    );
  return fired.join(' · ');
}

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
  it('lie on the grid of their offset, also before 1970', () => {
    expect(windowsOf(of5, -1, 0, -5, 4)).toBe('[-5,0) -1,-5 · [0,5) 0,4');
    expect(windowsOf({ ...of5, window: tumbling(5, { offset: 2 }) }, 1, 2, 6, 7)).toBe(
      '[-3,2) 1 · [2,7) 2,6 · [7,12) 7',
    );
    expect(windowsOf({ ...of5, window: tumbling(5, { offset: -4 }) }, 0, 1)).toBe(
      '[-4,1) 0 · [1,6) 1',
    );
  });
  it('are made for events alone: none is empty', () => {
    expect(windowsOf(of5, 0, 100_000)).toBe('[0,5) 0 · [100000,100005) 100000');
  });
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
    eventTimeTest(({ stream, expectStream, door, flush }) => {
      let stats: WindowStats | undefined;
      const late = door();
      const windows = windowing({
        window: sliding(2, 5),
        late,
        stats: (live) => {
          stats = live;
        },
      });
      expectStream(stream('a@3 W10 b@8 c@14').pipe(windows)).toBe('· W10 · ·');
      late.toBe('· · b@8');
      flush();
      expect(late.items[0].reason).toBe('gap');
      expect(stats).toMatchObject({ in: 3, accepted: 0, late: 1, unassigned: 2 });
    }),
  );
});

describe('sessions', () => {
  it('merge when they touch, and stay apart by a millisecond more', () => {
    const gap3 = { window: session(3), aggregate: list };
    expect(windowsOf(gap3, 0, 3, 7)).toBe('[0,6) 0,3 · [7,10) 7');
    expect(windowsOf(gap3, 7, 0, 3, 5)).toBe('[0,10) 7,0,3,5');
  });
  it('have the gap of each event', () => {
    const gap = session((v: string) => (v === '0' ? 10 : 1));
    expect(windowsOf({ window: gap, aggregate: list }, 5, 0, 20)).toBe('[0,10) 5,0 · [20,21) 20');
  });
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
  it('add up at every element', () => {
    let stats: WindowStats | undefined;
    const script: Element<string>[] = [
      event('a', 1),
      watermarkAt(3),
      event('b', 3),
      event('c', 0),
      watermarkAt(9),
      event('d', 2),
      event('e', 8),
      watermarkAt(Infinity),
    ];
    of(...script)
      .pipe(
        eventTimeWindow({
          window: sliding(4, 2),
          aggregate: { n: count() },
          stats: (live) => {
            stats = live;
          },
        }),
        map(() => stats as WindowStats),
      )
      .subscribe((s) => {
        expect(s.in).toBe(s.accepted + s.late + s.invalid + s.duplicate + s.unassigned);
      });
    expect(stats).toMatchObject({ in: 5, accepted: 3, late: 2, live: 0, partiallyLate: 2 });
    expect((stats?.taken ?? 0) + (stats?.missed ?? 0)).toBe(10);
  });
});

it('an on-time result is never late to the next window', () => {
  const totals: number[] = [];
  of(3, 9, 1, 12, 27, 26, 40)
    .pipe(
      watermark({ timestamp: (t) => t, outOfOrderness: 2 }),
      eventTimeWindow({ window: tumbling(5), aggregate: { n: count() } }),
      eventTimeWindow({
        window: tumbling(20),
        aggregate: { n: sum((r) => r.value.n) },
        late: () => totals.push(NaN),
      }),
      toValues(),
    )
    .subscribe((r) => totals.push(r.value.n));
  expect(totals).toEqual([3, 2, 1]);
});

it('an event without a valid time leaves by `invalid` and changes nothing', () => {
  const seen: unknown[] = [];
  of(...[NaN, Infinity, -Infinity, 1.5, 3].map((t) => event('a', t)), watermarkAt(9))
    .pipe(
      windowing({ invalid: ({ reason, timestamp }) => seen.push([reason, timestamp]) }),
      toValues(),
    )
    .subscribe(({ value }) => seen.push(value));
  expect(seen).toEqual([
    ...[NaN, Infinity, -Infinity, 1.5].map((t) => ['timestamp', t]),
    { list: ['a'] },
  ]);
});
