/**
 * `npm run stalled [-- --seconds N] [--store redis:|postgres:] [--delivery A|O|E]`: a table that stands still
 * under full load: what the job holds meanwhile, and how it goes on.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import {
  count,
  eventTimeWindow,
  idempotentSink,
  type Job,
  job,
  type Store,
  type TableStore,
  tumbling,
  watermark,
} from 'tidemark';
import { memoryStore } from 'tidemark/memory';
import { postgresStore } from 'tidemark/postgres';
import { redisStore } from 'tidemark/redis';
import { machine } from '../bench/figures.js';
import { startPostgres } from '../servers/postgres.js';
import { startProxy } from '../servers/proxy.js';
import { startRedis } from '../servers/redis.js';
import { Endless, truth } from './load.js';

const SIZE_MS = 50;
const MAX_PENDING = 20_000;
const BEFORE_S = 6;
const AFTER_S = 6;
const LINES = 6;
/** Heap in use, after a collection, may differ by so much while nothing is read. */
const FLAT_MIB = 8;
const MIB = 2 ** 20;
const RECOVERED_MS = 60_000;

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

const servers = { 'redis:': startRedis, 'postgres:': startPostgres } as const;
const opened: Record<keyof typeof servers, (url: string) => Promise<Store>> = {
  'redis:': (url) => redisStore({ url, prefix: 'stalled' }),
  'postgres:': (url) => postgresStore({ url }),
};
const classes = ['A', 'O', 'E'] as const;
type Class = (typeof classes)[number];

interface Sample {
  readonly second: number;
  readonly events: number;
  readonly pending: number;
  readonly heapMib: number;
  readonly rssMib: number;
  readonly held: string;
}

function made(
  store: Store,
  { source, table, to }: { source: Endless; table: TableStore; to: Class },
): Job {
  const checkpoints = (to === 'A' ? store : memoryStore()).checkpoints();
  return job({
    ...{ id: `stalled ${to}`, checkpoints, every: '1s', everyEvents: 50_000 },
    ...{ maxPending: MAX_PENDING, timeout: '10m', owner: { lease: 'none' } },
    topology(t) {
      t.sink(
        t.source(source).pipe(
          watermark({ id: 'time', timestamp: (e) => e.at }),
          eventTimeWindow({
            ...{ id: 'windows', key: (e) => e.user, window: tumbling(SIZE_MS) },
            aggregate: { n: count() },
          }),
          idempotentSink({
            ...{ id: 'out', store: table, key: (r: any) => [r.window.start, r.key] },
            ...{ row: (r: any) => r.value, batch: 500 },
            delivery: to === 'E' ? 'atLeastOnce' : 'effectivelyOnce',
          }),
        ),
      );
    },
  });
}

function sample(of: Job, source: Endless, since: number): Sample {
  collect();
  const { heapUsed, rss } = process.memoryUsage();
  const { pending, sources, waiting } = of.status();
  // a call that was given up: the job has ended its run, and waits for the store to begin another
  const held = waiting ? 'store away' : sources[0]?.held.join('+') || '-';
  return {
    ...{ second: Math.round((performance.now() - since) / 1000), events: source.count, pending },
    ...{ heapMib: heapUsed / MIB, rssMib: rss / MIB, held },
  };
}

const HEAD = ['second', 'events read', 'pending', 'heap MiB', 'RSS MiB', 'held for'];
const print = (cells: readonly unknown[]) =>
  console.log(cells.map((c) => String(c).padStart(12)).join(''));
const show = ({ second, events, pending, heapMib, rssMib, held }: Sample) =>
  print([second, events, pending, heapMib.toFixed(1), rssMib.toFixed(0), `  ${held}`]);

