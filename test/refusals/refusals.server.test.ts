/** What a job refuses, on servers. */
import type { Store } from 'tidemark';
import { postgresStore } from 'tidemark/postgres';
import { redisStore } from 'tidemark/redis';
import { startPostgres } from '../servers/postgres.js';
import { startRedis } from '../servers/redis.js';
import { refusalTests } from './refusals.js';

const stores = new Map<string, Store>();
const servers: { stop(): Promise<void> }[] = [];
beforeAll(async () => {
  const [postgres, redis] = await Promise.all([startPostgres(), startRedis()]);
  servers.push(postgres, redis);
  stores.set('PostgreSQL', await postgresStore({ url: postgres.url }));
  stores.set('Redis', await redisStore({ url: redis.url }));
}, 60_000);
afterAll(async () => {
  for (const store of stores.values()) await store.close();
  for (const server of servers) await server.stop();
});

for (const kind of ['PostgreSQL', 'Redis']) {
  refusalTests(kind, () => stores.get(kind) as Store);
}
