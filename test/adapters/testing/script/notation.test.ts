/** The notation: what each token, dash and lane says, and where an error points. */
import { MarbleSyntaxError, type Message, marbles } from 'tidemark/testing';
import { parseExpectation, parseMarbles } from '../../../../adapters/testing/script/notation.js';
import { letter, syntaxErrorOf } from './said.js';

const said = (text: string, options = {}): string =>
  parseMarbles(text, options).map(letter).join(' ');

describe('one line', () => {
  it.each<[string, string, string]>([
    ['tokens take a frame each', 'a@1 · -b@-2 - c', '0:a@1 2:-b@-2 4:c'],
    ['a group takes one frame', '(a@1 b@2  W0) c', '0:a@1 0:b@2 0:W0 1:c'],
    ['an empty group is a frame', '() a', '1:a'],
    ['nothing in a group is nothing', '(a · - b) c', '0:a 0:b 1:c'],
    ['durations let time pass', 'a 9ms b 1h30m c 0ms d', '0:a 10:b 5400011:c 5400012:d'],
    [
      'times may be durations',
      'a@10m b@-1h30m W-5m W1.5s',
      '0:a@600000 1:b@-5400000 2:W-300000 3:W1500',
    ],
    [
      'times may be sums of durations',
      'a@5m-1s W-3m-1s b@1h-10m+5ms',
      '0:a@299000 1:W-181000 2:b@3000005',
    ],
    ['the ends of time', 'W∞ W-∞ a@∞', '0:W∞ 1:W-∞ 2:a@∞'],
    [
      'calendar times',
      'a@1970-01-01T00:01Z W1970-01-01T01:00:00.25+01:00 b@1970-01-02',
      '0:a@60000 1:W250 2:b@86400000',
    ],
    ['splits', 'splits:p0,p1 a@3/p0 -a@3/p%201/x%25', '0:splits:p0,p1 1:a@3/p0 2:-a@3/p%201/x%25'],
    [
      'no splits, and the split without a name',
      'splits: splits:% a@1/%',
      '0:splits: 1:splits:% 2:a@1/%',
    ],
    [
      'barriers',
      'barrier barrier barrier#7 barrier',
      '0:barrier#1 1:barrier#2 2:barrier#7 3:barrier#8',
    ],
    ['status and ends', 'idle active restore | ! #', '0:idle 1:active 2:restore 3:| 4:! 5:#'],
    ['letters together are one name', 'alice@1 bob', '0:alice@1 1:bob'],
    [
      'bare values that look like something else',
      'idle@· 10m@· W4@· out@·',
      '0:idle 1:10m 2:W4 3:out',
    ],
    ['a wrapped line', '\n a@1\n  b@2 |\n', '0:a@1 1:b@2 2:|'],
    ['numbers are names', '1 22', '0:1 1:22'],
    ['a W that is no watermark is a letter', 'W Wide', '0:W 1:Wide'],
  ])('%s', (_, text, messages) => {
    expect(said(text)).toBe(messages);
  });
  it('counts times from the epoch on, but for instants', () => {
    expect(said('a@5 W1s b@1970-01-01', { epoch: 1000 })).toBe('0:a@1005 1:W2000 2:b@0');
  });
  it('gives letters their values, and `#` its error', () => {
    const [a, b, c] = parseMarbles('a@1 b #', { values: { a: 0, b: undefined }, error: null });
    expect([a, b, c]).toEqual([
      { kind: 'event', frame: 0, name: 'a', value: 0, timestamp: 1 },
      { kind: 'value', frame: 1, name: 'b', value: undefined },
      { kind: 'error', frame: 2, error: null },
    ]);
  });
  it('takes a letter that another script has', () => {
    expect(said('a b', { values: { a: 1 }, known: new Set('b') })).toBe('0:a 1:b');
  });
  it('ends where its last pause ends', () => {
    expect(marbles('a 10ms').frames).toBe(11);
    expect(marbles('a 10ms').value('b').messages[1]?.frame).toBe(11);
  });
});

