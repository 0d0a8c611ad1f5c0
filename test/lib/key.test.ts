/** Keys are equal by type and content, whatever form they are held in. */
import fc from 'fast-check';
import { type Key, keyId, keyText } from '../../lib/key.js';

const primitive = fc.oneof(
  fc.string(),
  fc.constantFrom('', '\u0000', '\u0000s', 's1:a', 'n1;', '1'),
  fc.maxSafeInteger(),
  fc.double({ noNaN: true, min: -1e6, max: 1e6 }),
  fc.bigInt(),
  fc.boolean(),
);
/* Texts that look like the form of other keys, so that a form without lengths would mix them up. */
const lookalike = fc.string({
  unit: fc.constantFrom('s', 'n', 'a', '1', '2', ':', ';', ','),
  maxLength: 3,
});
const keys: fc.Arbitrary<Key> = fc.letrec<{ key: Key }>((tie) => ({
  key: fc.oneof({ maxDepth: 3 }, primitive, fc.array(tie('key'), { maxLength: 3 })),
})).key;

/** Equality as the contract has it: by type and value, −0 = 0. */
function equal(a: Key, b: Key): boolean {
  if (!Array.isArray(a) || !Array.isArray(b)) return a === b;
  return a.length === b.length && a.every((x, i) => equal(x, b[i]));
}

it('two keys have one id, and one text, exactly when they are equal', () => {
  fc.assert(
    fc.property(keys, keys, (a, b) => {
      const same = new Map([[keyId(a), true]]).has(keyId(b));
      expect(same).toBe(equal(a, b));
      expect(keyText(a) === keyText(b)).toBe(equal(a, b));
      expect(keyText(structuredClone(a) as Key)).toBe(keyText(a));
    }),
    { numRuns: 500 },
  );
});

it('the border between two parts of a tuple shows', () => {
  const pairs = fc.tuple(lookalike, lookalike);
  fc.assert(
    fc.property(pairs, pairs, (a, b) => {
      expect(keyText(a) === keyText(b)).toBe(equal(a, b));
    }),
    {
      examples: [
        [
          ['a', 'sb'],
          ['as', 'b'],
        ],
      ],
      numRuns: 500,
    },
  );
});

const distinct: Key[] = [
  1,
  '1',
  1n,
  true,
  'true',
  [],
  [1],
  ['1'],
  [[1]],
  [1, 2],
  [12],
  ['1', '2'],
  ['12'],
  '',
  [''],
];
it('one, its text, its bigint and its tuple are different keys', () => {
  expect(new Set(distinct.map(keyId)).size).toBe(distinct.length);
  expect(new Set(distinct.map(keyText)).size).toBe(distinct.length);
});

it('−0 is 0, also inside a tuple', () => {
  expect(keyText(-0)).toBe(keyText(0));
  expect(keyId([-0])).toBe(keyId([0]));
});

it('names that objects have by birth are ordinary keys', () => {
  const map = new Map(['__proto__', 'constructor', 'toString'].map((k) => [keyId(k), k]));
  expect([...map.values()]).toEqual(['__proto__', 'constructor', 'toString']);
});

const deep = Array.from({ length: 80 }).reduce<unknown>((inner) => [inner], 1);
it.each([
  undefined,
  null,
  NaN,
  Infinity,
  2 ** 53,
  Symbol('x'),
  {},
  new Date(),
  [undefined],
  [[null]],
  deep,
])('%p is no key', (x) => {
  expect(keyId(x)).toBeUndefined();
  expect(() => keyText(x as Key)).toThrow(TypeError);
});
