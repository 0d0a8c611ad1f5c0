/** Where the simulated jobs keep their tables and checkpoints: memory, files on a simulated disk, or real databases. */
import type { CheckpointStore, Store } from 'tidemark';
import { fileStore } from 'tidemark/files';
import { memoryStore } from 'tidemark/memory';
import type { SimulatedStore } from 'tidemark/testing';

/** A kind of store, and how to leave it. */
export interface Place {
  readonly main: () => SimulatedStore;
  /** Its steps are those of a disk. */
  readonly files?: boolean;
  close(): Promise<void>;
}

/** Every kind; servers are started for the command alone. */
export const places: readonly string[] = ['memory:', 'file:', 'pglite:', 'postgres:', 'redis:'];

/** @param url one of `places`, or `postgres://...` or `redis://...` of a server that is there */
export async function placeOf(url: string): Promise<Place> {
  if (url === 'memory:') {
    return { main: () => ({ open: ({ clock }) => memoryStore({ clock }) }), close: async () => {} };
  }
  if (url === 'file:') {
    const open: SimulatedStore['open'] = ({ files: fs, clock }) =>
      fileStore({ dir: '/data', fs, clock, compactAbove: 4000 });
    return { main: () => ({ perProcess: true, open }), files: true, close: async () => {} };
  }
  const server = await serverOf(url);
  const store = await realStore(server?.url ?? url);
  let serial = Date.now();
  return {
    // each simulation has names of its own: what the one before left is not looked at
    main: () => ({ open: () => renamed(store, `s${(serial++).toString(36)}_`) }),
    async close() {
      await store.close();
      await server?.stop();
    },
  };
}

async function serverOf(url: string): Promise<{ url: string; stop(): Promise<void> } | undefined> {
  if (url === 'postgres:') return (await import('../servers/postgres.js')).startPostgres();
  if (url === 'redis:') return (await import('../servers/redis.js')).startRedis();
  return undefined;
}

async function realStore(url: string): Promise<Store> {
  if (url === 'pglite:') return (await import('tidemark/embedded')).embeddedStore();
  if (/^postgres(ql)?:/.test(url))
    return (await import('tidemark/postgres')).postgresStore({ url });
  if (/^rediss?:/.test(url)) return (await import('tidemark/redis')).redisStore({ url });
  throw new TypeError(
    `\`--store\` must be all, ${places.join(', ')}, postgres://... or redis://...; got ${url}`,
  );
}

/** A part of a store: the names of its tables and jobs begin with `prefix`. */
function renamed(store: Store, prefix: string): Store {
  const right = store.checkpoints();
  const checkpoints: CheckpointStore = {
    name: right.name,
    transaction: right.transaction,
    acquire: (job, ...rest) => right.acquire(prefix + job, ...rest),
    commit: (commit) => right.commit({ ...commit, job: prefix + commit.job }),
    lastCommitted: (job, task) => right.lastCommitted(prefix + job, task),
    read: (job, task) => right.read(prefix + job, task),
  };
  return {
    table: (name, layout) => store.table(prefix + name, layout),
    checkpoints: () => checkpoints,
    close: async () => {},
  };
}
