/** The store on Redis where replies and requests are lost, the server is killed, or scripts are forgotten. */

import { Redis } from 'ioredis';
import { redisStore } from 'tidemark/redis';
import { PieceNames } from '../../../adapters/testing/stores/pieceNames.js';
import { decode, encode } from '../../../lib/codec.js';
import type { Commit, CommitAnswer, Row, Store, TableStore, Upsert } from '../../../lib/ports.js';
import { type Fate, startProxy, type TestProxy } from '../../servers/proxy.js';
import { type RedisServer, startRedis } from '../../servers/redis.js';

const SMALL = 12;
/** Two portions and more: staged. */
const LARGE = 504;
const layout = { key: ['k'], columns: { k: 'int8', v: 'int8' } };

let server: RedisServer;
let proxy: TestProxy;
let store: Store;
let beside: Store;
let client: Redis;
let serial = 0;

beforeAll(async () => {
  server = await startRedis({ killable: true, fsync: 'always' });
  proxy = await startProxy(Number(new URL(server.url).port));
  store = await redisStore({ url: proxy.through(server.url), timeout: '10s' });
  beside = await redisStore({ url: server.url });
  client = new Redis(server.url);
  client.on('error', () => {});
  // what is shown by a lost exchange does not depend on the disk
  await client.config('SET', 'appendfsync', 'no');
}, 60_000);
afterAll(async () => {
  client.disconnect();
  await Promise.all([store.close(), beside.close()]);
  await proxy.close();
  await server.stop();
});

/* Pieces of state are many, and rows few. */
const rowsIn = (count: number) => count / 12;

const rowsOf = (count: number, v: number): Upsert[] =>
  Array.from({ length: count }, (_, k) => ({
    op: 'upsert',
    key: [k],
    row: { v },
    revision: [v],
    timestamp: 0,
  }));

async function all(table: TableStore): Promise<Row[]> {
  const rows: Row[] = [];
  for await (const row of table.rows()) rows.push(row);
  return rows;
}

/** What a table holds: how many rows of which values. */
async function values(table: TableStore): Promise<Record<string, number>> {
  const found: Record<string, number> = {};
  for (const { v } of await all(table)) found[String(v)] = (found[String(v)] ?? 0) + 1;
  return found;
}

/* Loses what is sent as number `at`, counted from now; says whether there was so much. */
function lose(at: number, fate: Fate): () => boolean {
  let sent = 0;
  proxy.fate = () => (sent++ === at ? fate : 'pass');
  return () => {
    proxy.fate = () => 'pass';
    return sent > at;
  };
}

interface Subject {
  readonly job: string;
  readonly epoch: number;
  readonly table: TableStore;
  readonly seen: TableStore;
}

async function subject(): Promise<Subject> {
  const name = `t${++serial}`;
  const { epoch } = await store.checkpoints().acquire(name, '0', 'f');
  return {
    job: name,
    epoch,
    table: store.table(name, layout),
    seen: beside.table(name, layout),
  };
}

const names = new Map<string, PieceNames>();

function commitOf({ job, epoch, table }: Subject, n: number, count: number): Commit {
  const chunks = Array.from({ length: count }, (_, i) => `c${i}`);
  const changed = chunks.map((chunk) => ({ operator: 'op', chunk, bytes: encode(n) }));
  const change = { n, prev: n - 1, changed, dropped: [] };
  const own = names.get(job) ?? new PieceNames();
  names.set(job, own);
  return {
    ...{ job, task: '0', epoch, fingerprint: 'f', drained: false, ...change },
    positions: new Map([['in', n]]),
    operators: ['op'],
    pieces: own.after(change),
    rows: [{ store: table, rows: rowsOf(rowsIn(count), n) }],
  };
}

async function committed(of: Subject, commit: Commit): Promise<CommitAnswer | 'applied'> {
  try {
    return await store.checkpoints().commit(commit);
  } catch (thrown) {
    expect(thrown).toMatchObject({ name: 'StoreError', kind: 'connection' });
  }
  const last = await store.checkpoints().lastCommitted(of.job, '0');
  expect(last.epoch).toBe(of.epoch);
  return last.n === commit.n ? 'applied' : committed(of, commit);
}

const cases = [SMALL, LARGE].flatMap((count) =>
  (['loseReply', 'loseRequest'] as const).map((fate) => [count, fate] as const),
);

it.each(cases)(
  'a commit of %d rows whose k-th exchange is lost (%s) is applied once',
  async (count, fate) => {
    for (let at = 0, hit = true; hit; at++) {
      const of = await subject();
      await store.checkpoints().commit(commitOf(of, 1, count));
      const stop = lose(at, fate);
      const first = store.checkpoints().commit(commitOf(of, 2, count));
      const outcome = await first.catch(() => 'lost');
      hit = stop();
      // whoever looks now sees one checkpoint or the other, with all of its rows
      const read = await beside.checkpoints().read(of.job, '0');
      const n = read?.n ?? 0;
      expect(await values(of.seen)).toEqual({ [n]: rowsIn(count) });
      const pieces = [...(read?.state.get('op')?.values() ?? [])].map(decode);
      expect(pieces).toEqual(Array.from({ length: count }, () => n));
      if (hit) expect(outcome).toBe('lost');
      if (outcome === 'lost') {
        const last = await store.checkpoints().lastCommitted(of.job, '0');
        expect(last).toEqual({ epoch: of.epoch, n });
        const again = await store.checkpoints().commit(commitOf(of, 2, count));
        expect(again.outcome).toBe(n === 2 ? 'duplicate' : 'ok');
      }
      expect(await values(of.seen)).toEqual({ 2: rowsIn(count) });
      expect(await committed(of, commitOf(of, 3, SMALL))).toMatchObject({ outcome: 'ok' });
    }
    expect(await client.hlen('{tidemark}:pending')).toBe(0);
  },
  60_000,
);

