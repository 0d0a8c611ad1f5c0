/** The laws of stores themselves: a right store keeps every one, a wrong one breaks those of its fault. */
import { type CheckpointStore, memoryStore, type Store, type TableStore } from 'tidemark/memory';
import { assertStoreLaws, StoreLawError, type StoreUnderTest, storeLaws } from 'tidemark/testing';

type Commit = Parameters<CheckpointStore['commit']>[0];
type PieceName = Commit['dropped'][number];
type LeaseStore = NonNullable<CheckpointStore['leases']>;
type Batch = Parameters<TableStore['upsert']>[0];

/** A memory store of which something was made wrong. */
function wrong(faults: {
  readonly table?: (right: TableStore) => Partial<TableStore>;
  readonly checkpoints?: (right: CheckpointStore) => Partial<CheckpointStore>;
}): StoreUnderTest {
  const clock = { ms: 0 };
  const right = memoryStore({ clock: { now: () => clock.ms } });
  const checkpoints = right.checkpoints();
  const store: Store = {
    ...right,
    table(name, config) {
      const table = right.table(name, config);
      return Object.assign(Object.create(table), faults.table?.(table));
    },
    checkpoints: () => Object.assign(Object.create(checkpoints), faults.checkpoints?.(checkpoints)),
  };
  return { store: () => store, clock };
}

/** A store that sends other commits than it was given. */
function committing(change: (commit: Commit, right: CheckpointStore) => Promise<Commit>) {
  return wrong({
    checkpoints: (right) => ({ commit: async (c) => right.commit(await change(c, right)) }),
  });
}

/** A table that writes other batches than it was given. */
function writing(change: (batch: Batch) => Batch) {
  return wrong({ table: (right) => ({ upsert: (batch) => right.upsert(change(batch)) }) });
}

/** A store whose leases were made wrong. */
function leasing(faults: (right: LeaseStore) => Partial<LeaseStore>): StoreUnderTest {
  const changed = ({ leases }: CheckpointStore) => {
    const right = leases as LeaseStore;
    const bound: LeaseStore = { take: (c) => right.take(c), release: (c) => right.release(c) };
    return { leases: { ...bound, ...faults(bound) } };
  };
  return { ...wrong({ checkpoints: changed }), leases: true };
}

const last = (right: CheckpointStore, { job, task }: Commit) => right.lastCommitted(job, task);

