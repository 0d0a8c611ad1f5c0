/** What is equal in a marble test: values in depth, asymmetric matchers, window results by their fields. */
import { sameError, sameValue } from '../../../../adapters/testing/report/equality.js';

class Money {
  constructor(readonly cents: number) {}
}

const result = {
  key: ['k', 1],
  window: { start: 0, end: 5 },
  pane: { timing: 'late', index: 1, isFirst: false },
  value: { n: 4, big: 1n },
};

const equal: readonly [string, unknown, unknown][] = [
  ['NaN and NaN', Number.NaN, Number.NaN],
  ['a field that is undefined and none', { a: 1, b: undefined }, { a: 1 }],
  [
    'a record without prototype and one with',
    Object.assign(Object.create(null), { a: 1 }),
    { a: 1 },
  ],
  ['instances of one class with the same fields', new Money(1), new Money(1)],
  ['dates', new Date(7), new Date(7)],
  [
    'maps in another order',
    new Map([
      [1, 'a'],
      [2, 'b'],
    ]),
    new Map([
      [2, 'b'],
      [1, 'a'],
    ]),
  ],
  ['sets of records', new Set([{ a: 1 }, { a: 2 }]), new Set([{ a: 2 }, { a: 1 }])],
  ['a result and its value', { n: 4, big: 1n }, result],
  ['a result and some of its fields', { key: ['k', 1], pane: { timing: 'late' } }, result],
  ['results inside of a row', { left: { n: 4, big: 1n }, right: 1 }, { left: result, right: 1 }],
  ['a matcher and what it takes', expect.any(Number), 4],
  ['a matcher in a record', { a: [expect.stringMatching(/^x/)] }, { a: ['xy'] }],
  ['a matcher in a map', new Map([['k', expect.any(Number)]]), new Map([['k', 1]])],
  ['a matcher for a key', new Map([[expect.any(String), 1]]), new Map([['k', 1]])],
  [
    'a matcher in a set, that could take another',
    new Set([expect.anything(), 1]),
    new Set([1, 'x']),
  ],
  ['a matcher of fields and a result', expect.objectContaining({ key: ['k', 1] }), result],
  ['a matcher for the value of a result', { n: expect.any(Number), big: 1n }, result],
  ['symbols as names', { [Symbol.for('s')]: 1 }, { [Symbol.for('s')]: 1 }],
];

const different: readonly [string, unknown, unknown][] = [
  ['0 and -0', 0, -0],
  ['two promises', Promise.resolve(1), Promise.resolve(2)],
  ['two weak maps', new WeakMap(), new WeakMap()],
  ['an inherited field and one that is missing', { toString: expect.anything() }, {}],
  ['a field `__proto__` and none', JSON.parse('{"__proto__":{}}'), {}],
  ['a field `constructor` more', {}, { constructor: Object }],
  ['1 and "1"', 1, '1'],
  ['1n and 1', 1n, 1],
  ['null and undefined', null, undefined],
  ['a field more', { a: 1 }, { a: 1, b: 2 }],
  ['a field less', { a: 1, b: 2 }, { a: 1 }],
  ['a list and a record', [], {}],
  ['lists of other lengths', [1, undefined], [1]],
  ['a class and a record', new Money(1), { cents: 1 }],
  ['a class and a record, the other way round', { cents: 1 }, new Money(1)],
  ['other dates', new Date(0), new Date(1)],
  ['maps with another value', new Map([[1, 'a']]), new Map([[1, 'b']])],
  [
    'a map that has more',
    new Map([[1, 'a']]),
    new Map([
      [1, 'a'],
      [2, 'b'],
    ]),
  ],
  ['sets of others', new Set([{ a: 1 }]), new Set([{ a: 2 }])],
  [
    'a set that matches one thing twice',
    new Set([{ a: 1 }, { a: 1 }]),
    new Set([{ a: 1 }, { a: 2 }]),
  ],
  ['a result and another value', { n: 4 }, result],
  ['a result and another pane', { pane: { timing: 'early' } }, result],
  ['a result and null', null, result],
  ['a matcher and what it does not take', { a: expect.any(Number) }, { a: 'x' }],
  ['symbols as names, with other values', { [Symbol.for('s')]: 1 }, { [Symbol.for('s')]: 2 }],
];

describe('values', () => {
  it.each(equal)('%s are equal', (_, expected, got) => {
    expect(sameValue(expected, got)).toBe(true);
  });
  it.each(different)('%s are different', (_, expected, got) => {
    expect(sameValue(expected, got)).toBe(false);
  });
  it('that contain themselves are compared all the same', () => {
    const make = (n: number): object => {
      const x: Record<string, unknown> = { n };
      x['self'] = x;
      return x;
    };
    expect(sameValue(make(1), make(1))).toBe(true);
    expect(sameValue(make(1), make(2))).toBe(false);
  });
  it('may be long: sets and maps of 10,000 members are compared in a moment', () => {
    const members = (): [object, number][] => Array.from({ length: 10_000 }, (_, i) => [{ i }, i]);
    expect(sameValue(new Map(members()), new Map(members()))).toBe(true);
    expect(sameValue(new Set(members()), new Set(members()))).toBe(true);
  });
});

describe('errors', () => {
  it('are meant by class, by message, by a matcher, or as they are', () => {
    const error = new TypeError('no such key');
    expect(sameError('TypeError', error)).toBe(true);
    expect(sameError('RangeError', error)).toBe(false);
    expect(sameError(/such/, error)).toBe(true);
    expect(sameError(/other/, error)).toBe(false);
    expect(sameError(expect.any(TypeError), error)).toBe(true);
    expect(sameError(new TypeError('no such key'), error)).toBe(true);
    expect(sameError(new TypeError('another'), error)).toBe(false);
    expect(sameError('thrown text', 'thrown text')).toBe(true);
    expect(sameError(/text/, 'thrown text')).toBe(true);
    expect(sameError({ code: expect.any(Number) }, { code: 4 })).toBe(true);
  });
  it('without a message match none, and a pattern keeps no place between them', () => {
    expect(sameError(/^$/, undefined)).toBe(false);
    expect(sameError(/^$/, 0)).toBe(false);
    const pattern = /such/g;
    expect(sameError(pattern, new Error('no such'))).toBe(true);
    expect(sameError(pattern, new Error('no such'))).toBe(true);
  });
});
