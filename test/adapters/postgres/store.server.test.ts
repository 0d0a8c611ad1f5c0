/** The store on a PostgreSQL server keeps the laws of all stores, with the server killed and started again in between. */
import { Pool } from 'pg';
import { postgresStore } from 'tidemark/postgres';
import { storeLaws } from 'tidemark/testing';
import type { Store } from '../../../lib/ports.js';
import { type PostgresServer, startPostgres } from '../../servers/postgres.js';

const clock = { ms: 0, now: () => clock.ms };
let server: PostgresServer;
let pool: Pool;
let store: Store;
let second: Store;

beforeAll(async () => {
  server = await startPostgres({ killable: true });
  await open();
}, 60_000);
afterAll(async () => {
  await close();
  await server.stop();
});

async function open(): Promise<void> {
  pool = new Pool({ connectionString: server.url });
  store = await postgresStore({ pool, clock, schema: 'laws' });
  second = await postgresStore({ url: server.url, clock, schema: 'laws' });
}
async function close(): Promise<void> {
  await Promise.all([store.close(), second.close()]);
  await pool.end();
}

const laws = storeLaws({
  store: () => store,
  another: () => second,
  clock,
  leases: true,
  outbox: true,
  expires: true,
  async reopen() {
    await close();
    await server.kill();
    await server.start();
    await open();
  },
  async raiseFormat(job) {
    await pool.query('update laws.tidemark_checkpoint set format = 2 where job = $1', [job]);
  },
  async lose(job, chunk) {
    await pool.query(
      `delete from laws.tidemark_state s where job = $1 and chunk = $2 and n = (select max(n) from laws.tidemark_state where job = $1 and chunk = $2)`,
      [job, chunk],
    );
  },
  async rename(job, chunk, to) {
    await pool.query(
      `update laws.tidemark_state set chunk = $3 where job = $1 and chunk = $2 and n = (select max(n) from laws.tidemark_state where job = $1 and chunk = $2)`,
      [job, chunk, to],
    );
  },
  async damage(job) {
    await pool.query(
      `update laws.tidemark_state set data = overlay(data placing '\\x3939' from octet_length(data)) where job = $1 and n = (select max(n) from laws.tidemark_state where job = $1)`,
      [job],
    );
  },
});
it.each(laws)('$name', ({ check }) => check());