const GRAVE = { op: 'delete', key: ['b'], row: {}, revision: [5] } as const;
let clockOfRows = 0;
let serial = 0;
const faults: readonly (readonly [fault: string, law: RegExp, under: () => StoreUnderTest])[] = [
  [
    'checks no epoch',
    /taken over can write nothing/,
    () => committing(async (c, right) => ({ ...c, epoch: (await last(right, c)).epoch })),
  ],
  [
    'checks the epoch before the write, not inside it',
    /take-over in the middle of a commit/,
    () =>
      wrong({
        checkpoints: (right) => ({
          async commit(c) {
            const { epoch } = await last(right, c);
            if (epoch !== c.epoch) return { outcome: 'fenced' };
            await new Promise(setImmediate);
            return right.commit({ ...c, epoch: (await last(right, c)).epoch });
          },
        }),
      }),
  ],
  [
    'takes what leaves a gap',
    /does not follow the last one is a gap/,
    () => committing(async (c, right) => ({ ...c, prev: (await last(right, c)).n })),
  ],
  [
    'applies a repeated commit again',
    /same n again is a duplicate/,
    () =>
      wrong({
        checkpoints: (right) => ({
          async commit(c) {
            for (const { store, rows } of c.rows) await store.upsert(rows);
            return right.commit({ ...c, rows: [] });
          },
        }),
      }),
  ],
  [
    'writes rows beside the checkpoint',
    /rows are written with the checkpoint, or neither is/,
    () =>
      wrong({
        checkpoints: (right) => ({
          async commit(c) {
            const answer = await right.commit({ ...c, rows: [] });
            if (answer.outcome !== 'ok') return answer;
            const results = [];
            for (const { store, rows } of c.rows) results.push(await store.upsert(rows));
            return { ...answer, results };
          },
        }),
      }),
  ],
  [
    'writes many rows bit by bit',
    /sees all of them or none/,
    () =>
      wrong({
        checkpoints: (right) => ({
          async commit(c) {
            for (const { store, rows } of c.rows) {
              await store.upsert(rows.slice(0, 1000));
              await new Promise(setImmediate);
            }
            return right.commit(c);
          },
        }),
      }),
  ],
  [
    'forgets what it has committed when it is taken over',
    /after a lost answer epoch and n tell/,
    () => wrong({ checkpoints: () => ({ lastCommitted: async () => ({ epoch: 1, n: 1 }) }) }),
  ],
  [
    'restores another configuration',
    /another configuration is refused/,
    () =>
      wrong({
        checkpoints: (right) => ({
          acquire: (job, task) => right.acquire(job, task, 'any'),
          commit: (c) => right.commit({ ...c, fingerprint: 'any' }),
        }),
      }),
  ],
  [
    'forgets pieces that did not change',
    /pieces that a commit does not name stay/,
    () =>
      wrong({
        checkpoints: (right) => {
          const seen = new Map<string, PieceName>();
          return {
            commit(c) {
              const named = new Set(c.changed.map(({ chunk }) => chunk));
              const rest = [...seen.values()].filter(({ chunk }) => !named.has(chunk));
              for (const piece of c.changed) seen.set(piece.chunk, piece);
              return right.commit({ ...c, dropped: [...c.dropped, ...rest] });
            },
          };
        },
      }),
  ],
  [
    'keeps what was dropped',
    /those that it drops are gone/,
    () =>
      wrong({
        checkpoints: (right) => ({ commit: (c) => right.commit({ ...c, dropped: [] }) }),
      }),
  ],
  [
    'keeps the positions of sources that a commit does not name',
    /position that a commit does not name is gone/,
    () => {
      const all = new Map<string, Commit['positions']>();
      return committing(async (c) => {
        const positions = new Map([...(all.get(c.job) ?? []), ...c.positions]);
        all.set(c.job, positions);
        return { ...c, positions };
      });
    },
  ],
  [
    'takes a job over by reading it',
    /nothing is taken over/,
    () =>
      wrong({
        checkpoints: (right) => ({
          read: async (job, task) => (await right.acquire(job, task, undefined)).checkpoint,
        }),
      }),
  ],
  [
    'loses ends of keys after NUL',
    /nasty key/,
    () =>
      writing((rows) => rows.map((r) => ({ ...r, key: [String(r.key[0]).split('\0')[0] ?? ''] }))),
  ],
  [
    'keeps the first of two keys that are one in their column',
    /one key in their column are one row/,
    () => {
      const text = (r: Batch[number]) => JSON.stringify(r.key.map(String));
      return writing((rows) => [...new Map([...rows].reverse().map((r) => [text(r), r])).values()]);
    },
  ],
  [
    'refuses a batch with two keys that are one in their column',
    /one key in their column are one row/,
    () =>
      writing((rows) => {
        if (new Set(rows.map((r) => String(r.key))).size === rows.length) return rows;
        throw new Error('a key is twice in one batch');
      }),
  ],
  [
    'takes rows that nest deeper than others do',
    /nests deeper than 48/,
    () =>
      writing((rows) =>
        rows.map((r) => ({
          ...r,
          row: JSON.parse(JSON.stringify(r.row).replace(/\[{40,}1\]+/, '1')),
        })),
      ),
  ],
  [
    'takes the last arrival for the newest',
    /decides whether a row overwrites/,
    () => writing((rows) => rows.map((r) => ({ ...r, revision: [++clockOfRows] }))),
  ],
  [
    'keeps no tombstones',
    /refuses lower rows from then on/,
    () =>
      wrong({
        table: (right) => ({
          async upsert(batch) {
            const result = await right.upsert(batch);
            await right.forget?.(Infinity);
            return result;
          },
        }),
      }),
  ],
  [
    'writes the rows before the one that it refuses',
    /refused changes nothing and names the row/,
    () =>
      wrong({
        table: (right) => ({
          async upsert(batch) {
            const result = { written: 0, ignored: 0, conflicts: 0 };
            for (const row of batch) {
              const one = await right.upsert([row]);
              for (const name of ['written', 'ignored', 'conflicts'] as const) {
                result[name] += one[name];
              }
            }
            return result;
          },
        }),
      }),
  ],
  [
    'calls itself durable and is not',
    /are there after closing and opening/,
    () => {
      let store = memoryStore();
      const reopen = async () => {
        store = memoryStore();
      };
      return { store: () => store, reopen };
    },
  ],
  [
    'keeps rows that have expired',
    /at or before an event time expire/,
    () => ({ ...wrong({ table: () => ({ expire: async () => 2 }) }), expires: true }),
  ],
  [
    'keeps tombstones of rows that have expired',
    /those of its time go too/,
    () => ({
      ...wrong({
        table: (right) => ({
          async expire(timestamp) {
            const count = await right.expire?.(timestamp);
            await right.upsert([{ ...GRAVE, timestamp: timestamp + 1 }]);
            return count ?? 0;
          },
        }),
      }),
      expires: true,
    }),
  ],
  [
    'gives a lease to whoever asks',
    /then nobody else takes it/,
    () => leasing(() => ({ take: async () => ({ taken: true }) })),
  ],
  [
    'gives a lease once, also to its holder',
    /holder of a lease renews it/,
    () =>
      leasing((right) => ({
        take: (c) => right.take({ ...c, holder: `${c.holder} ${++serial}` }),
      })),
  ],
  [
    'keeps a lease for ever',
    /expires by the clock of the store/,
    () => leasing((right) => ({ take: (c) => right.take({ ...c, ttlMs: 1e9 }) })),
  ],
  [
    'frees the lease of another',
    /only the holder of a lease frees it/,
    () =>
      leasing((right) => ({
        async release(c) {
          for (const holder of ['a', 'b', 'c']) await right.release({ ...c, holder });
        },
      })),
  ],
  [
    'looks at a lease before it takes it, not in one step',
    /at once one takes it/,
    () =>
      leasing(() => {
        const held = new Map<string, string>();
        return {
          async take(c) {
            const holder = held.get(c.task) ?? c.holder;
            await new Promise(setImmediate);
            if (holder !== c.holder) return { taken: false, holder, leftMs: c.ttlMs };
            held.set(c.task, holder);
            return { taken: true };
          },
        };
      }),
  ],
  [
    'has one lease for all tasks of a job',
    /similar names are apart/,
    () => leasing((right) => ({ take: (c) => right.take({ ...c, task: '0' }) })),
  ],
  [
    'takes a checkpoint of a newer version',
    /of a newer version is refused/,
    () => ({ ...wrong({}), raiseFormat: async () => {} }),
  ],
  [
    'does not notice damage',
    /damaged checkpoint is refused/,
    () => ({ ...wrong({}), damage: async () => {} }),
  ],
  [
    'does not notice that a piece is gone',
    /of which a piece is gone/,
    () => ({ ...wrong({}), lose: async () => {} }),
  ],
  [
    'does not notice that a piece stands under another name',
    /piece stands under another name/,
    () => ({ ...wrong({}), rename: async () => {} }),
  ],
];

