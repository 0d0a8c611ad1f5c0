/** The marble helper itself: right pipelines pass, wrong ones fail with a readable text. */
import { concat, map, NEVER, type Observable, of, tap, timer } from 'rxjs';
import { type EventTimeTest, eventTimeTest } from 'tidemark/testing';
import { sameValue } from '../../../../adapters/testing/report/equality.js';
import { parseMarbles } from '../../../../adapters/testing/script/notation.js';
import { type Element, event, isElement, watermarkAt, withValue } from '../../../../lib/element.js';

function failureOf(body: (t: EventTimeTest) => void): string {
  try {
    eventTimeTest(body)();
  } catch (thrown) {
    return (thrown as Error).message;
  }
  throw new Error('the test passed');
}

function plusOne(in$: Observable<Element<number>>): Observable<Element<number>> {
  return in$.pipe(
    map((e) => (e.kind === 'event' ? event(e.value + 1, e.timestamp, { op: e.op }) : e)),
  );
}

describe('a pipeline that does what the marbles say', () => {
  it(
    'passes, frame by frame, with every kind of token',
    eventTimeTest(({ stream, expectStream }) => {
      const in$ = stream('a@1 · (b@-2 W-3) idle active -a@1 W9 10ms W∞ |', { a: 1, b: 2 });
      expectStream(plusOne(in$)).toBe('x@1 · (y@-2 W-3) idle active -x@1 W9 10ms W∞ |', {
        x: 2,
        y: 3,
      });
    }),
  );
  it(
    'takes a letter for its own value, and bare values as such',
    eventTimeTest(({ source, stream, expectStream }) => {
      expectStream(source('a b |').pipe(map((v) => v.toUpperCase()))).toBe('A B |');
      expectStream(stream('a@10m W1h |')).toBe('a@600000 W3600000 |');
    }),
  );
  it(
    'compares a window result by its value, or by the fields that are named',
    eventTimeTest(({ source, expectStream }) => {
      const result = {
        key: 'k',
        window: { start: 0, end: 5 },
        pane: { timing: 'late', index: 1 },
        value: { n: 4 },
      };
      const in$ = source('r r r |', { r: result });
      expectStream(in$).toBe('x y z |', {
        x: { n: 4 },
        y: { key: 'k', pane: { timing: 'late' } },
        z: { window: { start: 0, end: 5 }, value: { n: 4 } },
      });
    }),
  );
  it(
    'sees doors by frame, with the letters of the scripts',
    eventTimeTest(({ stream, expectStream, door, flush }) => {
      const late = door();
      const in$ = stream('a@1 b@2 c@3', { a: 1, b: 2, c: 3 });
      expectStream(
        in$.pipe(tap((e) => e.kind === 'event' && e.value > 1 && late({ ...e, reason: 'late' }))),
      ).toBe('a@1 b@2 c@3');
      late.toBe('· b@2 c@3');
      flush();
      expect(late.items.map((l) => l.reason)).toEqual(['late', 'late']);
    }),
  );
  it(
    'may end in an error: that of the script, one by class, or one by message',
    eventTimeTest(({ stream, expectStream }) => {
      expectStream(stream('a@1 #')).toBe('a@1 #');
      expectStream(stream('a@1 #', {}, new TypeError('no'))).toBe('a@1 #', {}, 'TypeError');
      expectStream(stream('a@1 #', {}, new TypeError('no'))).toBe('a@1 #', {}, /^no$/);
    }),
  );
  it(
    'is unsubscribed where the expectation says so',
    eventTimeTest(({ expectStream }) => {
      expectStream(timer(1, 1)).toBe('· zero one !', { zero: 0, one: 1 });
    }),
  );
  it(
    'sees the clock start where the test says',
    eventTimeTest(
      ({ source, expectStream, scheduler }) => {
        expectStream(source('a b').pipe(map(() => scheduler.now()))).toBe('x y', {
          x: 1_700_000_000_000,
          y: 1_700_000_000_001,
        });
      },
      { clock: 1_700_000_000_000 },
    ),
  );
});

