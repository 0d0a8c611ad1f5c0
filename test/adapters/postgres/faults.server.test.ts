/** A PostgreSQL that deadlocks, dies and loses answers, and owners that hang: nothing is lost, and nothing is done twice. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { Client } from 'pg';
import { postgresStore } from 'tidemark/postgres';
import type { Row, Store, TableStore } from '../../../lib/ports.js';
import { type PostgresServer, startPostgres } from '../../servers/postgres.js';
import { startProxy, type TestProxy } from '../../servers/proxy.js';
import { commitOf, layout, row, settle } from './commits.js';

let server: PostgresServer;
let store: Store;

beforeAll(async () => {
  server = await startPostgres({ killable: true });
  await ask(`alter system set deadlock_timeout = '20ms'`);
  await ask('select pg_reload_conf()');
  store = await postgresStore({ url: server.url });
}, 60_000);
afterAll(async () => {
  await store.close();
  await server.stop();
});

async function ask(statement: string): Promise<any> {
  const client = new Client({ connectionString: server.url });
  await client.connect();
  const { rows } = await client.query(statement);
  await client.end();
  return rows[0];
}

async function all(table: TableStore): Promise<Row[]> {
  const rows: Row[] = [];
  for await (const each of table.rows()) rows.push(each);
  return rows;
}

test('eight writers that take two tables in opposite order all end, after deadlocks', async () => {
  const tables = [store.table('left_rows', layout), store.table('right_rows', layout)];
  await Promise.all(tables.map((table) => table.open()));
  const stores = await Promise.all(
    Array.from({ length: 8 }, () => postgresStore({ url: server.url })),
  );
  const keys = Array.from({ length: 200 }, (_, i) => `k${i}`);
  const write = async (own: Store, writer: number) => {
    const job = `writer ${writer}`;
    const { epoch } = await own.checkpoints().acquire(job, '0', 'f');
    const outcomes: string[] = [];
    for (let n = 1; n <= 6; n++) {
      const order = ['left_rows', 'right_rows'];
      if (writer % 2 === 1) order.reverse();
      const rows = order.map((name) => ({
        store: own.table(name, layout),
        rows: keys.map((key) => row(key, n * 8 + writer)),
      }));
      outcomes.push((await settle(own, commitOf({ job, epoch }, n, rows))).outcome);
    }
    return outcomes;
  };
  const outcomes = await Promise.all(stores.map(write));
  await Promise.all(stores.map((own) => own.close()));
  expect(new Set(outcomes.flat())).toEqual(new Set(['ok']));
  for (const table of tables) {
    expect(await all(table)).toEqual(keys.sort().map((k) => ({ k, n: 6 * 8 + 7 })));
  }
  const { deadlocks } = await ask(
    'select sum(deadlocks)::int as deadlocks from pg_stat_database where datname = current_database()',
  );
  expect(deadlocks).toBeGreaterThan(0);
});

test('a server killed in the middle of commits has all that it acknowledged, and what is unknown is found out', async () => {
  const job = 'killed';
  const own = await postgresStore({ url: server.url });
  const table = own.table('killed_rows', layout);
  const { epoch } = await own.checkpoints().acquire(job, '0', 'f');
  let n = 0;
  let unknown = 0;
  // a kill between two commits leaves nothing unknown: then once more
  for (let kill = 0; kill < 4 || (unknown === 0 && kill < 20); kill++) {
    const hit = n + 1 + (kill % 4);
    const until = hit + 3;
    let down = false;
    let killing: Promise<void> | undefined;
    while (n < until || down) {
      n++;
      const rows = [{ store: table, rows: [row(`k${n}`, n)] }];
      const settling = settle(own, commitOf({ job, epoch }, n, rows));
      if (n === hit) {
        // while this commit is under way
        down = true;
        killing = new Promise((resolve) => setTimeout(resolve, kill % 4))
          .then(() => server.kill())
          .then(() => server.start())
          .then(() => {
            down = false;
          });
      }
      const settled = await settling;
      unknown += settled.unknown;
      expect(settled.outcome).toMatch(/^(ok|was applied)$/);
    }
    await killing;
    expect(await own.checkpoints().lastCommitted(job, '0')).toEqual({ epoch, n });
    expect(await table.count()).toBe(n);
  }
  expect(unknown).toBeGreaterThan(0);
  await own.close();
}, 60_000);

describe('through a proxy', () => {
  let proxy: TestProxy;
  let own: Store;
  beforeAll(async () => {
    proxy = await startProxy(Number(new URL(server.url).port));
    own = await postgresStore({ url: proxy.through(server.url) });
  });
  afterAll(async () => {
    await own.close();
    await proxy.close();
  });

  test.each(['loseRequest', 'loseReply'] as const)(
    '%s at any step of a commit: it is applied once, and a lost end is not called done',
    async (fate) => {
      const job = `proxy ${fate}`;
      const table = own.table(`proxy_${fate.toLowerCase()}`, { ...layout, audit: 'at' });
      const { epoch } = await own.checkpoints().acquire(job, '0', 'f');
      await table.open();
      const outcomes: string[] = [];
      for (let n = 1; n <= 9; n++) {
        let step = 0;
        let done = false;
        proxy.fate = (sent) => {
          // connecting anew is not a step
          if (done || sent.includes('user\0') || sent[0] === 0x70) return 'pass';
          done = ++step === n;
          return done ? fate : 'pass';
        };
        const rows = [{ store: table, rows: [row(`k${n}`, n)] }];
        const { outcome, unknown } = await settle(own, commitOf({ job, epoch }, n, rows));
        outcomes.push(`${outcome} ${unknown}`);
        proxy.fate = () => 'pass';
        const again = own.checkpoints().commit(commitOf({ job, epoch }, n, rows));
        expect(await again).toEqual({ outcome: 'duplicate' });
        expect(await table.count()).toBe(n);
      }
      expect(new Set(outcomes)).toEqual(
        new Set(fate === 'loseReply' ? ['ok 0', 'was applied 1'] : ['ok 0', 'ok 1']),
      );
    },
  );

  test('a server that no longer answers is given up', async () => {
    const timeouts = { statement: '100ms', answer: '200ms' } as const;
    const hung = await postgresStore({ url: proxy.through(server.url), timeouts });
    await hung.checkpoints().lastCommitted('any', '0');
    proxy.pause(true);
    const read = hung.checkpoints().lastCommitted('any', '0');
    await expect(read).rejects.toMatchObject({ name: 'StoreError', kind: 'connection' });
    proxy.pause(false);
    await hung.close();
  });
});

test('an owner stopped in mid-transaction holds a take-over no longer than its time-out, and can then write nothing', async () => {
  const job = 'zombie';
  const script = join(__dirname, '../../typescript.cjs');
  const child: ChildProcess = fork(script, [join(__dirname, 'zombieChild.ts'), server.url, job]);
  try {
    const [{ epoch }] = await once(child, 'message');
    const began = performance.now();
    const owned = await store.checkpoints().acquire(job, '0', 'f');
    const tookMs = performance.now() - began;
    expect(owned).toEqual({ epoch: epoch + 1, checkpoint: undefined });
    // its transaction did hold us, and its time-out of a second set us free
    expect(tookMs).toBeGreaterThan(300);
    expect(tookMs).toBeLessThan(3000);
    const table = store.table('zombie', { ...layout, audit: 'at' });
    const rows = [{ store: table, rows: [row('a', 2)] }];
    const commit = commitOf({ job, epoch: owned.epoch }, 1, rows);
    expect(await store.checkpoints().commit(commit)).toMatchObject({ outcome: 'ok' });
    child.kill('SIGCONT');
    const [answer] = await once(child, 'message');
    expect(answer).toEqual({ outcome: 'fenced' });
    expect((await all(table)).map(({ k, n }) => [k, n])).toEqual([['a', 2]]);
  } finally {
    child.kill('SIGKILL');
  }
});

test('sessions that the server ends are replaced', async () => {
  const table = store.table('replaced', layout);
  await table.upsert([row('a', 1)]);
  const end = `select count(pg_terminate_backend(pid))::int as n from pg_stat_activity where application_name = 'tidemark'`;
  expect((await ask(end)).n).toBeGreaterThan(0);
  expect(await table.upsert([row('a', 2)])).toEqual({ written: 1, ignored: 0, conflicts: 0 });
});
