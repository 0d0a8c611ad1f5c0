/** The memory store keeps the laws of all stores. */
import { storeLaws } from 'tidemark/testing';
import { memoryStore } from '../../adapters/memory/index.js';

const clock = { ms: 0 };
const store = memoryStore({ clock: { now: () => clock.ms } });
it.each(storeLaws({ store: () => store, clock, leases: true, outbox: true, expires: true }))(
  '$name',
  ({ check }) => check(),
);

test('a table without types keeps what it is given', async () => {
  const table = store.table('untyped', { key: ['k', 'at'] });
  const row = { n: 1n, t: new Date(5), list: [1, { a: Number.NaN }], none: undefined };
  await table.upsert([{ op: 'upsert', key: ['a', 1], row, revision: [0], timestamp: 0 }]);
  row.list.push(9);
  for await (const back of table.rows()) {
    const expected = { n: 1n, t: new Date(5), list: [1, { a: Number.NaN }], none: null };
    expect(back).toEqual({ k: 'a', at: 1, ...expected });
  }
  expect(store.table('untyped', { key: ['k', 'at'] })).toBe(table);
});

test('a wrong table is refused at once', () => {
  const config = { key: ['k'] };
  expect(() => store.table('a b', config)).toThrow('memoryStore: `name` must be a table name');
  expect(() => store.table('a.b.c', config)).toThrow('`name` must be a table name');
  expect(() => store.table('t', { key: [] })).toThrow('`key` must be a list of one or more');
  expect(() => store.table('t', { key: ['k', 'k'] })).toThrow(
    '`key` must be a list of one or more',
  );
  expect(() => store.table('t', { key: ['tidemark_k'] })).toThrow('not beginning with tidemark_');
  expect(() => store.table('t', { key: ['k'], audit: 'k' })).toThrow(
    '`audit` must be no key column',
  );
  expect(() => store.table('t', { key: ['k'], columns: { v: 'text' } })).toThrow('key column k');
  expect(() => store.table('t', { key: ['k'], columns: { k: 'text); --' } })).toThrow(
    '`columns.k`',
  );
});
