/** Scripts printed: as marbles, lanes, JSON lines and TypeScript, and that each is read back as it was. */
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { fixture, type Message, marbles, Script, script, scriptError } from 'tidemark/testing';

const runs = { numRuns: 300 };

describe('a script prints', () => {
  const orders = script({ epoch: '2026-03-29T00:00Z' })
    .event('a', { at: '1m', value: { total: 3 } })
    .together((s) => s.event('b', { at: 5 }).watermark(-1))
    .advance(2)
    .event('a', { at: '5s', value: { total: 3 }, split: 'p0' })
    .event('a', { at: '1m', value: 'other' })
    .advance('10 minutes')
    .value('idle')
    .event('b', { at: 5, op: '-' })
    .barrier()
    .barrier(7)
    .together((s) => s.watermark(Infinity).complete());

  it('as a line', () => {
    expect(orders.toMarbles()).toBe(
      'a@1m (b@5 W-1) · · a@5s/p0 a2@1m 10m idle@· -b@5 barrier barrier#7 (W∞ |)',
    );
    expect(String(orders)).toBe(orders.toMarbles());
  });
  it('as lanes, the watermarks apart, and a letter for each event time', () => {
    expect(orders.toLanes().split('\n')).toEqual([
      'arrival     a  b    ·  ·  a3/p0  a2  10m  idle@·  -b@5  barrier  barrier#7  |',
      'event       @5  b  @5s  a3  @1m  (a a2)',
      'watermarks  ·  W-1  ·  ·  ·      ·   10m  ·       ·     ·        ·          W∞',
    ]);
    expect(orders.values).toEqual({
      a: { total: 3 },
      b: 'b',
      a2: 'other',
      a3: { total: 3 },
      idle: 'idle',
    });
  });
  it('as lanes in another unit', () => {
    const s = marbles('b@2m a@0 c@90s d@10m');
    expect(s.toLanes({ unit: '1m' }).split('\n')).toEqual([
      'arrival     b  a  c  d',
      'event       a  @1m30s  c  @2m  b  @10m  d',
    ]);
  });
  it('without an axis where there are no events, and without a lane for watermarks amid events', () => {
    expect(marbles('a W1 |').toLanes()).toBe('arrival     a  ·   |\nwatermarks  ·  W1  ·');
    expect(marbles('(W1 a@5)').toLanes()).toBe('arrival     (W1 a)\nevent       @5  a');
    expect(script().toLanes()).toBe('arrival');
  });
  it('as JSON lines', () => {
    expect(orders.toJsonLines().split('\n')).toEqual([
      '{"epoch":"2026-03-29T00:00:00.000Z"}',
      '{"at":0,"event":"a","time":60000,"value":{"total":3}}',
      '{"at":1,"event":"b","time":5}',
      '{"at":1,"watermark":-1}',
      '{"at":4,"event":"a","time":5000,"value":{"total":3},"split":"p0"}',
      '{"at":5,"event":"a","time":60000,"value":"other"}',
      '{"at":600006,"value":"idle","name":"idle"}',
      '{"at":600007,"event":"b","time":5,"op":"-"}',
      '{"at":600008,"barrier":1}',
      '{"at":600009,"barrier":7}',
      '{"at":600010,"watermark":"MAX"}',
      '{"at":600010,"complete":true}',
      '',
    ]);
    expect(marbles('#', {}, { error: new TypeError('no') }).toJsonLines()).toBe(
      '{"at":0,"error":{"name":"TypeError","message":"no"}}\n',
    );
  });
  it('as the TypeScript that builds it', () => {
    expect(orders.toBuilder().split('\n')).toEqual([
      "script({ epoch: '2026-03-29T00:00:00.000Z' })",
      "  .event('a', { at: '1m', value: { total: 3 } })",
      "  .together((s) => s.event('b', { at: 5 }).watermark(-1))",
      '  .advance(2)',
      "  .event('a', { at: '5s', value: { total: 3 }, split: 'p0' })",
      "  .event('a', { at: '1m', value: 'other' })",
      "  .advance('10m')",
      "  .value('idle')",
      "  .event('b', { at: 5, op: '-' })",
      '  .barrier()',
      '  .barrier(7)',
      '  .together((s) => s.watermark(Infinity).complete());',
      '',
    ]);
  });
  it('values that have no literal as those of a record, errors that are not the language’s as `error`', () => {
    class Odd extends Error {}
    const s = script().value('a', Symbol.iterator).fail(new Odd('x'));
    expect(s.toBuilder()).toContain(".value('a', values['a'])\n  .fail(error);");
    expect(() => s.toJsonLines()).toThrow('cannot write a symbol');
  });
  it('letters for values that came without', () => {
    const [a, b, c] = [{ n: 1 }, { n: 1 }, 'free'];
    const s = Script.of([
      { kind: 'value', frame: 0, name: 'a', value: 1 },
      { kind: 'event', frame: 1, timestamp: 5, value: a },
      { kind: 'event', frame: 2, timestamp: 6, value: b },
      { kind: 'event', frame: 3, timestamp: 7, value: c },
      { kind: 'value', frame: 4, value: Number.NaN },
      { kind: 'value', frame: 5, value: Number.NaN },
    ]);
    expect(s.toMarbles()).toBe('a b@5 b@6 free@7 c c');
  });
  it('times at the epoch, and silence at the end', () => {
    const s = marbles('a@0 10ms');
    expect(s.toMarbles()).toBe('a@0 10ms');
    expect(s.toLanes()).toBe('arrival     a  10ms\nevent       a');
    expect(s.toBuilder()).toBe("script()\n  .event('a', { at: 0 })\n  .advance(10);\n");
  });
  it('a small step of event time as dots, a larger one as a jump', () => {
    const axis = marbles('a@0 b@1 c@3 d@9').toLanes().split('\n')[1];
    expect(axis).toBe('event       a  b  ·  c  @9  d');
  });
  it('no letter that would be read as a watermark', () => {
    const s = marbles('W@1 W@2');
    expect(s.toLanes()).toBe('arrival     W  W_2\nevent       ·  W  W_2');
  });
  it('fields that source would take for something else', () => {
    const value: unknown = JSON.parse('{"__proto__":1,"a b":"it\'s","c":[{}]}');
    expect(script().value('x', value).toBuilder()).toBe(
      "script()\n  .value('x', { ['__proto__']: 1, 'a b': 'it\\'s', c: [{}] });\n",
    );
  });
  it('refuses panes, and messages in another order than their frames', () => {
    const pane = { kind: 'pane', frame: 0, timing: 'late', start: 0, end: 5 } as const;
    expect(() => Script.of([pane])).toThrow(/^script: `messages` must be no panes/);
    const back = [1, 0].map((frame): Message => ({ kind: 'complete', frame }));
    expect(() => Script.of(back)).toThrow(/^script: `messages` must be in order of their frames/);
  });
});

