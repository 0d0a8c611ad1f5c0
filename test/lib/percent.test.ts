/** Text as plain ASCII and back: one form for each text. */
import fc from 'fast-check';
import { fromPercent, toPercent } from '../../lib/percent.js';

const plain = /^[a-z0-9]$/;

it('keeps what is plain and encodes the rest, lone surrogates too', () => {
  expect(toPercent('a/B%ü', plain)).toBe('a%2f%42%25%c3%bc');
  expect(toPercent('\ud800\udc00', plain)).toBe('%f0%90%80%80');
  expect(toPercent('\ud800', plain)).toBe('%ud800');
  expect(toPercent('\ufffd', plain)).not.toBe(toPercent('\ud800', plain));
  expect(toPercent('\0', plain)).toBe('%00');
});

it('any text comes back', () => {
  const units = fc.array(fc.integer({ min: 0, max: 0xffff }));
  fc.assert(
    fc.property(units, (codes) => {
      const text = String.fromCharCode(...codes);
      const encoded = toPercent(text, plain);
      expect(encoded).toMatch(/^[a-z0-9%]*$/);
      expect(fromPercent(encoded)).toBe(text);
    }),
  );
});

it('what was not encoded so is none', () => {
  for (const text of ['%', '%2', '%zz', '%ff', '%u12']) expect(fromPercent(text)).toBeUndefined();
});
