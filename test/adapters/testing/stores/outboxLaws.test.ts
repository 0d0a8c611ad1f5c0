/** The laws of outboxes themselves: each is broken by a store with its fault. */
import { memoryStore, type TableStore } from 'tidemark/memory';
import { StoreLawError, type StoreUnderTest, storeLaws } from 'tidemark/testing';

type Outbox = NonNullable<TableStore['outbox']>;
type Owner = Parameters<Outbox['fence']>[0];

/** A store whose outboxes were made wrong. */
function outboxing(faults: (right: Outbox, table: TableStore) => Partial<Outbox>): StoreUnderTest {
  const store = memoryStore();
  const table: typeof store.table = (name, config) => {
    const right = store.table(name, config);
    const inner = right.outbox as Outbox;
    const bound: Outbox = { fence: (...f) => inner.fence(...f), apply: (b) => inner.apply(b) };
    return Object.assign(Object.create(right), { outbox: { ...bound, ...faults(bound, right) } });
  };
  return { store: () => ({ ...store, table }), outbox: true };
}

let serial = 0;
const faults: readonly (readonly [fault: string, law: RegExp, under: () => StoreUnderTest])[] = [
  [
    'applies a batch of an outbox as often as it comes',
    /applied once, however often/,
    () => outboxing((right) => ({ apply: (b) => right.apply({ ...b, n: ++serial, i: 0 }) })),
  ],
  [
    'skips whole batches of an outbox alone',
    /only what lies above its position/,
    () =>
      outboxing((right, table) => ({
        async apply(b) {
          const answer = await right.apply(b);
          if (answer.outcome !== 'ok') return answer;
          return { ...answer, result: await table.upsert(b.rows) };
        },
      })),
  ],
  [
    'writes the rows of an outbox one at a time',
    /outbox is applied whole or not at all/,
    () =>
      outboxing((right) => ({
        async apply(b) {
          let answer: Awaited<ReturnType<Outbox['apply']>> = { outcome: 'duplicate' };
          for (const [at, row] of b.rows.entries()) {
            answer = await right.apply({ ...b, i: b.i + at, rows: [row] });
          }
          return answer;
        },
      })),
  ],
  [
    'moves the position of an outbox before it writes',
    /a refused one moves no position/,
    () =>
      outboxing((right, table) => ({
        async apply(b) {
          const answer = await right.apply({ ...b, rows: b.rows.map((r) => ({ ...r, row: {} })) });
          return answer.outcome === 'ok'
            ? { ...answer, result: await table.upsert(b.rows) }
            : answer;
        },
      })),
  ],
  [
    'writes rows of an outbox as if they were always newest',
    /keep the order of rows/,
    () =>
      outboxing((right) => ({
        apply: (b) =>
          right.apply({ ...b, rows: b.rows.map((r) => ({ ...r, revision: [99, ++serial] })) }),
      })),
  ],
  [
    'has a position of an outbox for each checkpoint',
    /applied once, however often/,
    () => {
      const byN = (o: Owner, n: number) => ({ ...o, sink: `${o.sink} ${n}` });
      return outboxing((right) => ({
        apply: (b) => right.apply({ ...b, owner: byN(b.owner, b.n) }),
      }));
    },
  ],
  [
    'knows only the last batch of an outbox',
    /comes too late does nothing/,
    () =>
      outboxing((right) => {
        let last = '';
        return {
          async apply(b) {
            const id = JSON.stringify([b.owner, b.epoch, b.n, b.i]);
            if (id === last) return { outcome: 'duplicate' };
            last = id;
            return right.apply({ ...b, n: ++serial });
          },
        };
      }),
  ],
  [
    'takes batches of any epoch',
    /shuts out every lower epoch/,
    () => outboxing((right) => ({ apply: (b) => right.apply({ ...b, epoch: 99 }) })),
  ],
  [
    'keeps its position where an epoch is given out a second time',
    /given out a second time/,
    () =>
      outboxing((right) => ({
        async fence(o, e, run) {
          const answer = await right.fence(o, e, run);
          return answer !== 'ok' && answer.fencedBy === e ? 'ok' : answer;
        },
      })),
  ],
  [
    'knows no run by its mark',
    /given out a second time/,
    () => outboxing((right) => ({ fence: (o, e) => right.fence(o, e) })),
  ],
  [
    'forgets its position at a fence',
    /no obstacle to its own/,
    () => {
      const times = new Map<string, number>();
      const next = (o: Owner) => (times.get(JSON.stringify(o)) ?? 0) + 1;
      return outboxing((right) => ({
        async fence(o, e, run) {
          times.set(JSON.stringify(o), next(o));
          await right.fence(o, e * 1000 + next(o), run);
          return 'ok';
        },
        apply: (b) => right.apply({ ...b, epoch: b.epoch * 1000 + next(b.owner) - 1 }),
      }));
    },
  ],
  [
    'skips in a new epoch what an old one has applied',
    /a new epoch applies again/,
    () => {
      const fences = new Map<string, number>();
      return outboxing((right) => ({
        async fence(o, e) {
          const before = fences.get(JSON.stringify(o)) ?? 0;
          fences.set(JSON.stringify(o), Math.max(before, e));
          return before > e ? { fencedBy: before } : 'ok';
        },
        async apply(b) {
          if ((fences.get(JSON.stringify(b.owner)) ?? 0) > b.epoch) return { outcome: 'fenced' };
          return right.apply({ ...b, epoch: 1 });
        },
      }));
    },
  ],
  [
    'has one position for all sinks of a job',
    /owners of an outbox are apart/,
    () => {
      const one = (o: Owner) => ({ ...o, sink: '' });
      return outboxing((right) => ({
        fence: (o, e, run) => right.fence(one(o), e, run),
        apply: (b) => right.apply({ ...b, owner: one(b.owner) }),
      }));
    },
  ],
  [
    'puts the names of an owner together',
    /owners of an outbox are apart/,
    () => {
      const one = (o: Owner) => ({ job: `${o.job}${o.task}${o.sink}`, task: '', sink: '' });
      return outboxing((right) => ({
        fence: (o, e, run) => right.fence(one({ ...o, task: '' }), e, run),
        apply: (b) => right.apply({ ...b, owner: one({ ...b.owner, task: '' }) }),
      }));
    },
  ],
  [
    'looks at the position of an outbox before it writes, not in one step',
    /sent twice at once one is applied/,
    () =>
      outboxing((right) => {
        const seen = new Set<string>();
        return {
          async apply({ owner, n, i, epoch, rows }) {
            const id = JSON.stringify([owner, n, i, epoch]);
            const again = seen.has(id);
            await new Promise(setImmediate);
            seen.add(id);
            if (again) return { outcome: 'duplicate' };
            return right.apply({ owner, n: ++serial, i, epoch, rows });
          },
        };
      }),
  ],
  [
    'looks at the epoch of an outbox before it writes, not in one step',
    /fence in the middle of a batch/,
    () => {
      const fences = new Map<string, number>();
      return outboxing((right, table) => ({
        fence(o, e, run) {
          fences.set(JSON.stringify(o), e);
          return right.fence(o, e, run);
        },
        async apply(b) {
          if ((fences.get(JSON.stringify(b.owner)) ?? 0) > b.epoch) return { outcome: 'fenced' };
          await table.upsert(b.rows);
          await new Promise(setImmediate);
          return right.apply(b);
        },
      }));
    },
  ],
  [
    'forgets the position of an outbox when it is closed',
    /position of an outbox is there after closing/,
    () => {
      let lives = 0;
      const life = (o: Owner) => ({ ...o, sink: `${lives} ${o.sink}` });
      const reopen = async () => {
        lives++;
      };
      return {
        ...outboxing((right) => ({
          fence: (o, e, run) => right.fence(life(o), e, run),
          apply: (b) => right.apply({ ...b, owner: life(b.owner) }),
        })),
        reopen,
      };
    },
  ],
];

it.each(faults)('a store that %s breaks its law', async (_, law, under) => {
  const broken: string[] = [];
  for (const { name, check } of storeLaws(under()).filter(({ name }) =>
    /outbox|fence|epoch|late/.test(name),
  )) {
    await check().catch((error) => {
      expect(error).toBeInstanceOf(StoreLawError);
      broken.push(name);
    });
  }
  expect(broken).toEqual(expect.arrayContaining([expect.stringMatching(law)]));
});

it('laws of outboxes are for stores that have them', () => {
  const store = memoryStore();
  const [without, having] = [false, true].map((outbox) =>
    storeLaws({ store: () => store, outbox }),
  );
  expect((having?.length ?? 0) - (without?.length ?? 0)).toBe(12);
});
