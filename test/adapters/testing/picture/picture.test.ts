/** What pictures know: fates, stairs and windows, of scripts alone and of what pipelines made of them. */
import fc from 'fast-check';
import type { Observable } from 'rxjs';
import { eventTimeWindow, session, sliding, tumbling, watermark } from 'tidemark';
import {
  eventTimeTest,
  type Fate,
  harness,
  type Message,
  marbles,
  type Picture,
  type PictureOptions,
  pictureOf,
  type Script,
  script,
} from 'tidemark/testing';

function fates(picture: Picture): Record<string, Fate> {
  return Object.fromEntries(picture.events.map((e) => [e.name, e.fate]));
}

function windows({ windows }: Picture): string[] {
  return windows.map(({ start, end, panes, passed, closed }) => {
    const told = panes.map((p) => `${p.timing}@${p.frame}`).join(' ');
    return `[${start},${end}) ${told} passed ${passed} closed ${closed}`;
  });
}

/** What an operator makes of a script, frame by frame; `build` may ask which frame it is. */
function driven(
  input: Script,
  build: (in$: Observable<any>, frame: () => number) => Observable<unknown>,
): readonly Message[] {
  let frame = 0;
  const h = harness((in$) => build(in$, () => frame), { inputs: 1, inJob: false });
  for (const m of input.messages) {
    h.advance(m.frame - frame);
    frame = m.frame;
    if (m.kind === 'event') h.push(m.value, m.timestamp);
    else if (m.kind === 'value') h.send(m.value);
    else if (m.kind === 'watermark') h.watermark(m.timestamp);
    else h.complete();
  }
  return h.outputs;
}

const small = marbles('a@1 b@7 c@3 W4 d@2 W9 |');

describe('the picture of a script', () => {
  it('has its events with arrival, event time and the watermark that judges them', () => {
    expect(pictureOf(small).events).toEqual([
      { frame: 0, timestamp: 1, name: 'a', fate: 'onTime', watermark: -Infinity },
      { frame: 1, timestamp: 7, name: 'b', fate: 'onTime', watermark: -Infinity },
      { frame: 2, timestamp: 3, name: 'c', fate: 'onTime', watermark: -Infinity },
      { frame: 4, timestamp: 2, name: 'd', fate: 'late', watermark: 4 },
    ]);
  });

  it('has the watermark as stairs, up to infinity where the script ends', () => {
    expect(pictureOf(small).watermarks).toEqual([
      { frame: 3, timestamp: 4 },
      { frame: 5, timestamp: 9 },
      { frame: 6, timestamp: Infinity },
    ]);
    expect(pictureOf(marbles('W4 W4 W3 W5')).watermarks).toHaveLength(2);
  });

  it('says that an event at the watermark is late, and one right after it is not', () => {
    expect(fates(pictureOf(marbles('W4 a@4 b@5')))).toEqual({ a: 'late', b: 'onTime' });
  });

  it('judges an event of one frame with a watermark by which came first', () => {
    expect(fates(pictureOf(marbles('(a@4 W4) (W6 b@6)')))).toEqual({ a: 'onTime', b: 'late' });
  });

  it('takes its epoch from the script', () => {
    expect(pictureOf(script({ epoch: 1000 }).event('a', { at: 5 }))).toMatchObject({ epoch: 1000 });
    expect(pictureOf(small, { epoch: '2026-01-01T00:00Z' }).epoch).toBe(Date.UTC(2026, 0, 1));
  });

  it('draws the watermark of a bound instead of its own', () => {
    const picture = pictureOf(marbles('W100 a@10 b@5 c@30 d@21 |'), { outOfOrderness: 4 });
    expect(picture.watermarks.map((w) => w.timestamp)).toEqual([5, 25, Infinity]);
    expect(fates(picture)).toEqual({ a: 'onTime', b: 'late', c: 'onTime', d: 'late' });
  });

  it('gives bare values the time of a function; what has none is invalid', () => {
    const values = { a: { at: 5 }, b: { at: Number.NaN }, c: null };
    const picture = pictureOf(marbles('a b c', values), {
      timestamp: (v: { at: number }) => v.at,
      outOfOrderness: 0,
    });
    expect(fates(picture)).toEqual({ a: 'onTime', b: 'invalid', c: 'invalid' });
    expect(picture.watermarks).toEqual([{ frame: 0, timestamp: 4 }]);
  });

  it('leaves bare values out where nobody says their time', () => {
    expect(pictureOf(marbles('a b@1')).events.map((e) => e.name)).toEqual(['b']);
  });

  it('refuses options that mean nothing', () => {
    expect(() => pictureOf(small, { outOfOrderness: -1 })).toThrow('`outOfOrderness` must be');
    expect(() => pictureOf(small, { epoch: 'noon' })).toThrow('`epoch` must be an instant');
  });
});

