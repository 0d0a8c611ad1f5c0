/** Laws of `idempotentSink`: the table does not show arrival order or batches, and nothing is lost beside poison. */
import fc from 'fast-check';
import { take } from 'rxjs';
import {
  type IdempotentSinkConfig,
  idempotentSink,
  type SinkStats,
  type SinkStore,
  type Store,
  StoreError,
} from 'tidemark';
import { memoryStore } from 'tidemark/memory';
import { harness } from 'tidemark/testing';

interface V {
  readonly k: string;
  readonly v: unknown;
}

/* All that waits on promises alone has run by then. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

async function rowsOf(store: Store): Promise<unknown[]> {
  const rows: unknown[] = [];
  for await (const row of store.table('t', { key: ['k'] }).rows()) rows.push(row);
  return rows;
}

function run(config: Partial<IdempotentSinkConfig<V>> = {}) {
  const store = memoryStore();
  const table = store.table('t', { key: ['k'] });
  let stats: Readonly<SinkStats> | undefined;
  const rules = { store: table, key: (x: V) => x.k, row: ({ v }: V) => ({ v }) };
  const tell = (live: Readonly<SinkStats>): void => {
    stats = live;
  };
  const h = harness((in$) => in$.pipe(idempotentSink<V>({ ...rules, stats: tell, ...config })), {
    inJob: false,
  });
  const put = (k: string, v: unknown, at: number, revision?: readonly number[]) =>
    h.push({ k, v }, at, { revision });
  return { store, h, put, stats: () => stats as SinkStats };
}

describe('7 order', () => {
  it('any arrival order of distinct orders, in any batches, leaves the highest', async () => {
    const rows = fc.uniqueArray(fc.tuple(fc.nat({ max: 3 }), fc.nat({ max: 3 })), {
      selector: String,
      minLength: 1,
    });
    await fc.assert(
      fc.asyncProperty(rows, fc.integer({ min: 1, max: 4 }), async (orders, batch) => {
        const s = run({ batch });
        for (const [i, [revision, timestamp]] of orders.entries()) {
          s.put('a', `${revision}.${timestamp}`, timestamp, [revision]);
          if (i % 2 === 0) await settle();
        }
        s.h.complete();
        await settle();
        const highest = orders
          .map(([r, t]) => `${r}.${t}`)
          .sort()
          .at(-1);
        expect(await rowsOf(s.store)).toEqual([{ k: 'a', v: highest }]);
        expect(s.h.outputs.at(-1)?.kind).toBe('complete');
      }),
      { numRuns: 50 },
    );
  });
});

describe('7 poison', () => {
  it('rows that the store refuses leave one by one, named by it or not', async () => {
    for (const names of [true, false]) {
      const good: string[] = [];
      const poison: unknown[] = [];
      const store: SinkStore = {
        name: 'picky',
        transaction: {},
        upsert: async (rows) => {
          const refused = rows.filter((r) => r.row['v'] === 'bad');
          if (refused.length > 0) {
            throw new StoreError('refused', 'no', names ? { refused } : {});
          }
          good.push(...rows.map((r) => String(r.key)));
          return { written: rows.length, ignored: 0, conflicts: 0 };
        },
      };
      const s = run({ store, poison: (p) => poison.push((p.value as V).k) });
      for (const [k, v] of Object.entries({ a: 1, b: 'bad', c: 1, d: 'bad', e: 1 })) s.put(k, v, 1);
      await settle();
      expect([...good].sort()).toEqual(['a', 'c', 'e']);
      expect(poison).toEqual(['b', 'd']);
      expect(s.stats()).toMatchObject({ poison: 2, written: 3, live: 0 });
    }
  });
});

describe('the stream', () => {
  it('an unsubscription stops the writing after the batch under way', async () => {
    const s = run({ batch: 1 });
    s.put('a', 1, 1);
    s.put('b', 1, 1);
    await Promise.resolve();
    s.h.unsubscribe();
    await settle();
    expect(await rowsOf(s.store)).toHaveLength(1);
  });

  it('take(1) takes one ack', async () => {
    const store = memoryStore().table('t', { key: ['k'] });
    const h = harness(
      (in$) => in$.pipe(idempotentSink<V>({ store, key: (x) => x.k, batch: 1 }), take(1)),
      { inJob: false },
    );
    h.push({ k: 'a', v: 1 }, 1);
    h.push({ k: 'b', v: 1 }, 1);
    await settle();
    expect(h.outputs.map((m) => m.kind)).toEqual(['value', 'complete']);
    expect(h.observed()).toBe(false);
  });

  it('a row is the value itself where there is no `row`', async () => {
    const s = run({ row: undefined as never });
    s.put('a', 7, 1);
    await settle();
    expect(await rowsOf(s.store)).toEqual([{ k: 'a', v: 7 }]);
  });
});
