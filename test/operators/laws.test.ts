/** Every operator keeps the laws. */
import { map } from 'rxjs';
import {
  collect,
  count,
  dedupe,
  eventTimeWindow,
  idempotentSink,
  intervalJoin,
  session,
  sliding,
  toValues,
  tumbling,
  union,
  values,
  type WindowAssigner,
  watermark,
} from 'tidemark';
import { memoryStore } from 'tidemark/memory';
import { type Build, operatorLaws } from 'tidemark/testing';

const id = 'operator';
const byValue = (v: string): string => v;

function fails(): never {
  throw new Error('of the user');
}

describe('dedupe', () => {
  const once: Build = (in$) => in$.pipe(dedupe({ id, key: byValue, within: 4 }));
  const throwing: Build = (in$) => in$.pipe(dedupe({ id, key: fails }));
  const script = 'a@1 b@2 a@3 W1 a@5 W5 a@6 c@0 b@9 idle active d@7 W20 a@21';
  it.each(operatorLaws(once, script, { throwing }))('$name', ({ check }) => check());
});

describe('eventTimeWindow', () => {
  const accumulations = ['accumulating', 'discarding'] as const;
  const assigners: readonly [string, WindowAssigner<string>][] = [
    ['tumbling', tumbling(5, { offset: 1 })],
    ['sliding', sliding(6, 4)],
    ['session', session(3)],
    ['gap of its own', session((v: string) => (v === 'a' ? 5 : 2))],
  ];
  /* Stragglers, late ones, an idle time, windows of several keys; late panes within 3. */
  const script =
    'a@1 b@7 a@3 W4 b@2 a@4 W6 a@9 c@8 W9 c@9 idle active a@-7 d@30 a@12 W12 b@14 W20 e@21';

  describe.each(accumulations)('%s', (accumulation) => {
    describe.each(assigners)('%s', (_, window) => {
      const windows =
        (n: () => unknown): Build =>
        (in$) =>
          in$.pipe(
            eventTimeWindow({
              id,
              window,
              key: (v: string) => (v < 'c' ? v : 'other'),
              aggregate: { all: collect((v: string) => [v, n()]), n: count() },
              allowedLateness: 3,
              accumulation,
            }),
          );
      const throwing = windows(fails);
      const laws = operatorLaws(
        windows(() => 1),
        script,
        { throwing },
      );
      it.each(laws)('$name', ({ check }) => check());
    });
  });
});

describe('watermark', () => {
  const timed: Build = (in$) =>
    in$.pipe(watermark({ id, timestamp: (v: string) => Number(v.slice(1)), outOfOrderness: 2 }));
  const throwing: Build = (in$) => in$.pipe(watermark({ id, timestamp: fails }));
  const script = 'a9 a7 b8 a12 b11 a12 b20 b19';
  it.each(operatorLaws(timed, script, { throwing }))('$name', ({ check }) => check());
});

describe('watermark of several splits that fall idle', () => {
  const timed: Build = (in$) =>
    in$.pipe(
      watermark({
        id,
        timestamp: (v: string) => Number(v.slice(1)),
        split: (v: string) => v.slice(0, 1),
        idleTimeout: 60,
      }),
    );
  const without = {
    bare: 'a bare pipe has no virtual clock',
    cut: 'idle clocks start anew at a restore',
  };
  const script = 'a9 b10 40ms a12 20ms b14 a30 50ms b40 c50 a51 90ms b60';
  const laws = operatorLaws(timed, script, { without });
  it.each(laws)('$name', ({ check }) => check());
});

describe.each(['inner', 'left'] as const)('intervalJoin %s', (type) => {
  const join =
    (rightKey: (v: string) => string): Build =>
    (left$, right$) =>
      left$.pipe(
        intervalJoin(right$ as typeof left$, {
          id,
          leftKey: byValue,
          rightKey,
          lower: -2,
          upper: 3,
          type,
          allowedLateness: 1,
        }),
      );
  const script = [
    'a@1 ·   b@4 a@2 ·  W3 ·   ·    c@9  ·  a@0 W8 ·  idle ·      ·    W20  ',
    '·   a@2 ·   ·   W1 ·  b@6 a@-1 ·    W6 b@1 ·  a@9 ·   active b@30 ·   W15',
  ];
  const throwing = join(fails);
  it.each(operatorLaws(join(byValue), script, { throwing }))('$name', ({ check }) => check());
});

const passing = 'a@3 b@1 W0 a@7 idle active W5 b@6 (c@9 c@9) W20 a@21';

describe('values', () => {
  const doubled: Build = (in$) => in$.pipe(values(map((v: string) => v + v)));
  const throwing: Build = (in$) => in$.pipe(values(map(fails)));
  it.each(operatorLaws(doubled, passing, { throwing }))('$name', ({ check }) => check());
});

describe('toValues', () => {
  const bare: Build = (in$) => in$.pipe(toValues());
  const without = { order: 'there are no watermarks outside event time' };
  it.each(operatorLaws(bare, passing, { without }))('$name', ({ check }) => check());
});

describe('union', () => {
  const both: Build = (a$, b$) => union({ id }, a$, b$ as typeof a$);
  const script = [
    'a@1 ·   W3 ·   b@8 ·    W7   ·   active c@9 ·   W9',
    '·   a@5 ·  W4  ·   idle ·    ·   ·      ·   d@12 ·   W11',
  ];
  it.each(operatorLaws(both, script))('$name', ({ check }) => check());
});

describe('idempotentSink', () => {
  const sink: Build = (in$) => {
    const store = memoryStore().table('t', { key: ['v'] });
    return in$.pipe(idempotentSink({ id, store, key: byValue, row: (v) => ({ v2: v }) }));
  };
  const laws = operatorLaws(sink, passing, {
    inJob: false,
    settle: () => new Promise((resolve) => setImmediate(resolve)),
    without: {
      endless: 'rows wait for the store, and too many are an error',
      reentrant: 'the rows of one turn are one batch, so the acks differ',
      subscriptions: 'they share the table',
      order: 'acks are outside event time',
      cut: 'the rows are in the table, and only their acks are repeated',
    },
  });
  it.each(laws)('$name', ({ check }) => check());
});
