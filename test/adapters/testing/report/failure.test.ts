/** Failures of whole scenes: the kind of difference, long lanes, crowds, facts, and what a runner is given. */
import { type Fact, failureOf, type Message, type Scene, type SceneLane } from 'tidemark/testing';
import { parseMarbles } from '../../../../adapters/testing/script/notation.js';

type Lane = Omit<SceneLane, 'received' | 'expected'> & {
  readonly received: string | readonly Message[];
  readonly expected?: string;
};

function scene(lanes: readonly Lane[], values: Scene['values'] = {}, epoch = 0): Scene {
  const read = (text: string): Message[] => parseMarbles(text, { values, epoch });
  return {
    lanes: lanes.map(({ received, expected, ...rest }) => ({
      ...rest,
      received: typeof received === 'string' ? read(received).map(withoutName) : received,
      ...(expected !== undefined && { expected: read(expected) }),
    })),
    values,
    epoch,
  };
}

function withoutName(m: Message): Message {
  const { name: _, ...rest } = { name: '', ...m };
  return rest as Message;
}

function textOf(expected: string, received: string, values: Scene['values'] = {}): string {
  return failureOf(scene([{ head: 'out', expected, received }], values))?.message ?? 'passes';
}

function said(expected: string, received: string, values: Scene['values'] = {}): string {
  return textOf(expected, received, values).split('\n')[0] as string;
}

function factsSaid(facts: readonly Fact[], received: string, values: Scene['values'] = {}): string {
  return failureOf(scene([{ head: 'out', facts, received }], values))?.message ?? 'passes';
}

describe('the first line', () => {
  const cases: readonly [string, string, string][] = [
    ['a@1', 'a@1', 'passes'],
    ['a@1 b@2', 'a@1', 'out, frame 1: the event b@2 is missing'],
    ['a@1 b@2 c@3', 'a@1 · c@3', 'out, frame 1: the event b@2 is missing'],
    ['a@1', 'a@1 b@2', 'out, frame 1: the event b@2 was not expected'],
    ['a@1 · c@3', 'a@1 b@2 c@3', 'out, frame 1: the event b@2 was not expected'],
    ['a@1 a@1', 'a@1', 'out, frame 1: the event a@1 is missing'],
    ['a@1', 'a@1 a@1', 'out, frame 1: the event a@1 was not expected (the same came at frame 0)'],
    [
      'W5',
      'W5 a@4',
      'out, frame 1: the event a@4 was not expected (it is behind W5: late for all that follow)',
    ],
    [
      '(a@1 b@2)',
      '(b@2 a@1)',
      'out, frame 0: wrong order: b@2 came before a@1, expected a@1 first',
    ],
    ['a@1 b@2', 'b@2 a@1', 'out, frame 0: wrong order: b@2 came before a@1, expected a@1 first'],
    [
      '(a@1 W1)',
      '(W1 a@1)',
      'out, frame 0: wrong order: W1 came before a@1, expected a@1 first (a watermark leaves after all that it releases)',
    ],
    ['a@1 · ·', '· · a@1', 'out, frame 0: the event a@1 is delayed by 2 frames, to frame 2'],
    ['· · a@1', 'a@1', 'out, frame 0: the event a@1 is 2 frames too early, expected at frame 2'],
    [
      'a@1 W1 |',
      '· a@1 W1 |',
      'out, frame 0: the event a@1 is delayed by 1 frame, to frame 1, and so is all that follows (2 more)',
    ],
    [
      'b@2 a@1 · ·',
      'b@2 · · a@1',
      'out, frame 1: the event a@1 is delayed by 2 frames, to frame 3',
    ],
    ['a@1', 'b@1', 'out, frame 0: expected a@1, received b@1'],
    ['a@1', 'a@2', 'out, frame 0: expected a@1, received a@2: the event time is 2 instead of 1'],
    [
      'a@1',
      'b@2',
      "out, frame 0: expected a@1, received b@2: the event time is 2 instead of 1; and 'b' instead of 'a'",
    ],
    [
      'a@1 ·',
      '· b@1',
      "out, frame 0: the event a@1 is missing; b@1 came instead at frame 1: 'b' instead of 'a'",
    ],
    ['W4', 'W5', 'out, frame 0: the watermark is W5 instead of W4'],
    [
      'W4 W6',
      'W4 W3',
      'out, frame 1: the watermark is W3 instead of W6 (a watermark must not go back: W4 came before)',
    ],
    ['idle', 'active', "out, frame 0: the status is 'active' instead of 'idle'"],
    ['barrier', 'barrier#2', 'out, frame 0: barrier 2 instead of barrier 1'],
    ['a@1', 'a', 'out, frame 0: expected the event a@1, but the value a came'],
    ['a@1', '-a@1', 'out, frame 0: expected a@1, received -a@1: it is a withdrawal, expected none'],
    ['-a@1', '·', 'out, frame 0: the withdrawal -a@1 is missing'],
    ['a@1 |', 'a@1', 'out, frame 1: the stream does not complete'],
    ['a@1', 'a@1 |', 'out, frame 1: the stream completes, but should not yet'],
    ['a@1 |', 'a@1 · · |', 'out, frame 1: the completion is delayed by 2 frames, to frame 3'],
    ['a@1 #', 'a@1 |', 'out, frame 1: expected the error, but the stream completes'],
    ['a@1', 'a@1 #', 'out, frame 1: the stream fails, but should not: Error: # of the script'],
    ['a@1 #', 'a@1', 'out, frame 1: the stream does not fail, but should'],
  ];
  it.each(cases)('of %s, received %s', (expected, received, text) => {
    expect(said(expected, received)).toBe(text);
  });
  it('names the fields that differ, however deep they are', () => {
    const values = {
      x: { rows: [{ n: 1 }, { n: 2, of: new Map([['k', 3]]) }], note: 'a' },
      y: { rows: [{ n: 1 }, { n: 5, of: new Map([['k', 4]]) }], extra: null },
    };
    expect(said('x@1', 'y@1', values)).toBe(
      "out, frame 0: expected x@1, received y@1: rows[1].n is 5 instead of 2, rows[1].of.get('k') is 4 instead of 3, note is missing, expected 'a'",
    );
  });
  it('is about the lane that goes wrong first; the others follow in order', () => {
    const lanes = [
      { head: 'out', expected: 'a@1 b@2 c@3', received: 'a@1 b@2' },
      { head: 'late', expected: '· d@1', received: '·' },
    ];
    const failure = failureOf(scene(lanes));
    expect(failure?.message.split('\n').slice(0, 3)).toEqual([
      'late, frame 1: the event d@1 is missing',
      'out, frame 2: the event c@3 is missing',
      '',
    ]);
  });
});

