/** Rows that wait for a store: the latest arrival of a key is the last of its batch. */
import { RowBatch } from '../../lib/rowBatch.js';

test('a row that takes the place of another stands where it arrived, after keys between', () => {
  const batch = new RowBatch();
  const add = (key: string | number, v: number) =>
    batch.add({ op: 'upsert', key: [key], row: { v }, revision: [], timestamp: 0, value: v });
  add(1, 1);
  add('1', 2);
  expect(add(1, 3)).toBe('conflict');
  expect(batch.take().map(({ key, value }) => [key[0], value])).toEqual([
    ['1', 2],
    [1, 3],
  ]);
});
