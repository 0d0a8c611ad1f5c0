/**
 * `npm run blocked [-- --keys N] [--runs N] [--only NAME]`: for how long the work of a checkpoint of a
 * million keys blocks the event loop. A turn counts where it lies between the end of the events and a
 * durable checkpoint, without its garbage collections and what other processes had; of several runs the best, as neighbours only add.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { setPriority, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { Job, Store } from 'tidemark';
import { machine } from '../bench/figures.js';
import { jobOf, states, stores } from './cells.js';
import { Batches } from './source.js';
import { type Turns, Watch } from './watch.js';

const MUST_MS = 50;
const ROUNDS = 2;
const CHANGES = 10_000;
const ROWS = 100_000;
const LINE = ['', 'pieces', 'KiB', 'rows', 'longest ms', 'own ms', 'p99'];

interface Line extends Turns {
  readonly what: string;
  readonly pieces: number;
  readonly bytes: number;
  readonly rows: number;
  /** Work of a checkpoint: it counts. */
  readonly counts: boolean;
}

async function measure(state: string, store: Store, keys: number): Promise<Line[]> {
  const first = state === 'rows' ? ROWS : keys;
  const more = state === 'rows' ? ROWS : CHANGES;
  const watch = new Watch();
  const lines: Line[] = [];
  const source = new Batches(keys, first);
  const made = jobOf(state, store, source);
  const running = made.run();
  running.catch(() => {});
  let before = { chunks: 0, bytes: 0 };
  const note = async (what: string, counts: boolean, until?: number) => {
    const { written } = made.status();
    const [pieces, bytes] = [written.chunks - before.chunks, written.bytes - before.bytes];
    const rows = counts && state === 'rows' ? ROWS : 0;
    lines.push({ what, pieces, bytes, rows, counts, ...(await watch.take(until)) });
    before = written;
  };
  for (let round = 0; round <= ROUNDS; round++) {
    source.allow(round === 0 ? first : more);
    const { checkpoint } = made.status();
    while (!source.done) await sleep(5);
    await note('(events)', false, source.lastAt);
    while (made.status().checkpoint === checkpoint) await sleep(5);
    await note(`checkpoint ${round + 1}`, true);
  }
  await made.stop();
  await running;
  const again = new Batches(keys, first);
  lines.push(await restored(jobOf(state, store, again), { source: again, watch }));
  watch.end();
  return lines;
}

interface Restored {
  readonly source: Batches;
  readonly watch: Watch;
}

/* From `run` until the sources are read. */
async function restored(made: Job, { source, watch }: Restored): Promise<Line> {
  await watch.take();
  const running = made.run();
  running.catch(() => {});
  while (!source.started) await sleep(5);
  const turns = await watch.take();
  await made.stop();
  await running;
  return { what: '(restore)', pieces: 0, bytes: 0, rows: 0, counts: false, ...turns };
}

/* Opens, measures, closes; prints what came. Gives the longest turn of a checkpoint. */
async function cell(storeName: string, state: string, keys: number): Promise<number> {
  const dir = mkdtempSync(join(tmpdir(), 'tidemark-blocked-'));
  try {
    const { store, close } = await (stores[storeName] as (typeof stores)[string])(dir);
    const lines = await measure(state, store, keys);
    await close();
    console.log(`\n${state} ${storeName}\n${columns(LINE)}`);
    for (const { what, pieces, bytes, rows, longestMs, ownMs, p99Ms } of lines) {
      const ms = [longestMs, ownMs, p99Ms].map((n) => n.toFixed(1));
      console.log(columns([what, pieces, Math.round(bytes / 1024), rows, ...ms]));
    }
    return Math.max(...lines.filter(({ counts }) => counts).map(({ ownMs }) => ownMs));
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

function columns(cells: readonly unknown[]): string {
  return cells.map((text) => String(text).padStart(14)).join('');
}

async function run(keys: number, runs: number, only: string | undefined): Promise<number> {
  const root = fileURLToPath(new URL('../../..', import.meta.url));
  for (const line of machine(root, [])) console.log(line);
  const best = new Map<string, number>();
  const left = new Map<string, string>();
  for (let i = 0; i < runs; i++) {
    for (const storeName of Object.keys(stores)) {
      for (const state of Object.keys(states)) {
        const name = `${state} ${storeName}`;
        if (left.has(storeName) || (only !== undefined && !name.includes(only))) continue;
        try {
          best.set(name, Math.min(best.get(name) ?? Infinity, await cell(storeName, state, keys)));
        } catch (thrown) {
          if (storeName !== 'postgres') throw thrown;
          left.set(storeName, String(thrown));
        }
      }
    }
  }
  for (const [name, why] of left) console.log(`\n${name} is left out: ${why}`);
  console.log(
    `\nlongest turn of a checkpoint, its own part, best of ${runs}; at most ${MUST_MS} ms`,
  );
  for (const [name, ms] of best) {
    console.log(columns([name, ms.toFixed(1), ms <= MUST_MS ? 'yes' : 'NO']));
  }
  return [...best.values()].every((ms) => ms <= MUST_MS) ? 0 : 1;
}

const { values } = parseArgs({
  options: {
    keys: { type: 'string', default: '1000000' },
    runs: { type: 'string', default: '2' },
    only: { type: 'string' },
  },
});
// others come first: what they take from this process is no turn of its own
setPriority(10);
process.exitCode = await run(Number(values.keys), Number(values.runs), values.only);