describe('a pipeline that does something else fails', () => {
  const wrong: readonly [string, string, string][] = [
    ['an event too many', 'a@1 b@2', 'a@1'],
    ['an event missing', 'a@1', 'a@1 b@2'],
    ['another value', 'a@1', 'b@1'],
    ['another event time', 'a@1', 'a@2'],
    ['another frame', '· a@1', 'a@1'],
    ['another watermark', 'W4', 'W5'],
    ['another order in a frame', '(a@1 W1)', '(W1 a@1)'],
    ['another status', 'idle', 'active'],
    ['a withdrawal', '-a@1', 'a@1'],
    ['a bare value for an event', 'a', 'a@1'],
    ['no completion', 'a@1', 'a@1 |'],
    ['a completion', 'a@1 |', 'a@1'],
    ['an error', '#', '|'],
  ];
  it.each(wrong)('%s', (_, script, expected) => {
    const text = failureOf(({ stream, expectStream }) =>
      expectStream(stream(script)).toBe(expected),
    );
    expect(text).toMatch(/^out, frame \d+: /);
  });
  it('another error', () => {
    const text = failureOf(({ stream, expectStream }) =>
      expectStream(stream('#', {}, new Error('other'))).toBe('#'),
    );
    expect(text).toContain('another error: Error: other instead of Error: # of the script');
  });
  it('a control element that nobody expected', () => {
    const text = failureOf(({ expectStream }) =>
      expectStream(concat(of(watermarkAt(1)), NEVER)).toBe('·'),
    );
    expect(text).toContain('W1');
  });
  it('a door that got more, or less, or at another frame', () => {
    for (const expected of ['·', 'a@1 a@1', '· a@1']) {
      const text = failureOf(({ stream, expectStream, door }) => {
        const late = door();
        expectStream(stream('a@1').pipe(tap((e) => isElement(e) && late(e)))).toBe('a@1');
        late.toBe(expected);
      });
      expect(text).toMatch(/^door, frame \d+: /);
    }
  });
  it('an expectation, of a stream or of a door, that was forgotten; a test that expects nothing', () => {
    expect(failureOf(({ stream, expectStream }) => void expectStream(stream('a@1')))).toContain(
      'no expectation',
    );
    expect(failureOf(({ door }) => void door())).toContain('no expectation');
    expect(failureOf(() => {})).toContain('expects nothing');
  });
});

describe('the failure text', () => {
  it('is two lines in the notation, a pointer, and what the letters stand for', () => {
    const text = failureOf(({ stream, expectStream }) =>
      expectStream(plusOne(stream('a@1 W4 a@2 a@3 |', { a: 1 }))).toBe('x@1 W4 y@2 x@3 |', {
        x: 2,
        y: { n: 3 },
      }),
    );
    expect(text.split('\n')).toEqual([
      'out, frame 2: expected y@2, received x@2: 2 instead of { n: 3 }',
      '',
      'frame          0    1   2    3    4',
      'in             a@1  W4  a@2  a@3  |',
      'out  expected  x@1  W4  y@2  x@3  |',
      '     received  x@1  W4  x@2  x@3  |',
      '                        ^',
      '',
      'y = { n: 3 }',
      'x = 2',
      'a = 1',
    ]);
  });
  it('numbers values that have no letter, and shortens long silence', () => {
    const text = failureOf(({ stream, expectStream }) =>
      expectStream(
        stream('a@1 1m a@2').pipe(
          map((e) => e.kind === 'event' && withValue(e, new Map([[1, 2]]))),
        ),
      ).toBe('b@1', { b: 0 }),
    );
    expect(text).toContain('received  ?1@1  1m  ?1@2');
    expect(text).toContain('?1 = Map(1) { 1 => 2 }');
  });
  it('points at the line that wrote the expectation', () => {
    try {
      eventTimeTest(({ stream, expectStream }) => expectStream(stream('a@1')).toBe('a@2'))();
    } catch (thrown) {
      expect((thrown as Error).stack?.split('\n').find((l) => l.includes(' at '))).toContain(
        'eventTimeTest.test.ts',
      );
    }
    expect.assertions(1);
  });
});

describe('the notation', () => {
  it.each(['a@', 'a@x', '@1', '(a@1', 'a@1)', '((a@1))', 'a@1.5', '?'])('refuses %s', (text) => {
    expect(() => parseMarbles(text)).toThrow(/^marbles: /);
  });
  it('does not take -0 for 0, nor a missing field for another', () => {
    expect(sameValue(0, -0)).toBe(false);
    expect(sameValue({ a: 1 }, { a: 1, b: 2 })).toBe(false);
    expect(sameValue({ left: 1 }, { left: 1, right: undefined })).toBe(true);
    expect(sameValue(new Date(0), new Date(1))).toBe(false);
  });
});