/* Names that the notation cannot write, or reads as something else. */
const hostile =
  'idle|active|barrier|restore|W4|W|W2|10m|1h30m|9x|5|event|out|arrival|a b|a@1|#|·|-|(|)|?';
const names = [
  ...hostile.split('|'),
  '|',
  '',
  '__proto__',
  'constructor',
  '日本',
  '\ud800',
  "'\n\\",
];
const plain = fc.constantFrom('a', 'b', 'c', 'd', 'a2', 'b_2');
const name = fc.oneof({ arbitrary: plain, weight: 4 }, fc.constantFrom(...names));
const value = fc.oneof(
  fc.constantFrom<unknown>('a', 'x y', 1, -0, Number.NaN, undefined, null, 2n ** 70n, '\u2028"'),
  fc.anything({ withBigInt: true, withMap: true, withSet: true, maxDepth: 2 }),
  fc.date({ noInvalidDate: true }),
  fc.record({ '~': fc.integer(), '~o': fc.constant(1) }, { noNullPrototype: true }),
);
const time = (epoch: number): fc.Arbitrary<number> =>
  fc
    .oneof(fc.integer({ min: -5, max: 9 }), fc.constantFrom(-60_000, 1000, 5_400_000, 10 ** 12))
    .map((t) => epoch + t);
const ends = (t: fc.Arbitrary<number>): fc.Arbitrary<number> =>
  fc.oneof(
    { arbitrary: t, weight: 9 },
    { arbitrary: fc.constantFrom(Infinity, -Infinity), weight: 1 },
  );
const split = fc.constantFrom(
  'p0',
  'p1',
  '',
  ' ',
  'a,b',
  '100%',
  '(x)',
  'a/b',
  'x|y',
  '-',
  '\n',
  'é',
);

type Body = Message extends infer M ? (M extends Message ? Omit<M, 'frame'> : never) : never;

