/** Facts about rows: which objects are events and profiles, against the oracle's own reading. */
import fc from 'fast-check';
import { events, profiles } from '../../examples/main/rows.js';
import { timeOf } from '../oracle/reading.js';

const good = { user_id: 'u', event_id: 'e', event_time: '2024-02-29T00:00:00Z', value: 1.5 };
const read = (o: object, lenient = false) => events(lenient)(o as Record<string, unknown>);
const timeIn = (x: unknown, lenient = false) => {
  const row = read({ ...good, event_time: x }, lenient);
  return 'ok' in row ? row.ok.event_time : undefined;
};

it('a row holds the named fields and no other, its time in milliseconds', () => {
  expect(read({ ...good, more: 1 })).toEqual({
    ok: { user_id: 'u', event_id: 'e', event_time: 1709164800000, value: 1.5 },
  });
  expect(profiles(false)({ user_id: 'constructor', plan: 'p', event_time: -1 })).toEqual({
    ok: { user_id: 'constructor', plan: 'p', event_time: -1 },
  });
});

it.each([
  [{ user_id: '' }, '`user_id` must be a non-empty string; got ""'],
  [{ user_id: 7 }, '`user_id` must be a non-empty string; got 7'],
  [{ event_id: null }, '`event_id` must be a non-empty string; got null'],
  [{ value: '1' }, '`value` must be a finite number; got "1"'],
  [{ value: Infinity }, '`value` must be a finite number; got Infinity'],
  [{ event_time: 1.5 }, /`event_time` must be .*; got 1.5/],
  [{ event_time: '2024-01-01T00:00:00' }, /`event_time` must be YYYY/],
])('%j is refused with the field, the rule and what it got', (change, reason) => {
  const row = read({ ...good, ...change });
  expect('invalid' in row && row.invalid).toEqual(
    typeof reason === 'string' ? reason : expect.stringMatching(reason),
  );
});

it('a field that only the prototype has is missing', () => {
  const { event_id, ...rest } = good;
  expect(read(rest)).toEqual({ invalid: '`event_id` is missing' });
  expect(read(JSON.parse('{"__proto__":{"user_id":"u"}}'))).toEqual({
    invalid: '`user_id` is missing',
  });
});

it('lenient takes seconds, numbers in strings and times without a zone; strict does not', () => {
  const cases: [unknown, number][] = [
    [1431857103, 1431857103000],
    [1431857103.0019999, 1431857103001],
    [-0.5, -500],
    ['1431857103', 1431857103000],
    ['1431857103000', 1431857103000],
    ['2015-05-17 10:05:03', 1431857103000],
    ['2015-05-17T10:05:03.9999', 1431857103999],
  ];
  for (const [x, ms] of cases) expect([x, timeIn(x, true)]).toEqual([x, ms]);
  expect(timeIn(1431857103)).toBe(1431857103);
  for (const x of ['1431857103', '2015-05-17 10:05:03']) expect(timeIn(x)).toBeUndefined();
  for (const x of ['', ' 1', '0x10', 'NaN', 'Infinity', '2015-05-17']) {
    expect([x, timeIn(x, true)]).toEqual([x, undefined]);
  }
});

const two = (n: number) => String(n).padStart(2, '0');
const nearTimes = fc
  .record({
    y: fc.constantFrom('0000', '0001', '1900', '1969', '1970', '2000', '2024', '5138', '9999'),
    mo: fc.integer({ min: 0, max: 13 }).map(two),
    d: fc.integer({ min: 0, max: 32 }).map(two),
    t: fc.constantFrom('T', ' ', 't', ''),
    h: fc.integer({ min: 0, max: 24 }).map(two),
    mi: fc.constantFrom('00', '30', '59', '60'),
    s: fc.constantFrom('00', '59', '60', '5'),
    f: fc.constantFrom('', '.', '.1', '.999', '.9999999', ',5'),
    z: fc.constantFrom(
      'Z',
      '',
      'z',
      '+00:00',
      '-00:30',
      '+0530',
      '+23:59',
      '-24:00',
      '+05',
      '+5:30',
    ),
  })
  .map((p) => `${p.y}-${p.mo}-${p.d}${p.t}${p.h}:${p.mi}:${p.s}${p.f}${p.z}`);

it('any time is read as the oracle reads it, strict and lenient', () => {
  const numbers = fc.oneof(fc.double(), fc.integer(), fc.maxSafeInteger());
  const any = fc.oneof(nearTimes, numbers, numbers.map(String), fc.constantFrom(null, true, {}));
  let valid = 0;
  fc.assert(
    fc.property(any, fc.boolean(), (x, lenient) => {
      const expected = timeOf(x, lenient);
      if (expected !== undefined) valid++;
      expect(timeIn(x, lenient)).toBe(expected === undefined ? undefined : expected + 0);
    }),
    { numRuns: 3000 },
  );
  expect(valid).toBeGreaterThan(300);
});
