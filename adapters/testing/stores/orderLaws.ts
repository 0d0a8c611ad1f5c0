/** Laws of tables: which of two rows of a key stays, and what a delete leaves behind. */
import { del, type Laws, result, up } from './bench.js';

/** What, order of the first row, order of the second, whether the second overwrites. */
const orders: readonly [string, number[], number, number[], number, boolean][] = [
  ['a greater revision', [1], 0, [2], -5, true],
  ['a lower revision', [2], 0, [1], 99, false],
  ['a longer tuple', [1, 2], 0, [1, 2, -9], -5, true],
  ['a prefix', [1, 2], 0, [1], 99, false],
  ['an empty tuple', [0], 0, [], 99, false],
  ['a greater second part', [1, 2], 0, [1, 10], 0, true],
  ['a later event time of the same revision', [1], 5, [1], 6, true],
  ['an earlier event time of the same revision', [1], 5, [1], 4, false],
];

export const orderLaws: Laws = new Map([
  [
    'revision, then event time, decides whether a row overwrites',
    async (t) => {
      for (const [what, r1, t1, r2, t2, wins] of orders) {
        const table = t.table();
        await table.upsert([up(['a'], { v: 1 }, r1, t1)]);
        const second = await table.upsert([up(['a'], { v: 2 }, r2, t2)]);
        t.same(`the result of ${what}`, second, wins ? result(1, 0) : result(0, 1));
        t.same(`the row after ${what}`, await t.pairs(table), [['a', wins ? 2 : 1]]);
      }
    },
  ],
  [
    'the same row again is a no-op and keeps its arrival time',
    async (t) => {
      const table = t.table('at');
      await table.upsert([up(['a'], { v: 1 })]);
      t.setClock(2000);
      t.same('its result', await table.upsert([up(['a'], { v: 1 })]), result(0, 1));
      t.same('the row', await t.rows(table, 'at'), [t.at(1000, { k: 'a', v: 1 })]);
    },
  ],
  [
    'of two rows of one order the later arrival wins and counts as a conflict',
    async (t) => {
      const table = t.table('at');
      await table.upsert([up(['a'], { v: 1 }), up(['b'], { v: 1 })]);
      t.setClock(2000);
      const second = await table.upsert([up(['a'], { v: 2 }), up(['b'], { v: 1 }, [1])]);
      t.same('the result', second, result(2, 0, 1));
      t.same('the rows', await t.rows(table, 'at'), [
        t.at(2000, { k: 'a', v: 2 }),
        t.at(2000, { k: 'b', v: 1 }),
      ]);
      const higher = await table.upsert([up(['a'], { v: 3 }, [1])]);
      t.same('the result of a higher row', higher, result(1, 0));
    },
  ],
  [
    'a null in place of a value is other content',
    async (t) => {
      const table = t.table();
      await table.upsert([up(['a'], { v: 1 })]);
      t.same('with null', await table.upsert([up(['a'], { v: null })]), result(1, 0, 1));
      t.same('without the column', await table.upsert([up(['a'], {})]), result(0, 1));
      t.same('the rows', await t.pairs(table), [['a', null]]);
    },
  ],
  [
    'a delete removes a row that is not higher, and refuses lower rows from then on',
    async (t) => {
      const table = t.table();
      await table.upsert([up(['a'], { v: 1 }, [1], 5), up(['b'], { v: 1 }, [3], 5)]);
      const deletes = [del(['a'], [1], 5), del(['b'], [2], 9), del(['c'], [2], 5)];
      t.same('the deletes', await table.upsert(deletes), result(1, 2));
      t.same('the rows', await t.pairs(table), [['b', 1]]);
      const lower = [up(['a'], { v: 2 }, [1], 4), up(['c'], { v: 2 }, [2], 4)];
      t.same('lower rows', await table.upsert(lower), result(0, 2));
      const equal = [up(['a'], { v: 3 }, [1], 5), up(['c'], { v: 3 }, [2, 0], 0)];
      t.same('rows not lower', await table.upsert(equal), result(2, 0));
      const now = [
        ['a', 3],
        ['b', 1],
        ['c', 3],
      ];
      t.same('the rows now', await t.pairs(table), now);
    },
  ],
  [
    'a repeated or lower delete changes nothing, and lowers no tombstone',
    async (t) => {
      const table = t.table();
      await table.upsert([up(['a'], { v: 1 }, [1])]);
      await table.upsert([del(['a'], [3])]);
      t.same('a repeated delete', await table.upsert([del(['a'], [3])]), result(0, 1));
      t.same('a lower delete', await table.upsert([del(['a'], [2])]), result(0, 1));
      t.same('a row below', await table.upsert([up(['a'], { v: 2 }, [2, 5])]), result(0, 1));
      t.same('the count', await table.count(), 0);
    },
  ],
  [
    'a row above its tombstone ends it',
    async (t) => {
      const table = t.table();
      await table.upsert([del(['a'], [3])]);
      await table.upsert([up(['a'], { v: 1 }, [4])]);
      await table.upsert([del(['a'], [4])]);
      t.same('a lower row', await table.upsert([up(['a'], { v: 2 }, [3, 5])]), result(0, 1));
      t.same('an equal row', await table.upsert([up(['a'], { v: 2 }, [4])]), result(1, 0));
    },
  ],
  [
    'forget frees tombstones up to and including an event time',
    async (t) => {
      const table = t.table();
      if (table.forget === undefined) return;
      await table.upsert([del(['a'], [3], 10), del(['b'], [3], 11)]);
      await table.forget(10);
      const lower = [up(['a'], { v: 1 }, [1], 1), up(['b'], { v: 1 }, [1], 1)];
      t.same('lower rows', await table.upsert(lower), result(1, 1));
      t.same('the rows', await t.pairs(table), [['a', 1]]);
    },
  ],
  [
    'deletes and rows of one batch are applied together',
    async (t) => {
      const table = t.table();
      await table.upsert([up(['a'], { v: 1 }), up(['b'], { v: 1 })]);
      const batch = [del(['a'], [1]), up(['b'], { v: 2 }, [1]), del(['x'])];
      t.same('the result', await table.upsert(batch), result(2, 1));
      t.same('the rows', await t.pairs(table), [['b', 2]]);
    },
  ],
]);
