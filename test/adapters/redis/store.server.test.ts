/** The store on a Redis server keeps the laws of all stores, with the server killed and started again in between. */
import { Redis } from 'ioredis';
import { redisStore } from 'tidemark/redis';
import { storeLaws } from 'tidemark/testing';
import { Names } from '../../../adapters/redis/names.js';
import type { Store } from '../../../lib/ports.js';
import { type RedisServer, startRedis } from '../../servers/redis.js';

const clock = { ms: 0, now: () => clock.ms };
const prefix = 'laws:{1}';
let server: RedisServer;
let client: Redis;
let store: Store;
let second: Store;

beforeAll(async () => {
  // with `everysec` a server that waits for its disk answers before it has written
  server = await startRedis({ killable: true, fsync: 'always' });
  await open();
}, 60_000);
afterAll(async () => {
  await close();
  await server.stop();
});

async function open(): Promise<void> {
  client = new Redis(server.url);
  client.on('error', () => {});
  store = await redisStore({ client, clock, prefix });
  second = await redisStore({ url: server.url, clock, prefix });
}
async function close(): Promise<void> {
  await Promise.all([store.close(), second.close()]);
  client.disconnect();
}

const keysOf = (job: string) => new Names(prefix).task(job, '0');
const laws = storeLaws({
  store: () => store,
  another: () => second,
  outbox: true,
  leases: true,
  clock,
  async reopen() {
    await close();
    await server.kill();
    await server.start();
    await open();
  },
  async raiseFormat(job) {
    await client.hset(keysOf(job).meta, 'format', '2');
  },
  async lose(job, chunk) {
    await client.hdel(keysOf(job).state, `op:${chunk}`);
  },
  async rename(job, chunk, to) {
    const { state } = keysOf(job);
    const piece = await client.hgetBuffer(state, `op:${chunk}`);
    await client.hset(state, `op:${to}`, piece as Buffer);
    await client.hdel(state, `op:${chunk}`);
  },
  async damage(job) {
    const { state } = keysOf(job);
    for (const [piece, bytes] of Object.entries(await client.hgetallBuffer(state))) {
      bytes.writeUInt8(bytes.readUInt8(bytes.length - 1) ^ 1, bytes.length - 1);
      await client.hset(state, piece, bytes);
    }
  },
});
it.each(laws)('$name', ({ check }) => check());