describe('dashes', () => {
  it.each<[string, string]>([
    ['--a-bc-|', '2:a 4:b 5:c 7:|'],
    ['-', ''],
    ['--- a', '3:a'],
    ['a|', '0:a 1:|'],
    ['-#', '1:#'],
    ['--(ab|)-c', '2:a 2:b 2:| 4:c'],
    ['(a|)', '0:a 0:|'],
    ['-a-!', '1:a 3:!'],
    ['a··b', '0:a 3:b'],
    ['-a- 10ms -b', '1:a 14:b'],
    ['-a- b@5 W-3', '1:a 3:b@5 4:W-3'],
  ])('%s is RxJS marble time, one character a frame', (text, messages) => {
    expect(said(text)).toBe(messages);
  });
});

describe('a block', () => {
  it('takes the event time of its letters from the axis, whatever the order of arrival', () => {
    expect(
      said(`
        arrival     a  c  b  (d |)
        event       a  b  ·  c  9ms  d
        watermarks  ·  W0 ·  4
      `),
    ).toBe('0:a@0 1:c@3 1:W0 2:b@1 3:d@13 3:W4 3:|');
  });
  it.each<[string, string, string, string]>([
    ['dashes', '-a-b|', 'a---b', '1:a@0 3:b@4 4:|'],
    ['groups of one instant', 'a b c', '(a c) b', '0:a@0 1:b@1 2:c@0'],
    ['jumps', 'a b c', '@-5 a @10m b @1970-01-02 c', '0:a@-5 1:b@600000 2:c@86400000'],
    ['a letter that arrives twice', 'a b a', 'a b', '0:a@0 1:b@1 2:a@0'],
    ['splits', 'a/p0 b/p1', 'b a', '0:a@1/p0 1:b@0/p1'],
    ['times of their own, and bare values', 'a -a@7 b@·', 'a', '0:a@0 1:-a@7 2:b'],
    ['an axis without letters', 'W4 idle', '·', '0:W4 1:idle'],
  ])('%s', (_, arrival, event, messages) => {
    expect(said(`arrival ${arrival}\nevent ${event}`)).toBe(messages);
  });
  it('has an axis in the unit of the test, from its epoch on', () => {
    const text = 'arrival a b c\nevent · a b 30s c';
    expect(said(text, { unit: '1m', epoch: 7 })).toBe('0:a@60007 1:b@120007 2:c@210007');
  });
  it('may have no axis, and one lane', () => {
    expect(said('arrival a b@5 |')).toBe('0:a 1:b@5 2:|');
    expect(said('arrival a b\nwatermarks · (4 W5) 3ms ∞')).toBe('0:a 1:b 1:W4 1:W5 5:W∞');
  });
  it('has watermarks as dashes, negative ones, durations and instants', () => {
    expect(said('arrival ·\nwatermarks -1--4 -5 W10m W-1m 1970-01-02')).toBe(
      '1:W1 4:W4 5:W-5 6:W600000 7:W-60000 8:W86400000',
    );
  });
  it('begins with a head; a line that begins with a value `event` has none', () => {
    expect(said('event a')).toBe('0:event 1:a');
  });
});

describe('an expectation', () => {
  const list = (messages: readonly Message[] | undefined): string | undefined =>
    messages?.map(letter).join(' ');
  it('is one line, or the lanes of a block', () => {
    const line = parseExpectation('a@1 W4 |');
    expect([list(line.main), line.panes, line.others.size, line.watermarksApart]).toEqual([
      '0:a@1 1:W4 2:|',
      undefined,
      0,
      false,
    ]);
    const block = parseExpectation(`
      out         ·  ·  x  |
      event       ·  ·  ·  d  x
      watermarks  ·  ·  4
      late        ·  d
      live        1  -2 ·  0
      panes       ·  ·  (k:[0,5) late[-5,0)#1) early[0,1m)
    `);
    expect(list(block.main)).toBe('2:x@4 2:W4 3:|');
    expect([...block.others].map(([head, m]) => [head, list(m)])).toEqual([
      ['late', '1:d@3'],
      ['live', '0:1 1:-2 3:0'],
    ]);
    expect(block.panes).toEqual([
      { kind: 'pane', frame: 2, timing: 'onTime', start: 0, end: 5, key: 'k' },
      { kind: 'pane', frame: 2, timing: 'late', start: -5, end: 0, index: 1 },
      { kind: 'pane', frame: 3, timing: 'early', start: 0, end: 60_000 },
    ]);
    expect(block.watermarksApart).toBe(true);
  });
  it('may leave out the stream, and may call it `arrival`', () => {
    expect(parseExpectation('panes [0,5)').main).toBeUndefined();
    expect(list(parseExpectation('arrival a@1\nlate ·').main)).toBe('0:a@1');
  });
});

