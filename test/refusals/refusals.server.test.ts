/** What a job refuses, on servers. */
import { Redis } from 'ioredis';
import { Client } from 'pg';
import type { Store } from 'tidemark';
import { postgresStore } from 'tidemark/postgres';
import { redisStore } from 'tidemark/redis';
import { startPostgres } from '../servers/postgres.js';
import { startRedis } from '../servers/redis.js';
import { refusalTests, type Spoiler } from './refusals.js';
import { redisSpoiler, sqlSpoiler } from './spoilers.js';

const stores = new Map<string, Store>();
const spoilers = new Map<string, Spoiler>();
const clients: { end(): Promise<void> }[] = [];
const servers: { stop(): Promise<void> }[] = [];
beforeAll(async () => {
  const [postgres, redis] = await Promise.all([startPostgres(), startRedis()]);
  servers.push(postgres, redis);
  stores.set('PostgreSQL', await postgresStore({ url: postgres.url }));
  stores.set('Redis', await redisStore({ url: redis.url }));
  const sql = new Client({ connectionString: postgres.url });
  await sql.connect();
  const client = new Redis(redis.url);
  clients.push(sql, { end: async () => client.disconnect() });
  spoilers.set(
    'PostgreSQL',
    sqlSpoiler(stores.get('PostgreSQL') as Store, (text, params) => sql.query(text, params)),
  );
  spoilers.set('Redis', redisSpoiler(stores.get('Redis') as Store, client));
}, 60_000);
afterAll(async () => {
  for (const store of stores.values()) await store.close();
  for (const client of clients) await client.end();
  for (const server of servers) await server.stop();
});

for (const kind of ['PostgreSQL', 'Redis']) {
  refusalTests(
    kind,
    () => stores.get(kind) as Store,
    () => spoilers.get(kind) as Spoiler,
  );
}
