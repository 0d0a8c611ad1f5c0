/**
 * `npm run blocked [-- --keys N] [--only NAME]`: for how long a checkpoint of a million keys blocks the
 * event loop, and what each checkpoint writes.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay, PerformanceObserver } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import {
  count,
  dedupe,
  type EventStream,
  eventTimeWindow,
  idempotentSink,
  job,
  type Store,
  session,
  tumbling,
  watermark,
} from 'tidemark';
import { fileStore } from 'tidemark/files';
import { memoryStore } from 'tidemark/memory';
import { machine } from '../bench/figures.js';
import { Batches, type Keyed } from './source.js';

const MUST_MS = 50;
const ROUNDS = 3;
const CHANGES = 10_000;
const NEVER = '1000d';
const HUGE = 1e9;

const key = (e: Keyed) => e.key;
const aggregate = { n: count() };
const row = (r: any) => ({ value: r.value?.n ?? 0 });
const states: Record<string, (in$: EventStream<Keyed>) => EventStream<any>> = {
  windows: (in$) =>
    in$.pipe(eventTimeWindow({ id: 'state', key, window: tumbling('1000d'), aggregate })),
  sessions: (in$) =>
    in$.pipe(eventTimeWindow({ id: 'state', key, window: session('1000d'), aggregate })),
  // one window after it, so that no rows wait for the checkpoint
  dedupe: (in$) =>
    in$.pipe(
      dedupe({ id: 'state', key, within: '1000d', maxKeys: HUGE }),
      eventTimeWindow({ id: 'all', key: () => 'all', window: tumbling('1000d'), aggregate }),
    ),
};

const stores: Record<string, (dir: string) => Store | Promise<Store>> = {
  memory: () => memoryStore(),
  file: (dir) => fileStore({ dir: join(dir, 'store') }),
};

interface Line {
  readonly what: string;
  readonly pieces: number;
  readonly bytes: number;
  readonly longestMs: number;
  readonly gcMs: number;
}

/* The longest turn since the last look, and the longest pause of the garbage collector. */
class Watch {
  private readonly delay = monitorEventLoopDelay({ resolution: 1 });
  private gc = 0;
  private readonly observer = new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) this.gc = Math.max(this.gc, duration);
  });

  constructor() {
    this.delay.enable();
    this.observer.observe({ entryTypes: ['gc'] });
  }

  take(): { longestMs: number; gcMs: number } {
    const longestMs = this.delay.max / 1e6;
    this.delay.reset();
    const { gc } = this;
    this.gc = 0;
    return { longestMs, gcMs: gc };
  }

  end(): void {
    this.delay.disable();
    this.observer.disconnect();
  }
}

async function measure(state: string, store: Store, keys: number): Promise<Line[]> {
  const source = new Batches(keys);
  const table = store.table('results', { key: ['start', 'key'] });
  const made = job({
    id: 'blocked',
    checkpoints: store.checkpoints(),
    every: '5s',
    everyEvents: HUGE,
    topology: (t) => {
      const in$ = t
        .source(source)
        .pipe(watermark({ id: 'time', timestamp: (e: Keyed) => e.at, outOfOrderness: NEVER }));
      const out$ = (states[state] as (typeof states)[string])(in$);
      t.sink(
        out$.pipe(
          idempotentSink({
            id: 'sink',
            store: table,
            key: (r) => [r.window?.start ?? 0, String(r.key)],
            row,
          }),
        ),
      );
    },
  });
  const running = made.run();
  running.catch(() => {});
  const watch = new Watch();
  const lines: Line[] = [];
  let before = { chunks: 0, bytes: 0 };
  const note = (what: string) => {
    const { written } = made.status();
    const [pieces, bytes] = [written.chunks - before.chunks, written.bytes - before.bytes];
    lines.push({ what, pieces, bytes, ...watch.take() });
    before = written;
  };
  for (let round = 0; round <= ROUNDS; round++) {
    source.allow(round === 0 ? keys : CHANGES);
    while (!source.done) await sleep(5);
    note('(events)');
    const { checkpoint } = made.status();
    while (made.status().checkpoint === checkpoint) await sleep(5);
    note(round === 0 ? `${keys} keys` : `${CHANGES} changes`);
  }
  watch.end();
  await made.stop();
  await running;
  return lines;
}

async function run(keys: number, only: string | undefined): Promise<number> {
  const root = fileURLToPath(new URL('../../..', import.meta.url));
  for (const line of machine(root, [])) console.log(line);
  let longest = 0;
  for (const storeName of Object.keys(stores)) {
    for (const state of Object.keys(states)) {
      const name = `${state} ${storeName}`;
      if (only !== undefined && !name.includes(only)) continue;
      const dir = mkdtempSync(join(tmpdir(), 'tidemark-blocked-'));
      const store = await (stores[storeName] as (typeof stores)[string])(dir);
      console.log(
        `\n${name}\n${['', 'pieces', 'KiB', 'longest turn ms', 'longest gc ms'].map((s) => s.padStart(18)).join('')}`,
      );
      for (const { what, pieces, bytes, longestMs, gcMs } of await measure(state, store, keys)) {
        if (pieces > 0) longest = Math.max(longest, longestMs);
        const cells = [
          what,
          pieces,
          Math.round(bytes / 1024),
          longestMs.toFixed(1),
          gcMs.toFixed(1),
        ];
        console.log(cells.map((cell) => String(cell).padStart(18)).join(''));
      }
      await store.close();
      rmSync(dir, { recursive: true });
    }
  }
  const kept = longest <= MUST_MS;
  console.log(
    `\nlongest turn of a checkpoint ${longest.toFixed(1)} ms, must be at most ${MUST_MS}: ${kept ? 'yes' : 'NO'}`,
  );
  return kept ? 0 : 1;
}

const { values } = parseArgs({
  options: { keys: { type: 'string', default: '1000000' }, only: { type: 'string' } },
});
process.exitCode = await run(Number(values.keys), values.only);