describe('the windows of a picture', () => {
  it('fire where the operator would fire them', () => {
    expect(windows(pictureOf(small, { windows: tumbling(5) }))).toEqual([
      '[0,5) onTime@3 passed 3 closed 3',
      '[5,10) onTime@5 passed 5 closed 5',
    ]);
  });

  it('are there before they fire', () => {
    expect(windows(pictureOf(marbles('a@1 W3'), { windows: tumbling(5) }))).toEqual([
      '[0,5)  passed undefined closed undefined',
    ]);
  });

  it('are there where they closed before their only event came', () => {
    const picture = pictureOf(marbles('W9 a@1'), { windows: tumbling(5) });
    expect(windows(picture)).toEqual(['[0,5)  passed 0 closed 0']);
    expect(fates(picture)).toEqual({ a: 'late' });
  });

  it('take late events while they are open', () => {
    const picture = pictureOf(marbles('a@1 W3 b@2'), { windows: tumbling(5) });
    expect(fates(picture)).toEqual({ a: 'onTime', b: 'lateTaken' });
  });

  it('linger for the allowed lateness, with a late pane for each event', () => {
    const picture = pictureOf(marbles('a@1 W4 b@2 W6 c@3'), {
      windows: tumbling(5),
      allowedLateness: 2,
    });
    expect(windows(picture)).toEqual(['[0,5) onTime@1 late@2 passed 1 closed 3']);
    expect(fates(picture)).toEqual({ a: 'onTime', b: 'lateTaken', c: 'late' });
  });

  it('overlap, and merge as sessions per key', () => {
    const slid = pictureOf(marbles('a@7 |'), { windows: sliding(10, 5) });
    expect(slid.windows.map((w) => [w.start, w.end])).toEqual([
      [0, 10],
      [5, 15],
    ]);
    const values = { a: 'x', b: 'y', c: 'x' };
    const apart = pictureOf(marbles('a@1 b@3 c@5 |', values), {
      windows: session(5),
      key: (v: string) => v,
    });
    expect(apart.windows.map((w) => [w.start, w.end])).toEqual([
      [1, 10],
      [3, 8],
    ]);
  });

  it('leave out the session that a late event would have opened', () => {
    const picture = pictureOf(marbles('a@1 W9 b@2'), { windows: session(5) });
    expect(windows(picture)).toEqual(['[1,6) onTime@1 passed 1 closed 1']);
    expect(fates(picture)).toEqual({ a: 'onTime', b: 'late' });
  });

  it('pass over withdrawals, which no window computes', () => {
    expect(pictureOf(marbles('a@1 -a@1 |'), { windows: tumbling(5) }).windows).toHaveLength(1);
  });
});

describe('the picture of a recording', () => {
  const input = marbles('a@1 b@7 c@3 W4 d@2 W9 |');

  function run(options: { readonly allowedLateness?: number } = {}): PictureOptions {
    const late: Message[] = [];
    const out = driven(input, (in$, frame) =>
      in$.pipe(
        eventTimeWindow({
          window: tumbling(5),
          aggregate: {},
          ...options,
          late: ({ value, timestamp }) =>
            void late.push({ kind: 'event', frame: frame(), value, timestamp }),
        }),
      ),
    );
    return { out, late };
  }

  it('has the windows of the output, and the late events of the door', () => {
    const picture = pictureOf(input, run());
    expect(windows(picture)).toEqual(windows(pictureOf(input, { windows: tumbling(5) })));
    expect(fates(picture)['d']).toBe('late');
  });

  it('says that a late event which the door did not get was taken', () => {
    const picture = pictureOf(input, run({ allowedLateness: 9 }));
    expect(fates(picture)['d']).toBe('lateTaken');
    expect(picture.windows[0]?.panes).toEqual([
      { frame: 3, timing: 'onTime' },
      { frame: 4, timing: 'late' },
    ]);
  });

  it('has the watermarks of the output where the script has none', () => {
    const at = { a: 5, b: 9, c: 2 };
    const bare = marbles('a b c |', at);
    const out = driven(bare, (in$) =>
      in$.pipe(watermark({ timestamp: (t: number) => t, outOfOrderness: 1 })),
    );
    const picture = pictureOf(bare, { out, timestamp: (t) => t });
    expect(picture.watermarks.map((w) => w.timestamp)).toEqual([3, 7, Infinity]);
    expect(fates(picture)).toEqual({ a: 'onTime', b: 'onTime', c: 'late' });
  });

  it(
    'takes recordings and doors of a test as they are',
    eventTimeTest(({ stream, record, door, flush }) => {
      const late = door('late');
      const window = eventTimeWindow({ window: tumbling(5), aggregate: {}, late });
      const out = record(stream(input).pipe(window));
      flush();
      const picture = pictureOf(input, { out, late });
      expect(picture).toEqual(pictureOf(input, { windows: tumbling(5) }));
      late.toBe('· · · · d@2');
    }),
  );

  it('reads panes of an expectation', () => {
    const out: Message[] = [{ kind: 'pane', frame: 3, timing: 'onTime', start: 0, end: 5 }];
    expect(pictureOf(input, { out }).windows).toHaveLength(1);
  });

  it('has the left window of a joined row', () => {
    const left = { key: [], window: { start: 0, end: 5 }, pane: { timing: 'onTime' }, value: 1 };
    const out: Message[] = [{ kind: 'value', frame: 3, value: { left, right: 2 } }];
    expect(pictureOf(input, { out }).windows[0]?.panes).toEqual([{ frame: 3, timing: 'onTime' }]);
  });
});

