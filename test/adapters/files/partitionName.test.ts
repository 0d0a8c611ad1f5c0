/** Names of partitions as names of directories: none gets out, none meets another, none is too long. */
import fc from 'fast-check';
import { partitionName } from '../../../adapters/files/partitionName.js';

it('keeps what is plain everywhere', () => {
  expect(partitionName('day=2026-11-23')).toBe('day=2026-11-23');
  expect(partitionName('v1.5_x')).toBe('v1.5_x');
});

it('encodes what means something to a file system', () => {
  const names = [
    '',
    '.',
    '..',
    '../x',
    'a/b',
    'a\\b',
    '\0',
    'A',
    'con',
    'nul.txt',
    'COM1',
    'x.',
    '%',
  ];
  expect(names.map(partitionName)).toEqual([
    ...['%', '%2e', '%2e%2e', '%2e.%2fx', 'a%2fb', 'a%5cb', '%00', '%41', '%63on', '%6eul.txt'],
    ...['%43%4f%4d1', 'x%2e', '%25'],
  ]);
});

it('no two meet, whatever a file system does to case, Unicode and dots', () => {
  const hostile = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(fc.integer({ min: 0, max: 0xffff })).map((codes) => String.fromCharCode(...codes)),
    fc.string({ unit: fc.constantFrom('a', 'A', '.', '/', '%', '2', 'e', 'é', 'e\u0301', '-') }),
    fc.string({ minLength: 150, maxLength: 400 }),
  );
  const form = (name: string) =>
    name
      .normalize('NFC')
      .toLowerCase()
      .replace(/[. ]+$/, '');
  fc.assert(
    fc.property(hostile, hostile, (a, b) => {
      for (const text of [a, b]) {
        const name = partitionName(text);
        expect(name).toMatch(/^[a-z0-9_=%-][a-z0-9_=.%-]*$/);
        expect(name.length).toBeLessThanOrEqual(180);
      }
      expect(form(partitionName(a)) === form(partitionName(b))).toBe(a === b);
    }),
    { numRuns: 500 },
  );
  const long = 'x'.repeat(500);
  expect(partitionName(`${long}a`)).not.toBe(partitionName(`${long}b`));
});
