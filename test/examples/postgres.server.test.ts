/** The main job on a PostgreSQL server: its table is that of a run in memory, and its password is in no message. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { main } from '../../examples/main/main.js';
import { type PostgresServer, startPostgres } from '../servers/postgres.js';
import { expectTable, ran, rowsOf } from './commands.js';

const dir = mkdtempSync(join(tmpdir(), 'tidemark-test-'));
let server: PostgresServer;
beforeAll(async () => {
  server = await startPostgres();
}, 60_000);
afterAll(async () => {
  await server.stop();
  rmSync(dir, { recursive: true });
});

const input = [
  '--generate',
  '20000',
  '--dup-share',
  '0.05',
  '--malformed-share',
  '0.01',
  '--quiet',
];
const on = (store: string, out: string, ...more: readonly string[]) =>
  ran(main, [...input, '--store', store, '--out', join(dir, out), ...more]);

test('table and counts on a server are those of a run in memory, and a second run finds all done', async () => {
  const summary = (name: string) => ['--summary', join(dir, name)];
  const store = `${server.url}?schema=main_job`;
  expect(await on('memory:', 'memory', ...summary('memory.json'))).toMatchObject({ code: 0 });
  expect(await on(store, 'server', ...summary('server.json'))).toEqual({
    code: 0,
    stdout: '',
    stderr: '',
  });
  const rows = rowsOf(dir, 'server');
  expect(rows.length).toBeGreaterThan(200);
  expectTable(rows, rowsOf(dir, 'memory'));
  const [counts, wanted] = ['server.json', 'memory.json'].map((name) => {
    const { elapsedMs, eventsPerSecond, ...rest } = JSON.parse(
      readFileSync(join(dir, name), 'utf8'),
    );
    return rest;
  });
  expect(counts).toEqual(wanted);
  expect(await on(store, 'again')).toMatchObject({ code: 0 });
  expect(rowsOf(dir, 'again')).toEqual(rows);
  const client = new Client({ connectionString: server.url });
  await client.connect();
  const { rows: found } = await client.query(
    'select count(*)::int as n from main_job.user_metrics',
  );
  await client.end();
  expect(found).toEqual([{ n: rows.length }]);
});

test('a server that is not there, or refuses, is told in one sentence without the password', async () => {
  const url = new URL(server.url);
  url.password = 'an-open-secret';
  const refused = await on(url.href, 'refused');
  expect(refused).toMatchObject({ code: 1, stdout: '' });
  expect(refused.stderr).toMatch(
    /^main: postgresStore: cannot connect: password authentication failed.*\n$/,
  );
  url.port = '1';
  const gone = await on(url.href, 'gone');
  expect(gone.stderr).toMatch(/^main: postgresStore: cannot connect: connect ECONNREFUSED.*\n$/);
  for (const { stderr } of [refused, gone]) expect(stderr).not.toContain('an-open-secret');
}, 30_000);
