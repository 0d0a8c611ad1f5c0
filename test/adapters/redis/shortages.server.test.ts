/** A Redis whose memory is full, and one that cannot write to its disk. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import type { Store } from 'tidemark';
import { redisStore } from 'tidemark/redis';
import { type RedisServer, startRedis } from '../../servers/redis.js';
import { shortageTests } from '../shortages.js';

let server: RedisServer;
let store: Store;
let client: Redis;
const there = mkdtempSync(join(tmpdir(), 'tidemark-short-'));
beforeAll(async () => {
  const settings = { appendonly: 'no', save: '3600 1', 'enable-protected-configs': 'yes' };
  server = await startRedis({ settings });
  store = await redisStore({ url: server.url });
  client = new Redis(server.url);
  await client.config('SET', 'dir', there);
}, 60_000);
afterAll(async () => {
  client.disconnect();
  await store.close();
  await server.stop();
  rmSync(there, { recursive: true, force: true });
});

/* Saves a snapshot in this directory; says whether it could. */
async function saved(dir: string): Promise<boolean> {
  await client.config('SET', 'dir', dir);
  if (dir !== there) rmSync(dir, { recursive: true });
  await client.bgsave();
  for (;;) {
    const info = await client.info('persistence');
    if (/rdb_bgsave_in_progress:0/.test(info)) return /rdb_last_bgsave_status:ok/.test(info);
    await new Promise(setImmediate);
  }
}

shortageTests('a full memory', () => ({
  store,
  lack: () => client.config('SET', 'maxmemory', '1'),
  have: () => client.config('SET', 'maxmemory', '0'),
  said: /^redis: the memory of the server is full; raise its `maxmemory` or free some, and it goes on: OOM /,
}));

shortageTests('a disk that takes no snapshot', () => ({
  store,
  lack: async () => {
    const gone = mkdtempSync(join(tmpdir(), 'tidemark-gone-'));
    if (await saved(gone)) throw new Error('there was space');
  },
  have: async () => {
    if (!(await saved(there))) throw new Error('there is no space still');
  },
  said: /^redis: the server cannot write to its disk; free some space there, and it goes on: MISCONF /,
}));
