/** Two generations of checkpoints on a server: what is kept, what is freed, and what stands in for what. */
import { Client, Pool } from 'pg';
import { type PostgresPool, type PostgresStoreConfig, postgresStore } from 'tidemark/postgres';
import { PieceNames } from '../../../adapters/testing/stores/pieceNames.js';
import { encode } from '../../../lib/codec.js';
import type { CheckpointStore, Commit, Piece, Store } from '../../../lib/ports.js';
import { type PostgresServer, startPostgres } from '../../servers/postgres.js';

let server: PostgresServer;
let store: Store;
let checkpoints: CheckpointStore;
let admin: Client;

beforeAll(async () => {
  server = await startPostgres();
  const config: PostgresStoreConfig = { url: server.url };
  store = await postgresStore(config);
  checkpoints = store.checkpoints();
  admin = new Client({ connectionString: server.url });
  await admin.connect();
}, 60_000);
afterAll(async () => {
  await store.close();
  await admin.end();
  await server.stop();
});

const piece = (chunk: string, data: unknown): Piece => ({
  operator: 'op',
  chunk,
  bytes: encode(data),
});

const names = new Map<string, PieceNames>();

function commit(job: string, n: number, change: Partial<Commit>): Commit {
  const usual = { job, task: '0', epoch: 1, n, prev: n - 1, operators: ['op'], fingerprint: 'f' };
  const rest = { positions: new Map(), changed: [], dropped: [], rows: [], drained: false };
  const own = names.get(job) ?? new PieceNames();
  names.set(job, own);
  const commit = { ...usual, ...rest, ...change };
  return { pieces: own.after(commit), ...commit };
}

async function versions(job: string): Promise<string[]> {
  const { rows } = await admin.query(
    `select chunk || n || (case when data is null then ' dropped' else '' end) as v
     from tidemark_state where job = $1 order by chunk, n`,
    [job],
  );
  return rows.map(({ v }) => v);
}

async function damage(job: string, where: string): Promise<void> {
  const { rowCount } = await admin.query(
    `update tidemark_state set data = overlay(data placing '\\xff' from octet_length(data)) where job = $1 and ${where}`,
    [job],
  );
  expect(rowCount).toBeGreaterThan(0);
}

test('a version of a piece is kept for as long as one of the two newest checkpoints sees it', async () => {
  await checkpoints.acquire('kept', '0', 'f');
  const steps: [Partial<Commit>, string[]][] = [
    [{ changed: [piece('a', 1), piece('b', 1)] }, ['a1', 'b1']],
    [{ changed: [piece('a', 2)] }, ['a1', 'a2', 'b1']],
    [{}, ['a2', 'b1']],
    [{ dropped: [{ operator: 'op', chunk: 'a' }] }, ['a2', 'a4 dropped', 'b1']],
    [{ changed: [piece('b', 5)] }, ['b1', 'b5']],
    [{ changed: [piece('a', 6)] }, ['a6', 'b5']],
  ];
  for (const [i, [change, kept]] of steps.entries()) {
    expect(await checkpoints.commit(commit('kept', i + 1, change))).toMatchObject({
      outcome: 'ok',
    });
    expect(await versions('kept')).toEqual(kept);
  }
});