describe('the lanes', () => {
  it('stand under one ruler: inputs, what is right, what is not, and a mark', () => {
    const lanes = [
      { head: 'in', received: 'a@1 b@7 W4 10ms W9 |' },
      { head: 'out', expected: '· · (x@4 W4)', received: '· · W4' },
      { head: 'late', expected: '· b@7', received: '· b@7' },
    ];
    const values = { a: 1, b: 2, x: { n: 1 } };
    expect(failureOf(scene(lanes, values))?.message.split('\n').slice(2)).toEqual([
      'frame           0    1    2               13  14',
      'in              a@1  b@7  W4        10ms  W9  |',
      'out   expected  ·    ·    (x@4 W4)  10ms  ·   ·',
      '      received  ·    ·    W4        10ms  ·   ·',
      '                          ^',
      'late  ✓         ·    b@7  ·         10ms  ·   ·',
      '',
      'x = { n: 1 }',
      'a = 1',
      'b = 2',
    ]);
  });
  it('are cut around the first difference, and say what is left out', () => {
    const script = Array.from({ length: 10_000 }, (_, i) => `e${i}@${i}`);
    const received = script.with(7777, 'x@7777').join(' ');
    const lines = textOf(script.join(' '), received).split('\n');
    expect(lines[0]).toBe('out, frame 7777: expected e7777@7777, received x@7777');
    expect(Math.max(...lines.map((l) => l.length))).toBeLessThan(150);
    expect(lines.at(-1)).toMatch(/^… left out: frames 0 to 77\d\d and 77\d\d to 9999$/);
  });
  it('count those of a crowd that are not shown', () => {
    const all = Array.from({ length: 50 }, (_, i) => `k${i}@4`);
    const lines = textOf(`(${all.join(' ')} W4)`, `(${all.toSpliced(20, 1).join(' ')} W4)`).split(
      '\n',
    );
    expect(lines[3]).toBe('out  expected  (…18 k18@4 k19@4 k20@4 k21@4 k22@4 k23@4 …27)');
    expect(lines[4]).toBe('     received  (…18 k18@4 k19@4 k21@4 k22@4 k23@4 k24@4 …26)');
  });
  it('that are all other, 10,000 messages long, are told in a moment', () => {
    const lane = (offset: number): Message[] =>
      Array.from({ length: 10_000 }, (_, i) => ({
        kind: 'event',
        frame: i,
        value: { n: i + offset },
        timestamp: i,
      }));
    const values = Object.fromEntries(lane(0).map((m, i) => [`v${i}`, (m as any).value]));
    const lanes = [{ head: 'out', received: lane(20_000), expected: lane(0) }];
    expect(failureOf({ lanes, values, epoch: 0 })?.message).toContain('n is 20000 instead of 0');
  });
});

