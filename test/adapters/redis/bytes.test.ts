/** Names, sort keys and values in Redis: nothing collides, everything sorts as lib says and comes back. */
import fc from 'fast-check';
import { escapePart, Names, unescapePart } from '../../../adapters/redis/names.js';
import { orderBytes, sortKey } from '../../../adapters/redis/sortKey.js';
import { fromText, rowName, toText } from '../../../adapters/redis/values.js';
import { type Column, canonical, compareText } from '../../../lib/columns.js';
import { compareOrder } from '../../../lib/order.js';

/* Units of UTF-16 in any order: lone surrogates, pairs, NUL, and what keys are made of. */
const units = ['\u0000', 'a', 'b', ':', '%', '{', '}', '\u00e9', '\ud7ff', '\ud800', '\udbff'];
const more = ['\udc00', '\udfff', '\ue000', '\uffff', '\ud83d\ude00', 'u', 'd', '8', '0'];
const text = fc
  .array(fc.constantFrom(...units, ...more), { maxLength: 6 })
  .map((parts) => parts.join(''));
const whole = fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n });
const column = (kind: Column['kind'], type: string = kind): Column => ({ name: 'c', kind, type });
const any = column('any');

const sign = (x: number) => Math.sign(x);

test('parts of names come back, and hold nothing that separates', () => {
  fc.assert(
    fc.property(text, (part) => {
      const escaped = escapePart(part);
      expect(unescapePart(escaped)).toBe(part);
      expect(escaped).not.toMatch(/[:{}]|\p{Cs}/u);
    }),
  );
});

test('tasks, tables and rows of other names have other keys, all with one hash tag', () => {
  const names = new Names('a}{b');
  const keys = [
    names.pending,
    ...Object.values({ ...names.task('a:b', 'c'), ...names.table('t') }),
    ...Object.values(names.task('a', 'b:c')),
    names.task('a', 'b').meta,
    names.row('t', rowName([any], ['a'])),
    names.row('t:a', rowName([any], [''])),
    names.row('t', rowName([any, any], ['a', ''])),
    names.row('t', rowName([any], [1])),
    names.row('t', rowName([any], ['1'])),
    names.row('t', rowName([any], [1n])),
    names.row('t', rowName([any], [['a', 1]])),
    names.lease('a', 'b'),
    names.outbox('t', { job: 'a', task: 'b', sink: 'c' }),
    names.outbox('t', { job: 'a', task: 'b:c', sink: '' }),
  ];
  expect(new Set(keys).size).toBe(keys.length);
  for (const key of keys) expect(key.startsWith('{a%7d%7bb}:')).toBe(true);
});

test('texts of keys sort by code point, as everywhere', () => {
  fc.assert(
    fc.property(text, text, (a, b) => {
      expect(sign(Buffer.compare(sortKey([a]), sortKey([b])))).toBe(sign(compareText(a, b)));
    }),
    {
      numRuns: 2000,
      examples: [
        ['\ud800z', '\ud800\udc00'],
        ['\udfffa', '\udbff\udfff'],
      ],
    },
  );
});

test('of several columns the first that differs decides', () => {
  fc.assert(
    fc.property(text, text, text, text, (a, b, c, d) => {
      const wanted = compareText(a, c) || compareText(b, d);
      expect(sign(Buffer.compare(sortKey([a, b]), sortKey([c, d])))).toBe(sign(wanted));
    }),
    { numRuns: 2000 },
  );
});

test('numbers of keys sort by value, whole ones of any size too', () => {
  const number = fc.oneof(
    whole,
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.integer(),
    fc.constantFrom(0, -0, 5e-324, -5e-324, 2 ** 53, 2n ** 53n + 1n, 2n ** 53n - 1n, -(2n ** 63n)),
  );
  fc.assert(
    fc.property(number, number, (a, b) => {
      const wanted = a < b ? -1 : a > b ? 1 : 0;
      expect(sign(Buffer.compare(sortKey([a]), sortKey([b])))).toBe(wanted);
    }),
    { numRuns: 2000 },
  );
  expect(() => sortKey([10n ** 400n])).toThrow(RangeError);
});

test('orders are compared as tuples, a prefix being lower', () => {
  const order = fc.record({
    revision: fc.array(fc.oneof(fc.integer({ min: -2, max: 2 }), fc.maxSafeInteger()), {
      maxLength: 3,
    }),
    timestamp: fc.oneof(fc.integer({ min: -1, max: 1 }), fc.maxSafeInteger()),
  });
  fc.assert(
    fc.property(order, order, (a, b) => {
      expect(sign(Buffer.compare(orderBytes(a), orderBytes(b)))).toBe(sign(compareOrder(a, b)));
    }),
    { numRuns: 2000 },
  );
});

test('plain data of a column without a type comes back exactly, the same content as the same text', () => {
  const data = fc.anything({
    withMap: true,
    withSet: true,
    withBigInt: true,
    values: [
      text,
      fc.double(),
      fc.date({ noInvalidDate: true }),
      fc.constantFrom(-0, null, undefined, true),
    ],
  });
  fc.assert(
    fc.property(data, (value) => {
      const form = (() => {
        try {
          return canonical(any, value);
        } catch {
          return null;
        }
      })();
      const written = toText(any, form);
      const back = fromText(any, written);
      expect(back).toEqual(form);
      expect(toText(any, back)).toBe(written);
    }),
    { numRuns: 1000, examples: [[{ a: [new Date(7), -0] }]] },
  );
  expect(toText(any, { b: 1, a: [{ d: 1, c: 2 }] })).toBe('{"a":[{"c":2,"d":1}],"b":1}');
  expect(fromText(any, toText(any, Uint8Array.of(0, 255)))).toEqual(Uint8Array.of(0, 255));
  expect(Object.is(fromText(any, toText(any, -0)), -0)).toBe(true);
});

test.each([
  ['text', 'a'],
  ['text', '\u0000json:"a"'],
  ['text', '\ud800'],
  ['json', { a: ['\ud800', null] }],
  ['bytes', Uint8Array.of(1, 2)],
  ['time', -62198755200000],
  ['float', -0],
  ['float', Number.NaN],
  ['int', 2n ** 62n],
  ['bool', false],
] as const)('a value of %s comes back', (kind, value) => {
  expect(fromText(column(kind), toText(column(kind), value))).toEqual(value);
});