describe('an error shows the line, a caret under the column, and what to write', () => {
  it('in one line', () => {
    expect(syntaxErrorOf(() => marbles('a@1 b@x W4'))).toEqual([
      'marbles: a@1 b@x W4',
      '               ^',
      '`x` is no time; write an integer (ms), a duration such as 10m, or an instant such as 2026-03-29T00:59Z',
    ]);
  });
  it('in a block, on the line of the user', () => {
    expect(
      syntaxErrorOf(() =>
        marbles(`
          arrival  a  b
          event    a  c  b`),
      ),
    ).toEqual([
      'marbles, line 3:           event    a  c  b',
      '                                       ^',
      '`c` never arrives; put it on a lane of arrival, or take it away here',
    ]);
  });
  it('under letters that are two units long', () => {
    expect(syntaxErrorOf(() => marbles('𝐚@1 ?'))[1]).toBe(`${' '.repeat(13)}^`);
  });
  it('clips a long line, takes tabs for spaces, and tells line and column', () => {
    const text = `\ta ${'b '.repeat(500)}? ${'c '.repeat(500)}`;
    const lines = syntaxErrorOf(() => marbles(text));
    expect(lines[0]?.length).toBeLessThan(120);
    expect(lines[0]?.[lines[1]?.indexOf('^') ?? 0]).toBe('?');
    try {
      marbles(`arrival a\n${text.replace('\ta', 'event')}`);
    } catch (e) {
      expect(e).toBeInstanceOf(MarbleSyntaxError);
      expect(e).toMatchObject({ name: 'MarbleSyntaxError', line: 2, column: 9 });
    }
    expect.hasAssertions();
  });
  it.each<[string, string, RegExp]>([
    ['a@', '  ^', /has no time after the @; write/],
    ['@1', '^', /is no event: .*; write a@5/],
    ['a@1.5', '  ^', /`1.5` is no time/],
    ['a@1m5', '  ^', /`1m5` is no time/],
    ['a@2026-02-30', '  ^', /is no time/],
    ['a@2026-03-29T00:59', '  ^', /has no zone; add Z/],
    ['a W4x', '   ^', /`4x` is no time/],
    ['W', '', /^$/],
    ['a 10mins', '  ^', /`10mins` is no duration; write such as 9ms/],
    ['-a@·', '   ^', /`·` is no time/],
    ['(a@1', '^', /`\(` has no `\)`/],
    ['a@1)', '   ^', /`\)` has no `\(`/],
    ['((a@1))', ' ^', /a group cannot stand in a group/],
    ['(a@1 9ms)', '     ^', /no time passes inside/],
    ['?', '^', /`\?` is no token; write a@1/],
    ['a,b', '^', /is no token/],
    ['a/p0', '^', /has a split but no event time; write a@5\/p0/],
    ['a@1/', '    ^', /a split has no name/],
    ['a@1/%x', '    ^', /badly encoded; write %25/],
    ['splits:a,,b', '^', /a split has no name/],
    ['barrier#0', '^', /has no number from 1 on; write barrier/],
    ['barrier#', '^', /has no number/],
    ['--10ms--', '  ^', /put spaces around a duration \(`10ms`\)/],
    ['-idle-', ' ^', /put spaces around `idle`/],
    ['a-W4', '  ^', /put spaces around `W4`/],
    ['^-a', '^', /leave it out/],
    ['104249991d 104249991d', '^', /longer than time/],
  ])('%s', (text, caret, problem) => {
    if (caret === '') expect(said(text)).toBe('0:W');
    else {
      const [, shown, sentence] = syntaxErrorOf(() => parseMarbles(text));
      expect(shown?.slice('marbles: '.length)).toBe(caret);
      expect(sentence).toMatch(problem);
    }
  });
  it('a name between dashes', () => {
    expect(said('-a-|', { values: { a: 1 } })).toBe('1:a 3:|');
    expect(syntaxErrorOf(() => marbles('--alice-|', { alice: 1 }))).toEqual([
      'marbles: --alice-|',
      '           ^',
      'each character between dashes is a letter of its own; put spaces around `alice`',
    ]);
  });
  it('an unknown letter, where there are values', () => {
    const [line, caret, problem] = syntaxErrorOf(() => marbles('a@1 -c@2', { a: 1, b: 2 }));
    expect([line, caret]).toEqual(['marbles: a@1 -c@2', '              ^']);
    expect(problem).toBe('`c` is an unknown letter; the values have a, b');
    expect(syntaxErrorOf(() => marbles('ab', { a: 1, b: 2 }))[2]).toBe(
      '`ab` is an unknown letter; the values have a, b; for single letters write `a b`',
    );
  });
  it.each<[string, string, string, RegExp]>([
    [
      'arrival a b\nevent a',
      '1:11',
      'a letter that is not on the axis',
      /put it there, or write b@5, or b@·/,
    ],
    ['arrival a\nevent a · a', '2:11', 'a letter twice on the axis', /stands twice/],
    ['arrival a\nevent a b', '2:9', 'a letter that never arrives', /never arrives/],
    ['arrival a\nevent a@5', '2:7', 'a time on the axis', /is no letter; this lane takes/],
    ['arrival a b\nevent a @0 b', '2:9', 'a jump backwards', /goes forwards in time/],
    ['arrival a\nevent (@5 a)', '2:8', 'a jump in a group', /a jump stands alone/],
    ['arrival a\nevent @x a', '2:8', 'a jump to no time', /is no time/],
    ['arrival a\nevent 10mins a', '2:7', 'no duration on the axis', /is no duration/],
    ['arrival a\nevent (a', '2:7', 'an open group on the axis', /has no `\)`/],
    ['arrival a\nwatermarks 1 x', '2:14', 'no time in the watermarks', /`x` is no time/],
    ['arrival a\narrival b', '2:1', 'a lane twice', /a second `arrival` lane/],
    ['event a\nwatermarks 1', '1:1', 'no lane of arrival', /has no `arrival` lane/],
    ['arrival a\nlate b', '2:1', 'a lane that no script has', /`late` is no lane of a script/],
  ])('%s (%s: %s)', (text, place, _, problem) => {
    let thrown: unknown;
    try {
      parseMarbles(text);
    } catch (e) {
      thrown = e;
    }
    const { line, column, problem: got } = thrown as MarbleSyntaxError;
    expect(`${line}:${column}`).toBe(place);
    expect(got).toMatch(problem);
  });
  it.each<[string, string, RegExp]>([
    ['out a\narrival b', 'two names of one lane', /are the same lane/],
    ['watermarks 4\nlate a', 'watermarks of no stream', /has no `out` lane/],
    ['panes [0,5', 'half a window', /no pane; write \[0,5\)/],
    ['panes x', 'no window', /no pane/],
    ['panes [5,5)', 'an empty window', /ends after its start/],
    ['panes [0,x)', 'a window without end', /`x` is no time/],
    ['out a\nlate a,b', 'no token on a door', /is no token/],
    ['out a\nevent a\nlate b', 'a letter of a door beside an axis', /`b` is not on the `event`/],
  ])('of an expectation: %s (%s)', (text, _, problem) => {
    expect(syntaxErrorOf(() => parseExpectation(text))[2]).toMatch(problem);
  });
});