describe('letters', () => {
  it('name what is known by value; what is not is numbered, the same value alike', () => {
    const received = [1, 2, 9, 9, 'x y', -0].map(
      (value, frame): Message => ({
        kind: 'value',
        frame,
        value: { value },
      }),
    );
    const values = { one: { value: 1 }, two: { value: 2 } };
    const text = failureOf(scene([{ head: 'out', received, expected: '|' }], values))?.message;
    expect(text).toContain('received  one  two  ?1  ?1  ?2  ?3');
    expect(text).toContain("?1 = { value: 9 }\n?2 = { value: 'x y' }\n?3 = { value: -0 }");
  });
  it('tell long values apart, and print errors without their stacks', () => {
    const list = (last: number): number[] => [...Array(2000).fill(0), last];
    const nested = { why: new Map([['k', new Error('no')]]) };
    const received = [list(1), list(2), list(3), nested].map(
      (value, frame): Message => ({
        kind: 'value',
        frame,
        value,
      }),
    );
    const values = { one: list(1) };
    const text = failureOf(scene([{ head: 'out', received, expected: '|' }], values))?.message;
    expect(text).toContain('received  one  ?1  ?2  ?3');
    expect(text).toMatch(/\?3 = \{ why: Map\(1\) \{ 'k' => Error: no \} \}$/);
  });
  it('may stand for things without end', () => {
    const endless: Record<string, unknown> = {};
    for (let i = 0; i < 20; i++) endless[`f${i}`] = endless;
    const received: Message[] = [{ kind: 'value', frame: 0, value: endless }];
    const text = failureOf(scene([{ head: 'out', received, expected: '|' }]))?.message;
    expect(text).toContain('[Circular');
  });
  it('may stand for things of any depth', () => {
    let deep: object = {};
    for (let i = 0; i < 5000; i++) deep = { deep };
    const received: Message[] = [{ kind: 'value', frame: 0, value: deep }];
    const text = failureOf(scene([{ head: 'out', received, expected: '|' }]))?.message;
    expect(text).toContain('[Object]');
  });
  it('that stand for two things in two lanes say where', () => {
    const lanes = [
      { head: 'out', expected: 'x@1', received: '·', values: { x: 1 } },
      { head: 'late', expected: 'x@1', received: '·', values: { x: 2 } },
    ];
    const { lanes: plain, ...rest } = scene(lanes);
    const valued = plain.map((lane, i) => ({
      ...lane,
      expected: (lane.expected ?? []).map((m) => ({ ...m, value: { n: i } })) as Message[],
    }));
    const text = failureOf({ ...rest, lanes: valued })?.message;
    expect(text).toContain('x (out) = { n: 0 }\nx (late) = { n: 1 }');
  });
  it('show matchers, errors and results in short', () => {
    const received: Message[] = [
      {
        kind: 'event',
        frame: 0,
        timestamp: 4,
        value: {
          key: 'k',
          window: { start: 0, end: 5 },
          pane: { timing: 'late', index: 2 },
          value: { n: new TypeError('no') },
        },
      },
    ];
    const expected: Message[] = [
      { kind: 'event', frame: 0, timestamp: 4, name: 'x', value: { n: expect.any(Number) } },
    ];
    const text = failureOf({
      lanes: [{ head: 'out', received, expected }],
      values: {},
      epoch: 0,
    })?.message;
    expect(text).toContain('x = { n: Any<Number> }');
    expect(text).toContain("?1 = 'k': { n: TypeError: no } [0,5) late#2");
  });
});