function bodies(epoch: number): fc.Arbitrary<Body> {
  const own = fc.oneof(
    name.map((n) => ({ name: n, value: n as unknown })),
    fc.record({ name, value }),
  );
  const valued = fc.oneof(
    { arbitrary: own, weight: 4 },
    { arbitrary: fc.record({ value }), weight: 1 },
  );
  const timestamp = fc.oneof({ arbitrary: ends(time(epoch)), weight: 20 }, fc.constant(Number.NaN));
  const op = fc.record({ op: fc.constant('-' as const) });
  const more = fc.oneof(
    { arbitrary: fc.constant({}), weight: 4 },
    op,
    fc.record({ split }),
    fc.tuple(fc.record({ split }), op).map(([x, y]) => ({ ...x, ...y })),
  );
  return fc.oneof(
    {
      arbitrary: fc
        .tuple(valued, more, timestamp)
        .map(([v, o, t]): Body => ({ kind: 'event', ...v, timestamp: t, ...o })),
      weight: 8,
    },
    valued.map((v): Body => ({ kind: 'value', ...v })),
    {
      arbitrary: ends(time(epoch)).map((t): Body => ({ kind: 'watermark', timestamp: t })),
      weight: 3,
    },
    fc.constantFrom('idle', 'active').map((status): Body => ({ kind: 'status', status })),
    fc.array(split, { maxLength: 3 }).map((splits): Body => ({ kind: 'splits', splits })),
    fc.integer({ min: 1, max: 4 }).map((n): Body => ({ kind: 'barrier', n })),
    fc.constantFrom('complete', 'unsubscribe', 'restore').map((kind): Body => ({ kind })),
  );
}

/* Most steps take a frame, some none (a group), some a short or a long silence. */
const gap = fc.constantFrom(0, 0, 1, 1, 1, 2, 5, 6, 1000, 3_661_001);
const error = fc.oneof(
  fc.constantFrom<unknown>(scriptError, new TypeError('it\'s "no"'), 'text', undefined, 7n),
  value,
);
interface Made {
  readonly made: Script<unknown>;
  readonly error: unknown;
}
const scripts: fc.Arbitrary<Made> = fc
  .tuple(fc.constantFrom(0, 1, -5, Date.UTC(2026, 2, 29), -(10 ** 14)), error, fc.boolean())
  .chain(([epoch, e, fails]) =>
    fc.array(fc.tuple(gap, bodies(epoch)), { maxLength: 12, size: 'max' }).map((steps) => {
      let frame = 0;
      const messages = steps.map(([g, body], i) => {
        frame += i === 0 && g <= 1 ? 0 : g;
        return { frame, ...body } as Message;
      });
      if (fails) messages.push({ kind: 'error', frame: frame + 1, error: e });
      return { made: Script.of(messages, { epoch }), error: e };
    }),
  );

/** What the marbles keep: all but the names. */
function unnamed(messages: readonly Message[]): object[] {
  return messages.map((m) => Object.fromEntries(Object.entries(m).filter(([k]) => k !== 'name')));
}

function holds(got: Script<unknown>, made: Script<unknown>, print: string): void {
  if (isDeepStrictEqual(unnamed(got.messages), unnamed(made.messages))) return;
  expect({ print, messages: unnamed(got.messages) }).toEqual({
    print,
    messages: unnamed(made.messages),
  });
  throw new Error(`differs in what toEqual does not see: ${print}`);
}

describe('what is printed is read back as it was', () => {
  it('from a line', () => {
    fc.assert(
      fc.property(scripts, ({ made, error: e }) => {
        const text = made.toMarbles();
        const back = marbles(text, made.values, { epoch: made.epoch, error: e });
        holds(back, made, text);
        expect(back.toMarbles()).toBe(text);
        expect(back.frames).toBe(made.frames);
      }),
      runs,
    );
  });
  it('from lanes, in any unit', () => {
    fc.assert(
      fc.property(scripts, fc.constantFrom(1, 7, '1s' as const), ({ made, error: e }, unit) => {
        const text = made.toLanes({ unit });
        holds(marbles(text, made.values, { epoch: made.epoch, error: e, unit }), made, text);
      }),
      runs,
    );
  });
  it('from JSON lines, names and all', () => {
    fc.assert(
      fc.property(scripts, ({ made }) => {
        const text = made.toJsonLines();
        const back = fixture(text);
        holds(back, made, text);
        const named = (s: Script<unknown>): unknown[] =>
          s.messages.map((m) => ('name' in m ? m.name : undefined));
        expect(named(back)).toEqual(named(made));
        expect(back.epoch).toBe(made.epoch);
        expect(back.toJsonLines()).toBe(text);
      }),
      runs,
    );
  });
  it('from the TypeScript that builds it', () => {
    fc.assert(
      fc.property(scripts, ({ made, error: e }) => {
        const text = made.toBuilder();
        const build = new Function('script', 'values', 'error', `return ${text}`);
        holds(build(script, made.values, e) as Script<unknown>, made, text);
      }),
      runs,
    );
  });
});

it('revisions and replaced windows are kept by JSON lines and by the builder', () => {
  const replaces = [{ start: 0, end: 5 }];
  const made = script().event('a', { at: 1, value: 2, revision: [1, 2], replaces });
  expect(fixture(made.toJsonLines()).messages).toEqual(made.messages);
  const build = new Function('script', `return ${made.toBuilder()}`);
  expect((build(script) as Script).messages).toEqual(made.messages);
});
