/** What a server is asked before it is used, with which rights it can be used, and how a store ends. */
import { inspect } from 'node:util';
import { Client, Pool } from 'pg';
import { postgresStore } from 'tidemark/postgres';
import { type PostgresServer, startPostgres } from '../../servers/postgres.js';
import { commitOf, layout, row } from './commits.js';

let server: PostgresServer;
let admin: Client;
beforeAll(async () => {
  server = await startPostgres({ killable: true });
  admin = new Client({ connectionString: server.url });
  await admin.connect();
}, 60_000);
afterAll(async () => {
  await admin.end();
  await server.stop();
});

function at(database: string, user?: string): string {
  const url = new URL(server.url);
  url.pathname = `/${database}`;
  if (user !== undefined) [url.username, url.password] = [user, 'weak-but-canary'];
  return url.href;
}

test('a server that may lose what it acknowledged is used, and that is said', async () => {
  await admin.query('create database careless');
  await admin.query('alter database careless set synchronous_commit = off');
  const said: string[] = [];
  const store = await postgresStore({ url: at('careless'), warn: (message) => said.push(message) });
  await store.close();
  expect(said).toEqual([
    'postgresStore: synchronous_commit is off: a crash of the server loses what was acknowledged',
  ]);
});

test('a database that cannot hold all text is refused', async () => {
  await admin.query(`create database latin encoding 'LATIN1' locale 'C' template template0`);
  await expect(postgresStore({ url: at('latin') })).rejects.toMatchObject({
    kind: 'refused',
    message: 'postgresStore: the server has a database in LATIN1; create one in UTF8',
  });
});

test('a role that may create nothing works with what another has created', async () => {
  const job = 'weak';
  await admin.query(`create role weak login password 'weak-but-canary'`);
  const rights = async () => {
    await admin.query('grant usage on schema made to weak');
    await admin.query('grant select, insert, update, delete on all tables in schema made to weak');
  };
  const owner = await postgresStore({ url: server.url, schema: 'made' });
  await owner.table('weak_rows', layout).open();
  await owner.checkpoints().lastCommitted(job, '0');
  await owner.checkpoints().leases?.release({ job, task: '0', holder: 'h' });
  await rights();
  const weak = await postgresStore({ url: at('postgres', 'weak'), schema: 'made' });
  const claim = { job, task: '0', holder: 'h' };
  expect(await weak.checkpoints().leases?.take({ ...claim, ttlMs: 1000 })).toEqual({ taken: true });
  const { epoch } = await weak.checkpoints().acquire(job, '0', 'f');
  const rows = [{ store: weak.table('weak_rows', layout), rows: [row('a', 1)] }];
  const commit = commitOf({ job, epoch }, 1, rows);
  expect(await weak.checkpoints().commit(commit)).toMatchObject({ outcome: 'ok' });
  const denied = await weak
    .table('more_rows', layout)
    .open()
    .catch((thrown: unknown) => thrown);
  expect(denied).toMatchObject({
    kind: 'unusable',
    message: expect.stringMatching(/permission denied for schema made/),
  });
  expect(inspect(denied, { depth: 9, showHidden: true })).not.toContain('canary');
  await Promise.all([weak.close(), owner.close()]);
});

test('a session of a pool that is set otherwise changes nothing', async () => {
  const pool = new Pool({
    connectionString: server.url,
    options:
      '-c search_path=nowhere -c timezone=Australia/Lord_Howe -c datestyle=German -c extra_float_digits=-3 -c bytea_output=escape -c default_transaction_read_only=on',
  });
  const store = await postgresStore({ pool });
  const types = { k: 'timestamptz', f: 'float8', b: 'bytea' };
  const table = store.table('otherwise', { key: ['k'], columns: types });
  const value = { f: 0.1 + 0.2, b: new Uint8Array([0, 92, 255]) };
  const upsert = { ...row('', 1), key: [-62198755200000], row: value };
  await table.upsert([upsert]);
  for await (const read of table.rows())
    expect(read).toEqual({ k: new Date(-62198755200000), ...value });
  expect(await table.upsert([upsert])).toEqual({ written: 0, ignored: 1, conflicts: 0 });
  await store.close();
  await pool.end();
});

test('two stores that open at once do not create one thing twice', async () => {
  const opened = await Promise.all(
    Array.from({ length: 6 }, async () => {
      const store = await postgresStore({ url: server.url, schema: 'at_once' });
      await store.table('at_once', layout).open();
      await store.checkpoints().lastCommitted('any', '0');
      return store;
    }),
  );
  await Promise.all(opened.map((store) => store.close()));
});

test('a closed store answers with a connection fault at once; a pool that was given stays open', async () => {
  const pool = new Pool({ connectionString: server.url });
  const said: string[] = [];
  const store = await postgresStore({ pool, warn: (message) => said.push(message) });
  const failed = new Promise((resolve) => pool.once('error', resolve));
  await admin.query(
    `select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid()`,
  );
  await failed;
  await expect(store.checkpoints().lastCommitted('any', '0')).resolves.toEqual({ epoch: 0, n: 0 });
  expect(said).toEqual([expect.stringContaining('postgresStore: an idle session failed: ')]);
  await store.close();
  await store.close();
  const use = store.checkpoints().lastCommitted('any', '0');
  await expect(use).rejects.toMatchObject({
    kind: 'connection',
    message: expect.stringMatching(/the store is closed/),
  });
  expect((await pool.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
  expect(pool.listenerCount('error')).toBe(0);
  await pool.end();
});
