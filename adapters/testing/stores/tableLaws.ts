/** Laws of tables: batches, refusals, reading back. */
import { del, type Laws, result, up } from './bench.js';

export const tableLaws: Laws = new Map([
  [
    'a first row is written with the arrival time of the write',
    async (t) => {
      const table = t.table('at');
      t.same('its result', await table.upsert([up(['a'], { v: 1 })]), result(1, 0));
      t.same('the rows', await t.rows(table, 'at'), [t.at(1000, { k: 'a', v: 1 })]);
      t.same('the count', await table.count(), 1);
    },
  ],
  [
    'an empty batch changes nothing',
    async (t) => {
      const table = t.table();
      t.same('its result', await table.upsert([]), result(0, 0));
      t.same('the rows', await t.rows(table), []);
    },
  ],
  [
    'a batch with a row that is refused changes nothing and names the row, its column and value',
    async (t) => {
      const table = t.table();
      const bad = [up(['b'], { v: 'many' }), up(['c'], { v: 2n ** 63n }), up(['d'], { w: 1 })];
      await t.rejects('the batch', table.upsert([up(['a'], { v: 1 }), ...bad]), {
        kind: 'refused',
        refused: bad,
        names: ['v', 'many'],
      });
      t.same('the count', await table.count(), 0);
    },
  ],
  [
    'keys that are one key in their column are one row, as if each came alone',
    async (t) => {
      const table = t.table();
      const batch = [
        ...[up([1], { v: 1 }), up(['a'], { v: 1 }), up(['1'], { v: 2 }), up([1], { v: 0 }, [-1])],
        ...[
          del([2], [5]),
          up(['2'], { v: 3 }, [4]),
          up([2n], { v: 4 }, [5]),
          up([2], { v: 4 }, [5]),
        ],
      ];
      t.same('one batch', await table.upsert(batch), result(4, 4, 1));
      const rows = [
        ['1', 2],
        ['2', 4],
        ['a', 1],
      ];
      t.same('its rows', await t.pairs(table), rows);
      const other = t.table();
      for (const row of batch) await other.upsert([row]);
      t.same('the rows of eight batches', await t.pairs(other), rows);
    },
  ],
  [
    'a row that does not fit the table is refused',
    async (t) => {
      const table = t.table('at');
      for (const [key, row] of [
        [['a', 'b'], {}],
        [[], {}],
        [['a'], { k: 'x' }],
        [['a'], { at: 1 }],
        [['a'], { tidemark_revision: 1 }],
      ] as const) {
        const what = `key ${JSON.stringify(key)}, row ${JSON.stringify(row)}`;
        await t.rejects(what, table.upsert([up(key, row)]), { kind: 'refused' });
      }
    },
  ],
  [
    'rows come in key order, text by code point',
    async (t) => {
      const table = t.table();
      const keys = ['b', 'Z', '', 'ä', 'a', '\uffee', '💧', 'aa', 'a b'];
      await table.upsert(keys.map((k) => up([k], { v: 1 })));
      const inOrder = ['', 'Z', 'a', 'a b', 'aa', 'b', 'ä', '\uffee', '💧'];
      t.same(
        'the keys',
        (await t.rows(table)).map(({ k }) => k),
        inOrder,
      );
    },
  ],
  [
    'more rows than a page come once each, in order',
    async (t) => {
      const table = t.table();
      const name = (i: number) => `k${String(i).padStart(4, '0')}`;
      const rows = Array.from({ length: 2500 }, (_, i) => up([name(i)], { v: i }));
      await table.upsert(rows);
      const wanted = rows.map((r) => [r.key[0], r.row['v']]);
      t.same('the rows', await t.pairs(table), wanted);
      t.same('the count', await table.count(), 2500);
    },
  ],
  [
    'the same name is the same table',
    async (t) => {
      const name = t.fresh('one');
      const config = { key: ['k'], columns: { k: 'text', v: 'int8' } };
      await t.store.table(name, config).upsert([up(['a'], { v: 1 })]);
      t.same('its rows', await t.rows(t.store.table(name, config)), [{ k: 'a', v: 1 }]);
    },
  ],
]);
