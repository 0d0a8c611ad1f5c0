/** Facts about records of a log, and about what they come to. */
import type { Entry } from '../../../lib/log/entry.js';
import { Image } from '../../../lib/log/image.js';
import { encodeRecord, recordAt, recordsWithin, statedLength } from '../../../lib/log/record.js';
import { atOnce } from '../../../lib/turns.js';

const raw = new Uint8Array([1, 2, 3]);
const acquire = (epoch: number): Entry => ({ kind: 'acquire', job: 'j', task: '0', epoch });

it('a record is read back whole, and not at all when a byte of it is cut or flipped', () => {
  const bytes = encodeRecord(acquire(1), [raw.subarray(0, 1), raw.subarray(1)]);
  expect(statedLength(bytes, 0)).toBe(bytes.length);
  expect(recordAt(bytes, 0)).toEqual({ entry: acquire(1), raw });
  for (let i = 0; i < bytes.length; i++) {
    expect(recordAt(bytes.subarray(0, i), 0)).toBeUndefined();
    const flipped = bytes.slice();
    flipped[i] = (flipped[i] as number) ^ (1 << (i % 8));
    expect(recordAt(flipped, 0)).toBeUndefined();
  }
});

it('whole records are found behind whatever stands before them', () => {
  const [one, two] = [encodeRecord(acquire(1), [raw]), encodeRecord(acquire(2))];
  const rest = Buffer.concat([one.subarray(0, 20), one, raw, two, two.subarray(0, -1)]);
  expect([...recordsWithin(rest, 1)].map(({ entry }) => entry)).toEqual([acquire(1), acquire(2)]);
});

it('of two who take a task over with one epoch, the first in the log has it', () => {
  const image = new Image();
  const apply = (entry: Entry) => atOnce(image.apply({ entry, raw: new Uint8Array() })).outcome;
  expect([2, 2, 1, 3].map((epoch) => apply(acquire(epoch)))).toEqual([
    'ok',
    'fenced',
    'fenced',
    'ok',
  ]);
  expect(image.task('j', '0').epoch).toBe(3);
  expect(apply({ kind: 'fence' })).toBe('ok');
  expect(image.task('j', '0').epoch).toBe(4);
});
