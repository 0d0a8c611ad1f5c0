/** A PostgreSQL whose disk is full: as the server says it, in the middle of a commit. */
import { Client } from 'pg';
import type { Store } from 'tidemark';
import { postgresStore } from 'tidemark/postgres';
import { type PostgresServer, startPostgres } from '../../servers/postgres.js';
import { shortageTests } from '../shortages.js';

let server: PostgresServer;
let store: Store;
let admin: Client;
beforeAll(async () => {
  server = await startPostgres({ killable: true });
  store = await postgresStore({ url: server.url });
  admin = new Client({ connectionString: server.url });
  await admin.connect();
  await store.checkpoints().lastCommitted('any', '0');
  await admin.query(`create function no_space() returns trigger language plpgsql as $$
 begin raise exception 'could not extend file "base/5/16401": No space left on device' using errcode = 'disk_full'; end $$`);
}, 60_000);
afterAll(async () => {
  await store.close();
  await admin.end();
  await server.stop();
});

shortageTests('a full disk', () => ({
  store,
  lack: () =>
    admin.query(
      'create trigger full_disk before insert on tidemark_state execute function no_space()',
    ),
  have: () => admin.query('drop trigger full_disk on tidemark_state'),
  said: /^checkpoints, table "short_\w+": the disk of the server is full; free some space there, and it goes on: could not extend file/,
}));
