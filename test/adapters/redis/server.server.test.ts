/** What a server is asked before anything is kept in it, and that no password is told. */
import { inspect } from 'node:util';
import { Redis } from 'ioredis';
import { redisStore } from 'tidemark/redis';
import type { Connection } from '../../../adapters/redis/connection.js';
import { checkServer } from '../../../adapters/redis/server.js';
import { type RedisServer, startRedis } from '../../servers/redis.js';

let server: RedisServer;
beforeAll(async () => {
  server = await startRedis({ killable: true });
}, 60_000);
afterAll(() => server.stop());

async function configured(name: string, value: string): Promise<void> {
  const client = new Redis(server.url);
  await client.config('SET', name, value);
  client.disconnect();
}

test('a server that evicts keys is refused, whichever', async () => {
  await configured('maxmemory-policy', 'volatile-lru');
  const opened = redisStore({ url: server.url });
  await expect(opened).rejects.toMatchObject({ name: 'StoreError', kind: 'refused' });
  await expect(opened).rejects.toThrow(
    '`maxmemory-policy` must be noeviction, as an evicted key is lost state; got volatile-lru',
  );
  await configured('maxmemory-policy', 'noeviction');
});

test('a database that the server does not have is refused, and its last one is not', async () => {
  const at = (database: number) =>
    Object.assign(new URL(server.url), { pathname: `/${database}` }).href;
  const refused = { name: 'StoreError', message: /the server has no database 99: / };
  for (const to of [{ url: at(99) }, { client: new Redis(at(99), { lazyConnect: true }) }]) {
    await expect(redisStore(to)).rejects.toMatchObject({
      ...refused,
      message: expect.stringMatching(refused.message),
    });
  }
  const prefix = 'last';
  const store = await redisStore({ url: at(15), prefix });
  await store.checkpoints().acquire('j', '0', 'f');
  const client = new Redis(server.url);
  expect(await client.keys(`*${prefix}*`)).toEqual([]);
  client.disconnect();
  await store.close();
});

test('a server without an append-only file is warned of, one with it is not', async () => {
  const warnings: string[] = [];
  const warn = (message: string) => warnings.push(message);
  await (await redisStore({ url: server.url, warn })).close();
  expect(warnings).toEqual([]);
  await configured('appendonly', 'no');
  await (await redisStore({ url: server.url, warn })).close();
  expect(warnings).toEqual([expect.stringMatching(/^redis: the append-only file is off, /)]);
  await configured('appendonly', 'yes');
});

test.each([
  ['redis_version:6.2.14\r\n', 'the server must be Redis 7 or newer; got 6.2.14'],
  ['role:master\r\n', 'the server must be Redis 7 or newer; got a server that names no version'],
])('of a server that says %j it is told', async (info, message) => {
  const connection = { ask: async () => Buffer.from(info) } as unknown as Connection;
  await expect(checkServer(connection, () => {})).rejects.toThrow(message);
});

test('no error and no cause of one tells the password, or the data of a command', async () => {
  const url = new URL(server.url);
  const secret = 'Canary-7134';
  url.password = secret;
  const refused = await redisStore({ url: url.href }).catch((thrown: unknown) => thrown);
  expect(refused).toMatchObject({ name: 'StoreError', kind: 'connection' });
  const store = await redisStore({ url: server.url });
  const table = store.table('t', { key: ['k'], columns: { k: 'text' } });
  const client = new Redis(server.url);
  await client.set('{tidemark}:index:t', 'no index');
  const upsert = { op: 'upsert', key: [secret], row: {}, revision: [0], timestamp: 0 } as const;
  const failed = await table.upsert([upsert]).catch((thrown: unknown) => thrown);
  expect(failed).toMatchObject({ name: 'StoreError', kind: 'connection' });
  await client.del('{tidemark}:index:t');
  client.disconnect();
  await store.close();
  const own = new URL(server.url).password;
  for (const error of [refused, failed]) {
    const shown = inspect(error, { depth: 9, showHidden: true });
    expect(shown).not.toContain(secret);
    expect(shown).not.toContain(own);
  }
});

test('a server that is away is a connection fault, soon', async () => {
  const opened = redisStore({ url: 'redis://:pw@127.0.0.1:1/0', timeout: '1s' });
  await expect(opened).rejects.toMatchObject({ kind: 'connection' });
  await expect(opened).rejects.toThrow(/^redis: there is no connection: .*ECONNREFUSED/);
});

test('a closed store is a connection fault', async () => {
  const store = await redisStore({ url: server.url });
  const table = store.table('t', { key: ['k'] });
  await store.close();
  await expect(table.count()).rejects.toMatchObject({ kind: 'connection' });
});

test.each([
  [{}, '`url` must be given, or else `client`, and not both; got undefined'],
  [
    { url: 'http://u:pw@h' },
    '`url` must be redis://user:password@host:port/database, or rediss://, its parts percent-encoded',
  ],
  [{ url: 'redis://h', prefix: '' }, '`prefix` must be a text that is not empty; got ""'],
  [{ url: 'redis://h', timeout: 0 }, '`timeout` must be a duration > 0'],
])('%j is refused in one sentence', async (config, message) => {
  await expect(redisStore(config)).rejects.toThrow(message);
});

test('full memory is a clear error, nothing of the batch is written, and later it is', async () => {
  const store = await redisStore({ url: server.url, prefix: 'full' });
  const table = store.table('t', { key: ['k'], columns: { k: 'int8' } });
  const batch = [1, 2, 3].map((k) => ({
    ...{ op: 'upsert' as const, key: [k], row: {}, revision: [0], timestamp: 0 },
  }));
  await configured('maxmemory', '1');
  await expect(table.upsert(batch)).rejects.toThrow(/OOM/);
  await configured('maxmemory', '0');
  expect(await table.count()).toBe(0);
  expect(await table.upsert(batch)).toMatchObject({ written: 3 });
  await store.close();
});
