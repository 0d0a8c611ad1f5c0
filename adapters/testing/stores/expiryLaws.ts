/** Laws of tables that let old rows go. */
import type { TableStore } from '../../../lib/ports.js';
import { type Bench, del, type Laws, result, up } from './bench.js';

/** The laws of a store whose tables can expire rows. */
export const expiryLaws: Laws = new Map([
  [
    'rows at or before an event time expire, and the others stay as they are',
    async (t) => {
      const table = t.table();
      await table.upsert([up(['a'], { v: 1 }, [9], 10), up(['b'], { v: 2 }, [0], 11)]);
      await table.upsert([up(['c'], { v: 3 }, [0], -5)]);
      t.same('how many', await expire(t, table, 10), 2);
      t.same('the rows', await t.pairs(table), [['b', 2]]);
      t.same('again', await expire(t, table, 10), 0);
      t.same('a lower order', await table.upsert([up(['b'], { v: 0 }, [0], 10)]), result(0, 1));
    },
  ],
  [
    'a row that has expired leaves no tombstone, and those of its time go too',
    async (t) => {
      const table = t.table();
      await table.upsert([up(['a'], { v: 1 }, [5], 10), del(['b'], [5], 10), del(['c'], [5], 11)]);
      t.same('how many', await expire(t, table, 10), 1);
      const again = ['a', 'b', 'c'].map((k) => up([k], { v: 2 }, [1], 5));
      t.same('rows below them', await table.upsert(again), result(2, 1));
    },
  ],
]);

async function expire(t: Bench, table: TableStore, timestamp: number): Promise<number> {
  t.same('that the table can', typeof table.expire, 'function');
  return (await table.expire?.(timestamp)) ?? 0;
}