test('a damaged newest checkpoint gives way to the one before; `read` says the same and takes nothing over', async () => {
  await checkpoints.acquire('damaged', '0', 'f');
  const gone = [{ operator: 'op', chunk: 'b' }];
  const positions = (n: number) => new Map([['s', n]]);
  const pieces = (n: number) => [piece('a', n)];
  await checkpoints.commit(
    commit('damaged', 1, {
      changed: [...pieces(1), piece('b', 1)],
      positions: positions(1),
    }),
  );
  await checkpoints.commit(
    commit('damaged', 2, { changed: pieces(2), dropped: gone, positions: positions(2) }),
  );
  await damage('damaged', 'n = 2 and data is not null');
  const before = {
    n: 1,
    drained: false,
    positions: positions(1),
    state: new Map([
      [
        'op',
        new Map([
          ['a', encode(1)],
          ['b', encode(1)],
        ]),
      ],
    ]),
  };
  expect(await checkpoints.read('damaged', '0')).toEqual(before);
  expect(await checkpoints.lastCommitted('damaged', '0')).toEqual({ epoch: 1, n: 2 });
  const owned = await checkpoints.acquire('damaged', '0', 'f');
  expect(owned).toEqual({ epoch: 2, checkpoint: before, fallback: expect.any(String) });
  expect(owned.fallback).toMatch(
    /^job "damaged": its checkpoint 2 is damaged \(codec: a piece of state/,
  );
  expect(await versions('damaged')).toEqual(['a1', 'b1']);
  // it is now the only one
  await damage('damaged', 'n = 1');
  await expect(checkpoints.acquire('damaged', '0', 'f')).rejects.toThrow(
    /checkpoint 1 is damaged .* there is none before it/,
  );
  expect(await checkpoints.lastCommitted('damaged', '0')).toEqual({ epoch: 2, n: 1 });
});

test('a damaged header is damage too', async () => {
  await checkpoints.acquire('header', '0', 'f');
  for (const n of [1, 2])
    await checkpoints.commit(commit('header', n, { changed: [piece('a', n)] }));
  await admin.query(
    `update tidemark_checkpoint set positions = left(positions, -2) || '!!' where job = 'header'`,
  );
  const { checkpoint, fallback } = await checkpoints.acquire('header', '0', 'f');
  expect([checkpoint?.n, fallback]).toEqual([
    1,
    expect.stringContaining('checkpoint 2 is damaged'),
  ]);
});

test.each([
  ['drained', 'drained = not drained'],
  ['fingerprint', `fingerprint = 'g'`],
  ['n', 'n = n + 1'],
  ['n', 'n = 0'],
])('a damaged column %s is damage too: %s', async (column, change) => {
  const job = `column ${change}`;
  await checkpoints.acquire(job, '0', 'f');
  for (const n of [1, 2]) await checkpoints.commit(commit(job, n, { changed: [piece('a', n)] }));
  await admin.query(`update tidemark_checkpoint set ${change} where job = $1`, [job]);
  const { checkpoint, fallback } = await checkpoints.acquire(job, '0', 'f');
  expect(checkpoint).toMatchObject({ n: 1, drained: false });
  expect(fallback).toContain(`is damaged (codec: its column ${column} is `);
});

test.each([
  ['name', `chunk = 'z' where chunk = 'a'`],
  ['operator', `operator = 'other' where chunk = 'a'`],
  ['version', `n = 3 where chunk = 'a'`],
])('a piece that stands under another %s is damage', async (what, change) => {
  const job = `renamed ${what}`;
  await checkpoints.acquire(job, '0', 'f');
  await checkpoints.commit(commit(job, 1, { changed: [piece('b', 1)] }));
  await checkpoints.commit(commit(job, 2, { changed: [piece('a', 2)] }));
  await admin.query(`update tidemark_state set ${change} and job = $1`, [job]);
  const { checkpoint, fallback } = await checkpoints.acquire(job, '0', 'f');
  expect(checkpoint?.n).toBe(1);
  expect(fallback).toMatch(/checkpoint 2 is damaged .*(not that of its name|pieces)/);
  expect(await versions(job)).toEqual(['b1']);
});

test('a job whose row was deleted begins anew, without the state that is left', async () => {
  await checkpoints.acquire('reset', '0', 'f');
  await checkpoints.commit(commit('reset', 1, { changed: [piece('a', 1), piece('b', 1)] }));
  await admin.query(`delete from tidemark_checkpoint where job = 'reset'`);
  names.delete('reset');
  const owned = await checkpoints.acquire('reset', '0', 'g');
  expect(owned).toEqual({ epoch: 1, checkpoint: undefined });
  expect(await versions('reset')).toEqual([]);
  const first = commit('reset', 1, { changed: [piece('a', 1)] });
  expect(await checkpoints.commit(first)).toMatchObject({ outcome: 'ok' });
});

test('a commit costs what changed, though the state is large and the planner knows nothing of it', async () => {
  await admin.query('alter table tidemark_state set (autovacuum_enabled = off)');
  await checkpoints.acquire('large', '0', 'f');
  const many = Array.from({ length: 20_000 }, (_, i) => piece(`c${i}`, { i }));
  await checkpoints.commit(commit('large', 1, { changed: many }));
  await checkpoints.commit(commit('large', 2, { changed: [piece('c7', 2)] }));
  const began = performance.now();
  for (const n of [3, 4, 5]) {
    await checkpoints.commit(commit('large', n, { changed: [piece('c7', n)] }));
  }
  // some milliseconds each; with a plan that reads all for each piece, half a minute each
  expect(performance.now() - began).toBeLessThan(5000);
  expect((await checkpoints.acquire('large', '0', 'f')).checkpoint?.state.get('op')?.size).toBe(
    20_000,
  );
});

test('a large commit goes in statements of about half a MiB, and the event loop turns between them', async () => {
  const pool = new Pool({ connectionString: server.url });
  const sizes: number[] = [];
  const watched: PostgresPool = {
    async connect() {
      const session = await pool.connect();
      return {
        query(query) {
          sizes.push((query.values ?? []).reduce((sum, value) => sum + String(value).length, 0));
          return session.query(query);
        },
        on: (event, listener) => session.on(event, listener),
        removeListener: (event, listener) => session.removeListener(event, listener),
        release: (destroy) => session.release(destroy),
      };
    },
    on: (event, listener) => pool.on(event, listener),
    removeListener: (event, listener) => pool.removeListener(event, listener),
    end: () => pool.end(),
  };
  const own = await postgresStore({ pool: watched });
  const table = own.table('long_rows', { key: ['k'], columns: { k: 'int8', v: 'text' } });
  const rows = Array.from({ length: 6000 }, (_, k) => ({
    ...{ op: 'upsert' as const, key: [k], row: { v: 'x'.repeat(1000) } },
    ...{ revision: [0], timestamp: 0 },
  }));
  await table.open();
  await own.checkpoints().acquire('wide', '0', 'f');
  const changed = Array.from({ length: 60 }, (_, i) => piece(`c${i}`, 'x'.repeat(100_000)));
  sizes.length = 0;
  let turns = 0;
  let running = true;
  const turn = () => {
    turns++;
    if (running) setImmediate(turn);
  };
  turn();
  const commit1 = commit('wide', 1, { changed, rows: [{ store: table, rows }] });
  expect(await own.checkpoints().commit(commit1)).toMatchObject({ results: [{ written: 6000 }] });
  running = false;
  expect(sizes.filter((size) => size > 100_000).length).toBeGreaterThanOrEqual(12);
  expect(Math.max(...sizes)).toBeLessThan(1.2 * 2 ** 19);
  expect(turns).toBeGreaterThan(sizes.length + 6000 / 500);
  await own.close();
  await pool.end();
});