it.each(faults)('a store that %s breaks its law', async (_, law, under) => {
  const broken: string[] = [];
  for (const { name, check } of storeLaws(under())) {
    await check().catch((error) => {
      expect(error).toBeInstanceOf(StoreLawError);
      broken.push(name);
    });
  }
  expect(broken).toEqual(expect.arrayContaining([expect.stringMatching(law)]));
});

it('a right store keeps all laws, with a clock and without', async () => {
  await assertStoreLaws(wrong({}));
  const store = memoryStore();
  await assertStoreLaws({
    store: () => store,
    another: () => store,
    leases: true,
    outbox: true,
    expires: true,
    limits: { keyLength: 100 },
  });
});

it('the error names the law and shows what was expected and what came', async () => {
  const under = committing(async (c, right) => ({ ...c, prev: (await last(right, c)).n }));
  const failed = assertStoreLaws(under);
  await expect(failed).rejects.toMatchObject({
    name: 'StoreLawError',
    law: 'a commit that does not follow the last one is a gap',
    expected: 'gap',
    actual: 'ok',
    message: [
      'store law “a commit that does not follow the last one is a gap” is broken: 5 after 4, of none',
      "  expected  'gap'",
      "  received  'ok'",
    ].join('\n'),
    stack: expect.stringContaining('storeLaws.test.ts'),
  });
});

const REFUSED = /^a batch with a row that is refused/;

/** The memory store, where it refuses rows in these words, and with another kind where one is given. */
function saying(words: string, kind?: 'unusable'): StoreUnderTest {
  const reword = (thrown: Error & { kind?: string }) => {
    thrown.message = words;
    if (kind !== undefined) thrown.kind = kind;
    throw thrown;
  };
  return wrong({ table: (right) => ({ upsert: (batch) => right.upsert(batch).catch(reword) }) });
}

it('a store may refuse in words of its own, where they name the column and the value', async () => {
  const law = storeLaws(saying('the column v of int8 cannot hold many')).find(({ name }) =>
    REFUSED.test(name),
  );
  await law?.check();
  expect(law).toBeDefined();
});

it('what a refusal lacks is told at its full length', async () => {
  const long = `${'it is a pity '.repeat(30)}and "many" cannot be held`;
  const law = storeLaws(saying(long, 'unusable')).find(({ name }) => REFUSED.test(name));
  await expect(law?.check()).rejects.toThrow(
    [
      'is broken: the batch',
      `  its message must name "v"; it is “${long}”`,
      "  its `kind` must be 'refused'; it is 'unusable'",
    ].join('\n'),
  );
});

it('a refusal of several lines is no sentence', async () => {
  const law = storeLaws(saying('v: many\nv: more')).find(({ name }) => REFUSED.test(name));
  await expect(law?.check()).rejects.toThrow('its message must be one sentence; it is "v: many\\n');
});

it('a store that throws is told of with what it threw', async () => {
  const under = wrong({ table: () => ({ count: () => Promise.reject(new Error('no disk')) }) });
  const failed = assertStoreLaws(under);
  await expect(failed).rejects.toThrow(/is broken:\nthe store threw Error: no disk/);
  await expect(failed).rejects.toMatchObject({ cause: { message: 'no disk' } });
});

it('names of laws are those of no two laws, and laws without means are left out', () => {
  const { store } = wrong({});
  const names = storeLaws({ store }).map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  const none = async () => {};
  const durable = { reopen: none, raiseFormat: none, damage: none, lose: none, rename: none };
  expect(storeLaws({ store, ...durable }).length - names.length).toBe(6);
});
