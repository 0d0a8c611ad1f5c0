/** Commits: a refused row goes to poison, an unknown answer is looked up, a stale owner is stopped. */
import {
  type CheckpointStore,
  idempotentSink,
  job,
  type Store,
  StoreError,
  type TableStore,
  watermark,
} from 'tidemark';
import { memoryStore } from 'tidemark/memory';
import { arraySource } from 'tidemark/testing';

interface Row {
  readonly k: number;
  readonly v: unknown;
}

const rows: Row[] = Array.from({ length: 20 }, (_, k) => ({ k, v: k === 7 || k === 12 ? 'x' : k }));
const clock = {
  now: () => 0,
  schedule: (work: () => void, delay = 0) => {
    // waits between attempts pass at once, the time between checkpoints never
    if (delay < 10_000) queueMicrotask(() => work());
    return { unsubscribe() {}, add() {}, closed: false };
  },
};

function build(checkpoints: CheckpointStore, table: TableStore, poison: unknown[] = []) {
  return job({
    id: 'j',
    checkpoints,
    every: '1h',
    restart: { attempts: 1 },
    everyEvents: 4,
    clock: clock as never,
    topology: (t) =>
      t.sink(
        t.source(arraySource('rows', rows)).pipe(
          watermark({ id: 'time', timestamp: (r) => r.k }),
          idempotentSink({
            id: 'out',
            store: table,
            key: (r) => r.k,
            row: ({ v }) => ({ v }),
            poison: (p) => poison.push((p.value as Row).k),
          }),
        ),
      ),
  });
}

const tableOf = (store: Store): TableStore =>
  store.table('t', { key: ['k'], columns: { k: 'int8', v: 'int8' } });

/* The store, with a fault at some commits. */
function faulty(
  store: Store,
  fault: (n: number) => 'before' | 'after' | undefined,
): CheckpointStore {
  const inner = store.checkpoints();
  const hit = new Set<number>();
  return {
    name: inner.name,
    transaction: inner.transaction,
    acquire: (...args) => inner.acquire(...args),
    lastCommitted: (...args) => inner.lastCommitted(...args),
    read: (...args) => inner.read(...args),
    async commit(commit) {
      const where = hit.has(commit.n) ? undefined : fault(commit.n);
      hit.add(commit.n);
      if (where === 'before') throw new StoreError('connection', 'cut before');
      const answer = await inner.commit(commit);
      if (where === 'after') throw new StoreError('connection', 'answer lost');
      return answer;
    },
  };
}

it('a row that the table refuses goes to poison, and the same checkpoint without it is sent', async () => {
  const store = memoryStore();
  const poison: unknown[] = [];
  const j = build(store.checkpoints(), tableOf(store), poison);
  expect(await j.run()).toBe('completed');
  expect(poison).toEqual([7, 12]);
  expect(await tableOf(store).count()).toBe(18);
  expect(j.status().operators.get('out')).toMatchObject({ written: 18, poison: 2, live: 0 });
});

it.each(['before', 'after'] as const)(
  'a connection cut %s a commit neither loses nor doubles it',
  async (where) => {
    const store = memoryStore();
    const commits: number[] = [];
    const checkpoints = faulty(store, (n) => {
      commits.push(n);
      return n % 2 === 1 ? where : undefined;
    });
    expect(await build(checkpoints, tableOf(store)).run()).toBe('completed');
    expect(await tableOf(store).count()).toBe(18);
    const { n } = await store.checkpoints().lastCommitted('j', '0');
    expect(n).toBe(Math.max(...commits));
  },
);

it('a connection that stays away fails the job', async () => {
  const store = memoryStore();
  const checkpoints = {
    ...faulty(store, () => undefined),
    commit: () => Promise.reject(new StoreError('connection', 'gone')),
  };
  await expect(build(checkpoints as CheckpointStore, tableOf(store)).run()).rejects.toMatchObject({
    name: 'StoreError',
    kind: 'connection',
  });
});

it('an owner that was taken over writes nothing more', async () => {
  const store = memoryStore();
  let taken = false;
  const checkpoints = faulty(store, () => undefined);
  const commit = checkpoints.commit;
  const stolen: CheckpointStore = {
    ...checkpoints,
    async commit(c) {
      if (c.n === 2 && !taken) {
        taken = true;
        await store.checkpoints().acquire('j', '0', c.fingerprint);
      }
      return commit.call(checkpoints, c);
    },
  };
  await expect(build(stolen, tableOf(store)).run()).rejects.toMatchObject({
    name: 'FencedError',
    epoch: 1,
  });
  expect(await store.checkpoints().lastCommitted('j', '0')).toEqual({ epoch: 2, n: 1 });
  expect(await tableOf(store).count()).toBe(4);
});
