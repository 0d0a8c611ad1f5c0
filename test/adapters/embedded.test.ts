/** The embedded store keeps the laws of all stores; and what only a Postgres can be asked. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { storeLaws } from 'tidemark/testing';
import { type DataDirectory, openDirectory } from '../../adapters/embedded/directory.js';
import { type EmbeddedPostgres, startPostgres } from '../../adapters/embedded/postgres.js';
import { encode } from '../../lib/codec.js';
import type { Row, Store, TableStore, Upsert } from '../../lib/ports.js';
import { SqlStore } from '../../lib/sql/store.js';

const clock = { ms: 0 };
const dir = mkdtempSync(join(tmpdir(), 'tidemark-test-'));
let directory: DataDirectory;
let postgres: EmbeddedPostgres;
let store: Store;

async function open(): Promise<void> {
  directory = openDirectory(dir);
  postgres = await startPostgres(directory);
  const tables = new SqlStore(postgres, { operator: 'store', clock: { now: () => clock.ms } });
  store = Object.assign(tables, { close });
}
async function close(): Promise<void> {
  await postgres.close();
  directory.release();
}
beforeAll(open);
afterAll(async () => {
  await close();
  rmSync(dir, { recursive: true });
});

const laws = storeLaws({
  store: () => store,
  clock,
  leases: true,
  outbox: true,
  expires: true,
  async reopen() {
    await close();
    await open();
  },
  async raiseFormat(job) {
    await postgres.query('update tidemark_checkpoint set format = 2 where job = $1', [job]);
  },
  async lose(job, chunk) {
    await postgres.query(
      `delete from tidemark_state s where job = $1 and chunk = $2 and n = (select max(n) from tidemark_state where job = $1 and chunk = $2)`,
      [job, chunk],
    );
  },
  async rename(job, chunk, to) {
    await postgres.query(
      `update tidemark_state set chunk = $3 where job = $1 and chunk = $2 and n = (select max(n) from tidemark_state where job = $1 and chunk = $2)`,
      [job, chunk, to],
    );
  },
  async damage(job) {
    await postgres.query(
      `update tidemark_state set data = overlay(data placing '\\x3939' from octet_length(data)) where job = $1 and n = (select max(n) from tidemark_state where job = $1)`,
      [job],
    );
  },
});
it.each(laws)('$name', ({ check }) => check());

async function all(table: TableStore): Promise<Row[]> {
  const rows: Row[] = [];
  for await (const row of table.rows()) rows.push(row);
  return rows;
}
const up = (key: Upsert['key'], row: Row, revision = [0]): Upsert => ({
  op: 'upsert',
  key,
  row,
  revision,
  timestamp: 0,
});

describe('a table that was there before', () => {
  test('is taken with the types that it has, and its own columns are left alone', async () => {
    await postgres.query(
      `create table "Mine" (k varchar(5), at timestamptz(0), v numeric(6,2), note text default 'x', primary key (at, k))`,
    );
    await postgres.query(`insert into "Mine" values ('old', '2024-01-01 00:00:00+00', 1, 'mine')`);
    const table = store.table('public.Mine', { key: ['k', 'at'] });
    const at = Date.UTC(2024, 0, 1);
    const rows = [up(['old', at], { v: 2 }), up(['new', at], { v: '3.456' })];
    expect(await table.upsert(rows)).toMatchObject({ written: 2 });
    expect(await all(table)).toEqual([
      { k: 'new', at: new Date(at), v: '3.46', note: 'x' },
      { k: 'old', at: new Date(at), v: '2.00', note: 'mine' },
    ]);
    await expect(table.upsert([up(['longer', at], { v: 1 })])).rejects.toThrow(/value too long/);
  });

  test('is read page by page though its times are finer than a millisecond', async () => {
    await postgres.query('create table fine (t timestamptz primary key)');
    await postgres.query(
      `insert into fine select timestamptz '2024-01-01 00:00:00+00' + i * interval '1 microsecond' from generate_series(1, 2001) i`,
    );
    const table = store.table('fine', { key: ['t'] });
    const rows = await all(table);
    expect(rows.length).toBe(2001);
    expect(rows[2000]).toEqual({ t: new Date(Date.UTC(2024, 0, 1, 0, 0, 0, 2)) });
  });

  test('is read by code point, whatever its collation', async () => {
    await postgres.query('create table worded (k text collate "und-x-icu" primary key)');
    const table = store.table('worded', { key: ['k'] });
    await table.upsert(['b', 'a', 'Z', 'ä'].map((k) => up([k], {})));
    expect((await all(table)).map((r) => r['k'])).toEqual(['Z', 'a', 'b', 'ä']);
  });

  test('without the key, or missing, is refused', async () => {
    await postgres.query('create table keyless (k text, v int8, unique (k, v))');
    const refused = (name: string, key: string[], columns?: Record<string, string>) =>
      expect(store.table(name, { key, ...(columns && { columns }) }).open()).rejects;
    await refused('keyless', ['k']).toThrow('table "keyless" has no unique key of exactly k');
    await refused('nowhere', ['k']).toThrow('does not exist; give `columns`');
    await postgres.query('create table narrow (k text primary key)');
    await refused('narrow', ['k'], { k: 'text', v: 'int8' }).toThrow('has no column "v"');
    await refused('wrong', ['k'], { k: 'nonsense' }).toThrow('type "nonsense" does not exist');
  });
});

test('rows that the database refuses are found and named, and no other is written', async () => {
  await postgres.query(
    'create table strict (k int8 primary key, v int8 check (v < 100), w text not null)',
  );
  const table = store.table('strict', { key: ['k'] });
  const rows = Array.from({ length: 50 }, (_, i) => up([i], { v: i, w: 'x' }));
  const bad = [up([100], { v: 100, w: 'x' }), up([101], { v: 1, w: null })];
  const batch = [...rows.slice(0, 20), bad[0] as Upsert, ...rows.slice(20), bad[1] as Upsert];
  await expect(table.upsert(batch)).rejects.toMatchObject({
    kind: 'refused',
    refused: bad,
    message: expect.stringMatching(
      /^table "strict" refuses 2 rows: .* violates .* \(key \[100\]\)$/,
    ),
  });
  expect(await table.count()).toBe(0);
  expect(await table.upsert(rows)).toMatchObject({ written: 50 });
});

test('a commit that the database refuses names the rows and changes nothing', async () => {
  await postgres.query('create table gated (k int8 primary key check (k < 10))');
  const table = store.table('gated', { key: ['k'] });
  const checkpoints = store.checkpoints();
  const { epoch } = await checkpoints.acquire('gated', '0', 'f');
  const commit = (n: number, keys: readonly number[]) =>
    checkpoints.commit({
      job: 'gated',
      task: '0',
      epoch,
      n,
      prev: n - 1,
      positions: new Map(),
      operators: ['op'],
      changed: [{ operator: 'op', chunk: 'a', bytes: encode(n) }],
      dropped: [],
      pieces: 1,
      rows: [{ store: table, rows: keys.map((k) => up([k], {}, [n])) }],
      drained: false,
      fingerprint: 'f',
    });
  await commit(1, [1, 2]);
  await expect(commit(2, [3, 10, 4, 11])).rejects.toMatchObject({
    kind: 'refused',
    refused: [{ key: [10] }, { key: [11] }],
  });
  expect(await checkpoints.lastCommitted('gated', '0')).toEqual({ epoch, n: 1 });
  expect(await table.count()).toBe(2);
  expect(await commit(2, [3, 4])).toMatchObject({ outcome: 'ok', results: [{ written: 2 }] });
});

test('keys that only the database takes for one are one row in a batch', async () => {
  await postgres.query('create table amounts (k numeric, u uuid, v int8, primary key (k, u))');
  const table = store.table('amounts', { key: ['k', 'u'] });
  const id = 'aaaaaaaa-0000-0000-0000-000000000001';
  const rows = ['1.0', '2', '1', '1.00'].map((k, v) =>
    up([k, v === 2 ? id.toUpperCase() : id], { v }),
  );
  expect(await table.upsert(rows)).toEqual({ written: 4, ignored: 0, conflicts: 2 });
  expect((await all(table)).map((r) => r['v'])).toEqual([3, 1]);
});

test('rows of one batch may set different columns', async () => {
  await postgres.query('create table parts (k text primary key, a int8, b int8)');
  const table = store.table('parts', { key: ['k'] });
  await table.upsert([up(['x'], { a: 1 }), up(['y'], { b: 2 })]);
  expect(await table.upsert([up(['x'], { b: 3 }, [1])])).toMatchObject({ written: 1 });
  expect(await all(table)).toEqual([
    { k: 'x', a: 1, b: 3 },
    { k: 'y', a: null, b: 2 },
  ]);
});

test('a session whose search path and time zone are others changes nothing', async () => {
  await postgres.query('create schema elsewhere');
  await postgres.query('set search_path = elsewhere');
  await postgres.query(`set timezone = 'Australia/Lord_Howe'`);
  const table = store.table('placed', {
    key: ['t'],
    columns: { t: 'timestamptz', v: 'timestamptz' },
  });
  await table.upsert([up([-62198755200000], { v: 0.5 + 0.5 })]);
  const { rows } = await postgres.query('select schemaname from pg_tables where tablename = $1', [
    'placed',
  ]);
  expect(rows).toEqual([{ schemaname: 'public' }]);
  expect(await all(table)).toEqual([{ t: new Date(-62198755200000), v: new Date(1) }]);
  await postgres.query('reset search_path');
  await postgres.query('reset timezone');
});

test('a closed store answers with a connection fault', async () => {
  const other = await startPostgres({
    ...directory,
    path: mkdtempSync(join(dir, 'other-')),
    isNew: true,
  });
  const table = new SqlStore(other, { operator: 'store', clock: { now: () => 0 } }).table('t', {
    key: ['k'],
    columns: { k: 'text' },
  });
  await table.open();
  await other.close();
  await expect(table.upsert([up(['a'], {})])).rejects.toMatchObject({
    name: 'StoreError',
    kind: 'connection',
  });
  await expect(table.count()).rejects.toMatchObject({ kind: 'connection' });
});

test('a large commit lets the event loop turn between its statements', async () => {
  const table = store.table('many_rows', { key: ['k'], columns: { k: 'int8', v: 'text' } });
  await table.open();
  const checkpoints = store.checkpoints();
  const { epoch } = await checkpoints.acquire('many', '0', 'f');
  const rows = Array.from({ length: 4000 }, (_, k) => up([k], { v: 'x'.repeat(100) }));
  const changed = Array.from({ length: 40 }, (_, i) => ({
    ...{ operator: 'op', chunk: `c${i}`, bytes: encode('x'.repeat(100_000)) },
  }));
  let turns = 0;
  let running = true;
  const turn = () => {
    turns++;
    if (running) setImmediate(turn);
  };
  turn();
  await checkpoints.commit({
    ...{ job: 'many', task: '0', epoch, n: 1, prev: 0, drained: false, fingerprint: 'f' },
    ...{ positions: new Map(), operators: ['op'], dropped: [], pieces: changed.length },
    ...{ changed, rows: [{ store: table, rows }] },
  });
  running = false;
  // slices of 500 rows, statements of 1,000 rows, and of half a MiB of pieces
  expect(turns).toBeGreaterThan(4000 / 500 + 4000 / 1000 + 4);
});
