/** Wrong designs of the commit: what is written with it, and the store that takes it. */
import { type Commit, type Store, StoreError } from 'tidemark';
import type { World } from 'tidemark/testing';
import { mainShape, replacingSessions, twoSinks } from '../topologies.js';
import { client, crashes, type Designs, files, without } from './design.js';
import { added, plainStore, withCheckpoints, writeRows } from './stores.js';

const connectionLost = (thrown: unknown) =>
  thrown instanceof StoreError && thrown.kind === 'connection';

/** A file system that says that it has done what it has not. */
const lying = (fs: any, method: string) => ({ ...fs, [method]: async () => {} });

export const writes: Designs = {
  'positions are written first, rows after them': {
    topology: mainShape,
    parts: client(async (commit, store) => {
      const answer = await store.checkpoints().commit({ ...commit, rows: [] });
      await writeRows(commit);
      return answer;
    }),
  },
  'a commit is acknowledged before it is flushed': {
    topology: twoSinks,
    parts: client(async (commit, store) => {
      store
        .checkpoints()
        .commit(commit)
        .catch(() => {});
      return { outcome: 'ok', results: [] };
    }),
  },
  'rows are added to what is there': {
    topology: twoSinks,
    parts: client(async (commit, store) => {
      await writeRows(commit, added);
      return store.checkpoints().commit({ ...commit, rows: [] });
    }),
  },
  'rows that depend on the order of reads are written before the checkpoint': {
    topology: replacingSessions,
    parts: client(async (commit, store) => {
      await writeRows(commit);
      return store.checkpoints().commit({ ...commit, rows: [] });
    }),
  },
  'the epoch is checked before the write, not inside it': {
    topology: mainShape,
    parts: {
      ...without({ fenced: false }),
      client: (store) =>
        withCheckpoints(store, (right) => ({
          async commit(commit) {
            const { epoch } = await right.lastCommitted(commit.job, commit.task);
            return epoch === commit.epoch ? right.commit(commit) : { outcome: 'fenced' };
          },
        })),
    },
  },
  'no owner is fenced': { topology: mainShape, parts: without({ fenced: false }) },
  'a new owner gets the epoch of the old one': {
    topology: mainShape,
    parts: without({ raised: false }),
  },
  'the store takes an n that it has had': {
    topology: mainShape,
    parts: without({ ordered: false, gapless: false }),
  },
  'a commit after a gap is taken': {
    topology: mainShape,
    parts: {
      main: { open: ({ clock }) => plainStore(clock, { gapless: false }), loses: 2 },
    },
    faults: { ...crashes, 'server restart': 0.1 },
  },
  'a commit is repeated blindly, and the store does not look at n': {
    topology: twoSinks,
    parts: { ...without({ ordered: false, gapless: false }), ...client(again) },
  },
  'the generation before the newest is restored': {
    topology: twoSinks,
    parts: without({ newest: false }),
  },
  'state that did not change is not kept': {
    topology: mainShape,
    // no run goes on from what is left: it need not be tried often
    parts: { ...without({ kept: false }), job: { restart: { delay: 100, attempts: 2 } } },
  },
  'a lost answer is taken for yes': {
    topology: twoSinks,
    parts: client(async (commit, store) => {
      try {
        return await store.checkpoints().commit(commit);
      } catch (thrown) {
        if (connectionLost(thrown)) return { outcome: 'ok', results: [] };
        throw thrown;
      }
    }),
  },
  'the log is not synced': { topology: twoSinks, parts: files(noSync), faults: crashes },
  'the directory is not synced': {
    topology: twoSinks,
    parts: files((fs) => lying(fs, 'syncDir')),
    faults: crashes,
  },
  'a replay does not delete what it replaces': {
    topology: replacingSessions,
    parts: {
      client: (store, world: World) =>
        withCheckpoints(store, (right) => ({
          commit: (commit) =>
            right.commit(
              world.process === 1 ? commit : { ...commit, rows: withoutDeletes(commit) },
            ),
        })),
    },
  },
  'the last rows are not committed': {
    topology: twoSinks,
    parts: client((commit, store) =>
      store.checkpoints().commit(commit.drained ? { ...commit, rows: [] } : commit),
    ),
  },
};

/* Sent again without asking what became of it. */
async function again(commit: Commit, store: Store) {
  for (;;) {
    try {
      return await store.checkpoints().commit(commit);
    } catch (thrown) {
      if (!connectionLost(thrown)) throw thrown;
    }
  }
}

function withoutDeletes({ rows }: Commit): Commit['rows'] {
  return rows.map((own) => ({ ...own, rows: own.rows.filter((row) => row.op !== 'delete') }));
}

function noSync(fs: any) {
  return {
    ...fs,
    open: async (path: string) => ({ ...(await fs.open(path)), sync: async () => {} }),
  };
}