describe('facts', () => {
  const values = { x: { n: 1 }, y: { n: 2 } };
  const passing: readonly [string, readonly Fact[]][] = [
    ['by letter', [{ event: 'x' }, { event: 'y' }]],
    ['by value', [{ event: { n: 1 } }, { event: { n: 2 } }]],
    ['by time, as number or duration', [{ time: 4 }, { time: '1s' }]],
    ['by matchers', [{ event: expect.anything(), time: expect.any(Number) }, { event: 'y' }]],
    [
      'by arrival',
      [
        { event: 'x', at: 1 },
        { event: 'y', at: expect.any(Number) },
      ],
    ],
    ['with watermarks', [{ event: 'x' }, { watermark: 4 }, { event: 'y' }, { watermark: 'MAX' }]],
    ['with the end', [{ event: 'x' }, { event: 'y' }, { complete: true }]],
    ['with letter and value', [{ event: 'any', value: { n: 1 } }, { event: 'y' }]],
  ];
  it.each(passing)('are compared %s', (_, facts) => {
    expect(factsSaid(facts, '· (x@4 W4) · (y@1000 W∞) |', values)).toBe('passes');
  });
  const failing: readonly [string, readonly Fact[], string][] = [
    [
      'a fact that is not met',
      [{ event: 'x' }, { event: 'x' }],
      "out, fact 2: expected { event: 'x' }, received y@1s: n is 2 instead of 1",
    ],
    [
      'a fact too many',
      [{ event: 'x' }, { event: 'y' }, { event: 'y' }],
      "out, fact 3: { event: 'y' } is missing",
    ],
    ['an event too many', [{ event: 'x' }], 'out, frame 3: the event y@1s was not expected'],
    [
      'facts in another order',
      [{ event: 'y' }, { event: 'x' }],
      "out, fact 1: wrong order: x@4 came before { event: 'y' }, expected { event: 'y' } first",
    ],
    [
      'a fact at another frame',
      [{ event: 'x', at: 2 }, { event: 'y' }],
      "out, fact 1: { event: 'x', at: 2 } is 1 frame too early, expected at frame 2",
    ],
    [
      'a watermark that is named',
      [{ event: 'x' }, { watermark: 3 }, { event: 'y' }, { watermark: 'MAX' }],
      'out, fact 2: the watermark is W4 instead of W3',
    ],
    ['nothing at all', [], 'out, frame 1: the event x@4 was not expected'],
  ];
  it.each(failing)('tell %s', (_, facts, text) => {
    expect(factsSaid(facts, '· (x@4 W4) · (y@1000 W∞) |', values).split('\n')[0]).toBe(text);
  });
  it('that name no error do not hide one', () => {
    expect(factsSaid([{ event: 'a' }], 'a@1 #').split('\n')[0]).toBe(
      'out, frame 1: the stream fails, but should not: Error: # of the script',
    );
  });
  it('are listed beside what came', () => {
    const text = factsSaid([{ event: 'x' }, { event: 'x', time: 4 }], '· x@4 · y@4 |', values);
    expect(text.split('\n')).toEqual([
      "out, fact 2: expected { event: 'x', time: 4 }, received y@4: n is 2 instead of 1",
      '',
      'frame          0  1    2  3    4',
      'out  received  ·  x@4  ·  y@4  |',
      '                          ^',
      '',
      '  out  facts                    received',
      "  1    { event: 'x' }           x@4 at frame 1",
      "> 2    { event: 'x', time: 4 }  y@4 at frame 3",
      '',
      'y = { n: 2 }',
      'x = { n: 1 }',
    ]);
  });
  it('with a field that nobody knows, or none, are refused', () => {
    expect(() => factsSaid([{ tiem: 4 } as Fact], 'a@1')).toThrow(
      'toEmit: fact 1 has the unknown field `tiem`',
    );
    expect(() => factsSaid([{ event: 'a' }, { at: 1 }], 'a@1')).toThrow('toEmit: fact 2 must name');
  });
  it.each([
    [
      'two things',
      { event: 'a', watermark: 7 },
      'can be about one thing only; got event, watermark',
    ],
    ['an error and a value', { error: 'Error', value: 4 }, 'can be about one thing only'],
    ['a value with a split', { value: 4, split: 'p0' }, 'must name one of'],
    ['an arrival that is none', { event: 'a', at: 'soon' }, 'has an `at` that is no frame'],
    ['an arrival that is NaN', { event: 'a', at: Number.NaN }, 'has an `at` that is no frame'],
    ['no completion', { complete: false }, 'has a `complete` that is not true'],
    ['nothing', null, 'must name one of'],
  ])('about %s are refused', (_, fact, problem) => {
    expect(() => factsSaid([fact as unknown as Fact], 'a@1 |')).toThrow(
      `toEmit: fact 1 ${problem}`,
    );
  });
});

it('a matcher is shown with what it asks for', () => {
  const expected = { x: expect.objectContaining({ n: expect.any(String) }) };
  const received: Message[] = [{ kind: 'value', frame: 0, value: { n: 1, m: 'q' } }];
  const lanes = [{ head: 'out', expected: 'x', received }];
  expect(failureOf(scene(lanes, expected))?.message).toContain(
    'x = ObjectContaining { n: Any<String> }',
  );
});

describe('for the test runner', () => {
  const site = new Error('here');
  const lanes = [{ head: 'out', expected: 'a@1 b@2', received: 'a@1 c@2', site }];
  const failure = failureOf(scene(lanes));
  it('the stack begins at the expectation', () => {
    expect(failure?.stack?.split('\n').find((l) => l.includes(' at '))).toContain(
      'failure.test.ts',
    );
  });
  it('expected and actual are texts, a line a frame', () => {
    expect(failure?.expected).toBe('out, frame 0: a@1\nout, frame 1: b@2');
    expect(failure?.actual).toBe('out, frame 0: a@1\nout, frame 1: c@2');
  });
  it('an error that came is the cause', () => {
    const error = new TypeError('no');
    const received: Message[] = [{ kind: 'error', frame: 0, error }];
    const failed = failureOf(scene([{ head: 'out', expected: 'a@1', received }]));
    expect(failed?.cause).toBe(error);
  });
});