it.each(cases)(
  'a batch of %d rows whose k-th exchange is lost (%s) is whole or not there',
  async (count, fate) => {
    for (let at = 0, hit = true; hit; at++) {
      const { table, seen } = await subject();
      const stop = lose(at, fate);
      const outcome = await table.upsert(rowsOf(count, 1)).catch((thrown: unknown) => thrown);
      hit = stop();
      if (hit) expect(outcome).toMatchObject({ name: 'StoreError', kind: 'connection' });
      const found = await seen.count();
      expect([0, count]).toContain(found);
      const again = await table.upsert(rowsOf(count, 1));
      expect(again).toMatchObject(found === 0 ? { written: count } : { ignored: count });
      expect(await values(seen)).toEqual({ 1: count });
    }
  },
  60_000,
);

it.each(cases)(
  'rows of an outbox, %d of them, whose k-th exchange is lost (%s) are written once',
  async (count, fate) => {
    for (let at = 0, hit = true; hit; at++) {
      const { job, table, seen } = await subject();
      const owner = { job, task: '0', sink: 'out' };
      const batch = { owner, epoch: 1, n: 1, i: 0, rows: rowsOf(count, 1) };
      const stop = lose(at, fate);
      const outcome = await table.outbox?.apply(batch).catch((thrown: unknown) => thrown);
      hit = stop();
      if (hit) expect(outcome).toMatchObject({ name: 'StoreError', kind: 'connection' });
      const found = await seen.count();
      expect([0, count]).toContain(found);
      const again = await seen.outbox?.apply(batch);
      const wanted = { outcome: 'ok', result: { written: count, ignored: 0, conflicts: 0 } };
      expect(again).toEqual(found === 0 ? wanted : { outcome: 'duplicate' });
      expect(await values(seen)).toEqual({ 1: count });
    }
  },
  60_000,
);

it.each(['loseReply', 'loseRequest'] as const)(
  'a take-over whose k-th exchange is lost (%s) can be tried again',
  async (fate) => {
    for (let at = 0, hit = true; hit; at++) {
      const of = await subject();
      await store.checkpoints().commit(commitOf(of, 1, SMALL));
      const stop = lose(at, fate);
      const take = () => store.checkpoints().acquire(of.job, '0', 'f');
      await take().catch((thrown: unknown) => expect(thrown).toMatchObject({ kind: 'connection' }));
      hit = stop();
      const owned = await take();
      expect(owned.checkpoint?.n).toBe(1);
      const next = { ...of, epoch: owned.epoch };
      expect(await committed(next, commitOf(next, 2, SMALL))).toMatchObject({ outcome: 'ok' });
      expect(await committed(of, { ...commitOf(of, 3, SMALL), epoch: of.epoch })).toEqual({
        outcome: 'fenced',
      });
    }
  },
  60_000,
);

test('scripts that the server forgot are sent again', async () => {
  const of = await subject();
  for (const n of [1, 2, 3]) {
    await client.script('FLUSH');
    expect(await committed(of, commitOf(of, n, n === 2 ? LARGE : SMALL))).toMatchObject({
      outcome: 'ok',
    });
  }
  await client.script('FLUSH');
  expect(await values(of.table)).toEqual({ 2: rowsIn(LARGE) - 1, 3: 1 });
});

test('what was acknowledged is there after the server was killed in the middle of commits, and nothing is half there', async () => {
  const of = await subject();
  const wanted: number[] = [];
  let n = 0;
  const applied = (count: number) => wanted.fill(++n, 0, rowsIn(count));
  await client.config('SET', 'appendfsync', 'always');
  for (let kill = 0; kill < 4; kill++) {
    const count = kill % 2 === 0 ? LARGE : SMALL;
    while (wanted.length < rowsIn(count)) wanted.push(0);
    const restarted = pause(20 + kill * 15)
      .then(() => server.kill())
      .then(() => server.start());
    for (;;) {
      const sending = store.checkpoints().commit(commitOf(of, n + 1, count));
      const answer = await sending.catch((thrown: unknown) => thrown as Error);
      if (answer instanceof Error) break;
      expect(answer.outcome).toBe('ok');
      applied(count);
    }
    await restarted;
    const [rows, read] = [await all(of.seen), await beside.checkpoints().read(of.job, '0')];
    const last = await store.checkpoints().lastCommitted(of.job, '0');
    expect([n, n + 1]).toContain(last.n);
    if (last.n > n) applied(count);
    expect(read?.n ?? 0).toBe(n);
    expect(rows.map(({ v }) => v)).toEqual(wanted.filter((v) => v > 0));
  }
  expect(n).toBeGreaterThan(6);
}, 60_000);

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
