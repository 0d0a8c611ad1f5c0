/** The codec: what it keeps, what it refuses, and that damage never passes. */
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { decode, encode } from '../../lib/codec.js';
import { crc32 } from '../../lib/crc32.js';
import { MAX_DEPTH } from '../../lib/tagged.js';

const utf8 = new TextEncoder();
const asText = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const again = (data: unknown) => decode(encode(data));

const nasty = {
  numbers: [0, -0, Number.NaN, Infinity, -Infinity, 5e-324, 2 ** 53, -1.5e300],
  big: [0n, -(2n ** 80n)],
  nothing: [undefined, null, ''],
  texts: ['\ud800', 'a\udc00b', '\u0000', '\u2028', '"\\', '💧'],
  map: new Map<unknown, unknown>([
    ['a', new Set([Number.NaN, 'a', -0])],
    [Number.NaN, new Map([[{ k: 1 }, undefined]])],
  ]),
  dates: [new Date(-1), new Date(8.64e15)],
  marks: [{ '~': 'n' }, { '~o': { '~m': [] } }, { '~d': 1, b: 2 }, { b: -0, '~': 1 }],
  own: JSON.parse('{"__proto__": {"x": 1}, "constructor": 1, "toString": 2}'),
};

test('the codec keeps everything that plain JSON loses', () => {
  const back = again(nasty) as typeof nasty;
  expect(isDeepStrictEqual(back, nasty)).toBe(true);
  expect(String(again(new Date(Number.NaN)))).toBe('Invalid Date');
  expect(Object.is(back.numbers[1], -0)).toBe(true);
  expect(Object.keys(back.own)).toEqual(['__proto__', 'constructor', 'toString']);
  expect(Object.getPrototypeOf(back.own)).toBe(Object.prototype);
});

test('a `__proto__` key survives beside and inside a tag', () => {
  const data: unknown = JSON.parse('{"__proto__": {"__proto__": 1}}');
  const back = again({ at: -Infinity, data }) as { data: object };
  expect(Object.keys(back.data)).toEqual(['__proto__']);
  const deep = Object.defineProperty(JSON.parse('{"__proto__": 0}'), '__proto__', {
    value: Number.NaN,
  }) as object;
  expect(Object.entries(again(deep) as object)).toEqual([['__proto__', Number.NaN]]);
});

test('any data comes back equal', () => {
  const any = fc.anything({
    withBigInt: true,
    withMap: true,
    withSet: true,
    withNullPrototype: false,
    key: fc.oneof(fc.string(), fc.constantFrom('__proto__', '~', '~o', '~m', 'constructor')),
    values: [
      fc.string({ unit: 'binary' }),
      fc.integer(),
      fc.double(),
      fc.boolean(),
      fc.constant(undefined),
      fc.constant(null),
      fc.constantFrom('~', '\ud800'),
      // the comparison holds no two invalid dates equal; they have a fact of their own above
      fc.date({ noInvalidDate: true }),
    ],
  });
  fc.assert(
    fc.property(any, (data) => {
      expect(isDeepStrictEqual(again(data), data)).toBe(true);
    }),
    { numRuns: 500 },
  );
});

test('data without anything special is stored as it is, and not copied', () => {
  expect(asText(encode({ a: [1, 'x', null, true] }))).toBe(
    'tidemark/1 pe191a923\n{"a":[1,"x",null,true]}',
  );
});

test('the bytes of format 1 are fixed', () => {
  const golden =
    'tidemark/1 t449b4c6d\n{"w":{"~":"-"},"z":{"~":"0"},"n":{"~":"n"},"p":{"~":"+"},"u":{"~":"u"},"b":{"~i":"12"},"m":{"~m":["k",{"~s":[1]}]},"d":{"~d":5},"o":{"~o":{"~":1}},"s":"\\ud800"}';
  const data = {
    w: -Infinity,
    z: -0,
    n: Number.NaN,
    p: Infinity,
    u: undefined,
    b: 12n,
    m: new Map([['k', new Set([1])]]),
    d: new Date(5),
    o: { '~': 1 },
    s: '\ud800',
  };
  expect(asText(encode(data))).toBe(golden);
  expect(decode(utf8.encode(golden))).toStrictEqual(data);
});

