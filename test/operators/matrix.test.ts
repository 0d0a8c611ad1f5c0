/** Every operator in the shared matrix. */
import { map, type Observable } from 'rxjs';
import { memoryStore } from '../../adapters/memory/index.js';
import type { Element } from '../../lib/element.js';
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
} from '../../operators/index.js';
import type { Make, Script } from '../drive.js';
import { operatorMatrix } from '../matrix.js';

function fails(): never {
  throw new Error('of the user');
}

operatorMatrix(
  'dedupe',
  ([in$], id) => in$.pipe(dedupe({ id, key: (v: string) => v, within: 4 })),
  { inputs: ['a@1 b@2 a@3 W1 a@5 W5 a@6 c@0 b@9 idle active d@7 W20 a@21'] },
  { throwing: ([in$], id) => in$.pipe(dedupe({ id, key: fails })) },
);

/** Stragglers, late ones, an idle time, windows of several keys; late panes within 3. */
const windowed: Script = {
  inputs: ['a@1 b@7 a@3 W4 b@2 a@4 W6 a@9 c@8 W9 c@9 idle active a@-7 d@30 a@12 W12 b@14 W20 e@21'],
};
const accumulations = ['accumulating', 'discarding'] as const;
const assigners: readonly [string, WindowAssigner<string>][] = [
  ['tumbling', tumbling(5, { offset: 1 })],
  ['sliding', sliding(6, 4)],
  ['session', session(3)],
  ['gap of its own', session((v: string) => (v === 'a' ? 5 : 2))],
];
describe.each(accumulations)('%s', (accumulation) => {
  describe.each(assigners)('%s', (_, window) => {
    const windows =
      (n: () => unknown): Make =>
      ([in$], id) =>
        (in$ as Observable<Element<string>>).pipe(
          eventTimeWindow({
            id,
            window,
            key: (v) => (v < 'c' ? v : 'other'),
            aggregate: { all: collect((v) => [v, n()]), n: count() },
            allowedLateness: 3,
            accumulation,
          }),
        );
    operatorMatrix(
      'eventTimeWindow',
      windows(() => 1),
      windowed,
      { throwing: windows(fails) },
    );
  });
});

operatorMatrix(
  'watermark',
  ([in$], id) => in$.pipe(watermark({ id, timestamp: timeOfValue, outOfOrderness: 2 })),
  { inputs: ['a9 a7 b8 a12 b11 a12 b20 b19'] },
  { throwing: ([in$], id) => in$.pipe(watermark({ id, timestamp: fails })) },
);

function timeOfValue(v: string): number {
  return Number(v.slice(1));
}

describe.each(['inner', 'left'] as const)('%s', (type) => {
  const join =
    (rightKey: (v: string) => string): Make =>
    ([left$, right$], id) =>
      (left$ as Observable<Element<string>>).pipe(
        intervalJoin(right$ as Observable<Element<string>>, {
          id,
          leftKey: (v) => v,
          rightKey,
          lower: -2,
          upper: 3,
          type,
          allowedLateness: 1,
        }),
      );
  const inputs = [
    'a@1 ·   b@4 a@2 ·  W3 ·   ·    c@9  ·  a@0 W8 ·  idle ·      ·    W20  ',
    '·   a@2 ·   ·   W1 ·  b@6 a@-1 ·    W6 b@1 ·  a@9 ·   active b@30 ·   W15',
  ];
  operatorMatrix(
    'intervalJoin',
    join((v) => v),
    { inputs },
    { throwing: join(fails) },
  );
});

const passing: Script = { inputs: ['a@3 b@1 W0 a@7 idle active W5 b@6 (c@9 c@9) W20 a@21'] };

operatorMatrix('values', ([in$]) => in$.pipe(values(map((v: string) => v + v))), passing, {
  throwing: ([in$]) => in$.pipe(values(map(fails))),
});

operatorMatrix('toValues', ([in$]) => in$.pipe(toValues()), passing, {
  without: { order: 'there are no watermarks outside event time' },
});

operatorMatrix(
  'union',
  ([a$, b$], id) =>
    union({ id }, a$ as Observable<Element<string>>, b$ as Observable<Element<string>>),
  {
    inputs: [
      'a@1 ·   W3 ·   b@8 ·    W7   ·   active c@9 ·   W9',
      '·   a@5 ·  W4  ·   idle ·    ·   ·      ·   d@12 ·   W11',
    ],
  },
);

operatorMatrix(
  'idempotentSink',
  ([in$], id) => {
    const table = memoryStore().table('t', { key: ['v'] });
    return (in$ as Observable<Element<string>>).pipe(
      idempotentSink({ id, store: table, key: (v) => v, row: (v) => ({ v2: v }) }),
    );
  },
  passing,
  {
    settle: () => new Promise((resolve) => setImmediate(resolve)),
    without: {
      endless: 'rows wait for the store, and too many are an error',
      reentrant: 'the rows of one turn are one batch, so the acks differ',
      'two subscriptions': 'they share the table',
      order: 'acks are outside event time',
      cut: 'the rows are in the table, and only their acks are repeated',
    },
  },
);
