/** Instants are epoch milliseconds or a reason why not; nothing is guessed. */
import fc from 'fast-check';
import { formatInstant, toInstant } from '../../lib/instant.js';

it('a written instant reads back, before 1970 and with an offset too', () => {
  const dates = fc.date({
    min: new Date('0000-01-01T00:00:00Z'),
    max: new Date('9999-12-31T00:00:00Z'),
    noInvalidDate: true,
  });
  const offsets = fc.integer({ min: -23 * 60, max: 23 * 60 });
  fc.assert(
    fc.property(dates, offsets, (date, offset) => {
      const ms = date.getTime();
      expect(toInstant(formatInstant(ms))).toBe(ms);
      expect(toInstant(date)).toBe(ms);
      const local = new Date(ms + offset * 60_000).toISOString().slice(0, -1);
      const size = Math.abs(offset);
      const two = (n: number): string => String(n).padStart(2, '0');
      const zone = `${offset < 0 ? '-' : '+'}${two(Math.floor(size / 60))}:${two(size % 60)}`;
      fc.pre(/^\d{4}-/.test(local));
      expect(toInstant(`${local}${zone}`)).toBe(ms);
    }),
  );
});

it.each([
  ['2024-02-29T12:00:00Z', Date.UTC(2024, 1, 29, 12)],
  ['2024-02-29 12:00:00+0130', Date.UTC(2024, 1, 29, 10, 30)],
  ['1969-12-31T23:59:59.9999Z', -1],
  ['2000-01-01T00:00:00.1Z', Date.UTC(2000, 0, 1) + 100],
  ['0001-01-01T00:00:00Z', -62_135_596_800_000],
])('%s is %d: fractions are cut to ms', (text, ms) => {
  expect(toInstant(text)).toBe(ms);
});

it.each(['2024-01-01T00:00:00', '2024-01-01 00:00:00.5'])(
  '%s has no zone, and none is guessed',
  (text) => {
    expect(toInstant(text)).toBe('zone');
  },
);

it.each([
  NaN,
  Infinity,
  1.5,
  2 ** 53,
  10n,
  null,
  undefined,
  '',
  '1700000000000',
  'yesterday',
  '2024-01-01',
  '2023-02-29T00:00:00Z',
  '2024-13-01T00:00:00Z',
  '2024-01-01T24:00:00Z',
  '2024-01-01T00:60:00Z',
  '2024-01-01T00:00:60Z',
  '2024-01-01T00:00:00+24:00',
  '2024-01-01T00:00:00z ',
  new Date(NaN),
  {},
])('%p is no instant', (x) => {
  expect(toInstant(x)).toBe('timestamp');
});

it('a number stays what it is, and −0 becomes 0', () => {
  expect(toInstant(-5)).toBe(-5);
  expect(Object.is(toInstant(-0), 0)).toBe(true);
});

it('is written with milliseconds, ±∞ as text', () => {
  expect(formatInstant(0)).toBe('1970-01-01T00:00:00.000Z');
  expect([formatInstant(Infinity), formatInstant(-Infinity)]).toEqual(['+∞', '-∞']);
  expect(formatInstant(9e15)).toBe('9000000000000000 ms');
});