test('crc32 is the checksum of zip', () => {
  expect(crc32(utf8.encode('123456789'))).toBe(0xcbf43926);
  expect(crc32(utf8.encode('x123456789'), 1)).toBe(0xcbf43926);
  expect(crc32(utf8.encode('56789'), 0, crc32(utf8.encode('1234')))).toBe(0xcbf43926);
});

test('no changed, missing or added byte passes as data', () => {
  const bytes = encode(nasty);
  for (let i = 0; i < bytes.length; i++) {
    for (const bits of [1, 0x20, 0x80, 0xff]) {
      const bad = bytes.slice();
      bad[i] = (bad[i] as number) ^ bits;
      expect(() => decode(bad)).toThrow(expect.objectContaining({ name: 'CodecError' }));
    }
    expect(() => decode(bytes.subarray(0, i))).toThrow(/^codec: /);
  }
  expect(() => decode(utf8.encode(`${asText(bytes)} `))).toThrow(/damaged: its checksum/);
});

test('a newer format is named', () => {
  expect(() => decode(utf8.encode('tidemark/12 z{}'))).toThrow(
    'codec: the data has format 12; this version reads up to 1: run the version that wrote it',
  );
  expect(() => decode(new Uint8Array())).toThrow('codec: these bytes are not state of ours');
});

class Point {
  x = 1;
}
test.each([
  [{ a: [0, () => 1] }, 'codec: cannot write function (anonymous); at data["a"][1]'],
  [{ s: Symbol('s') }, 'codec: cannot write a symbol; at data["s"]'],
  [[new Point()], 'codec: cannot write an instance of Point: only plain data; at data[0]'],
  [new Map([['k', new Uint8Array(1)]]), 'cannot write an instance of Uint8Array'],
  [
    { a: { [Symbol('s')]: 1 } },
    'cannot write an instance of Object: only plain data; at data["a"]',
  ],
  [{ a: Object.create({ inherited: 1 }) }, 'only plain data; at data["a"]'],
])('what is not data is refused with its path (%#)', (data, message) => {
  expect(() => encode(data)).toThrow(message);
});

function nested(levels: number): unknown {
  let x: unknown = -0;
  for (let i = 0; i < levels; i++)
    x = i % 3 === 0 ? [x] : i % 3 === 1 ? new Map([[x, x]]) : { '~': x };
  return x;
}

test('data nests 64 deep and no deeper, and a cycle is too deep', () => {
  let plain: unknown = 1;
  for (let i = 0; i < MAX_DEPTH; i++) plain = [plain];
  expect(again(plain)).toEqual(plain);
  expect(() => encode([plain])).toThrow('nests deeper than 64');
  let tagged: unknown = -0;
  for (let i = 0; i < MAX_DEPTH; i++) tagged = i % 2 ? { '~': tagged } : new Set([tagged]);
  expect(again(tagged)).toStrictEqual(tagged);
  expect(again(nested(12))).toStrictEqual(nested(12));
  const cycle: unknown[] = [];
  cycle.push({ cycle });
  expect(() => encode(cycle)).toThrow('nests deeper than 64, or in itself; at data[0]["cycle"][0]');
});

test('bytes that nest deeper than ours are refused before they are read', () => {
  const json = '['.repeat(70) + ']'.repeat(70);
  const sum = crc32(utf8.encode(`p${json}`))
    .toString(16)
    .padStart(8, '0');
  expect(() => decode(utf8.encode(`tidemark/1 p${sum}\n${json}`))).toThrow('deeper than 64');
});

test('a list that claims more places than the limit is refused at once', () => {
  expect(() => encode({ a: new Array(2 ** 31) })).toThrow('is longer than 268435456 bytes');
});