describe('a thing of a door', () => {
  const thing = (frame: number, value: unknown, timestamp: number): Message => ({
    kind: 'event',
    frame,
    value,
    timestamp,
  });

  it('is the latest event of its value and time that has arrived', () => {
    const picture = pictureOf(marbles('a@1 a@1 b@1 a@1'), { duplicate: [thing(1, 'a', 1)] });
    expect(picture.events.map((e) => e.fate)).toEqual(['onTime', 'duplicate', 'onTime', 'onTime']);
  });

  it('is one event each, also where all of them are alike', () => {
    const duplicate = [thing(0, 'a', 1), thing(0, 'a', 1)];
    const picture = pictureOf(marbles('(a@1 a@1 a@1)'), { duplicate });
    expect(picture.events.map((e) => e.fate)).toEqual(['onTime', 'duplicate', 'duplicate']);
  });

  it('is found by frame and time where the value was changed on the way', () => {
    const picture = pictureOf(marbles('a@1 b@2'), { late: [thing(1, { changed: true }, 2)] });
    expect(fates(picture)).toEqual({ a: 'onTime', b: 'late' });
  });

  it('is an event of its own where the script has none like it', () => {
    const picture = pictureOf(marbles('a@1 W9 b@12'), { late: [thing(1, 'z', 4)] });
    expect(picture.events).toMatchObject([
      { name: 'a', fate: 'onTime' },
      { name: 'z', fate: 'late', watermark: 9 },
      { name: 'b', fate: 'onTime' },
    ]);
  });

  it('of the invalid door moves no watermark and opens no window', () => {
    const picture = pictureOf(marbles('a@1 b@900'), {
      invalid: [thing(1, 'b', 900)],
      outOfOrderness: 0,
      windows: tumbling(5),
    });
    expect(fates(picture)).toEqual({ a: 'onTime', b: 'invalid' });
    expect(picture.watermarks).toHaveLength(1);
    expect(picture.windows).toHaveLength(1);
  });
});

it('the late events of a picture are those of the operator, whatever the script', () => {
  const times = fc.array(fc.integer({ min: -50, max: 50 }), { maxLength: 30 });
  fc.assert(
    fc.property(times, fc.nat(20), fc.nat(10), (all, bound, allowedLateness) => {
      let input: Script = script();
      for (const at of all) input = input.value('e', at);
      const door: number[] = [];
      driven(input.complete(), (in$) =>
        in$.pipe(
          watermark({ timestamp: (t: number) => t, outOfOrderness: bound }),
          eventTimeWindow({
            window: sliding(10, 4),
            aggregate: {},
            allowedLateness,
            late: (l) => void door.push(l.value),
          }),
        ),
      );
      const picture = pictureOf(input.complete(), {
        timestamp: (t) => t,
        outOfOrderness: bound,
        windows: sliding(10, 4),
        allowedLateness,
      });
      const late = picture.events.filter((e) => e.fate === 'late').map((e) => e.timestamp);
      expect(late).toEqual(door);
    }),
    { seed: 4, numRuns: 200 },
  );
});