/* What was not as it must be, a sentence each. */
async function stall(kind: keyof typeof servers, to: Class, seconds: number): Promise<string[]> {
  const server = await servers[kind]({ killable: true });
  const proxy = await startProxy(Number(new URL(server.url).port));
  const store = await opened[kind](proxy.through(server.url));
  const source = new Endless();
  const layout = { key: ['start', 'user'], columns: { start: 'int8', user: 'text', n: 'int8' } };
  const table = store.table('out', layout);
  const task = made(store, { source, table, to });
  const wrong: string[] = [];
  const running = task.run();
  running.catch((thrown) => wrong.push(`the job failed: ${thrown}`));
  console.log(`\nclass ${to} on ${kind} a table that stands still for ${seconds} s`);
  print(HEAD);
  try {
    await sleep(BEFORE_S * 1000);
    const before = source.count;
    show(sample(task, source, performance.now()));
    proxy.pause(true);
    const stalled = await whileStalled(task, source, seconds);
    proxy.pause(false);
    wrong.push(...judged(stalled));
    const recovery = await recovered(source);
    if (recovery === undefined) wrong.push('it did not go on');
    await sleep(AFTER_S * 1000);
    source.end(SIZE_MS);
    await running;
    show(sample(task, source, performance.now()));
    wrong.push(...(await judgedRows(table, source.count)));
    const rate = Math.round(before / BEFORE_S);
    console.log(
      `${rate} events/s before; went on ${recovery} ms after the table; most pending ${task.status().pendingPeak}`,
    );
  } finally {
    await store.close();
    await proxy.close();
    await server.stop();
  }
  return wrong;
}

async function whileStalled(
  task: Job,
  source: Endless,
  seconds: number,
): Promise<readonly Sample[]> {
  const since = performance.now();
  const samples: Sample[] = [];
  for (let i = 1; i <= LINES; i++) {
    await sleep((seconds * 1000) / LINES);
    samples.push(sample(task, source, since));
    show(samples.at(-1) as Sample);
  }
  return samples;
}

function judged(samples: readonly Sample[]): string[] {
  const at = (i: number) => samples.at(i) as Sample;
  const [first, half, last] = [at(0), at(samples.length >> 1), at(-1)];
  const wrong: string[] = [];
  if (last.events !== half.events) wrong.push(`it read on: ${last.events - half.events} events`);
  if (last.held === '-') wrong.push('nothing says that the source is held');
  const grown = last.heapMib - first.heapMib;
  if (grown > FLAT_MIB) wrong.push(`the heap grew by ${grown.toFixed(1)} MiB`);
  return wrong;
}

async function recovered(source: Endless): Promise<number | undefined> {
  const from = performance.now();
  const { count } = source;
  while (performance.now() - from < RECOVERED_MS) {
    await sleep(10);
    if (source.count > count) return Math.round(performance.now() - from);
  }
  return undefined;
}

async function judgedRows(table: TableStore, events: number): Promise<string[]> {
  const { rows, each } = truth(events, SIZE_MS);
  let found = 0;
  let odd = 0;
  for await (const row of table.rows()) {
    found++;
    if (Number(row['n']) !== each) odd++;
  }
  console.log(`${found} of ${rows} rows, ${odd} wrong`);
  return found === rows && odd === 0 ? [] : [`${found} of ${rows} rows, ${odd} wrong`];
}

async function run(): Promise<number> {
  const options = {
    seconds: { type: 'string', default: '60' },
    store: { type: 'string', default: 'redis:' },
    delivery: { type: 'string' },
  } as const;
  const { values } = parseArgs({ options });
  const seconds = Number(values.seconds);
  const kind = values.store as keyof typeof servers;
  const chosen = classes.filter((to) => values.delivery === undefined || to === values.delivery);
  if (!(seconds > 0) || !Object.hasOwn(servers, kind) || chosen.length === 0) {
    console.error('stalled: --seconds > 0, --store redis: or postgres:, --delivery A, O or E');
    return 2;
  }
  for (const line of machine(fileURLToPath(new URL('../../..', import.meta.url)), []))
    console.log(line);
  let all = 0;
  for (const to of chosen) {
    const wrong = await stall(kind, to, seconds);
    for (const sentence of wrong) console.log(`WRONG: ${sentence}`);
    all += wrong.length;
  }
  console.log(all === 0 ? '\nbounded, and all rows there' : `\n${all} wrong`);
  return all === 0 ? 0 : 1;
}

process.exitCode = await run();
