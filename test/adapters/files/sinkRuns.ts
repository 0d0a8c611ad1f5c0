/** A job's outbox in small, before an NDJSON sink on a simulated disk, and what must be in the files at any time. */
import type { FaultyFiles } from 'tidemark/testing';
import {
  type FileSystem,
  type NdjsonSink,
  type NdjsonSinkConfig,
  ndjsonSink,
  rowOfJson,
} from '../../../adapters/files/index.js';
import type { Upsert } from '../../../lib/ports.js';

export const DIR = '/out';
const owner = { job: 'job', task: '0', sink: 'out' };
/** Rows of a checkpoint, and how many of them go at once. */
const ROWS = 5;
const CUT = 3;

/** What of the job survives a crash of its process: the checkpoint store is elsewhere. */
export interface Told {
  epoch: number;
  /** The newest checkpoint whose rows are known to be applied. */
  applied: number;
  error?: unknown;
  /** Steps that failed without ending the process. */
  failed: number;
  /** Files under their final names, as they were seen. */
  readonly seen: Map<string, string>;
}

export const nothing = (): Told => ({ epoch: 0, applied: 0, failed: 0, seen: new Map() });

/** Something that was promised is not so. */
export class Violation extends Error {}

export function rowsOf(n: number): Upsert[] {
  return Array.from({ length: ROWS }, (_, i) => ({
    ...{ op: 'upsert', key: [n, i], revision: [n], timestamp: n },
    row: { part: (n + i) % 3, pad: 'x'.repeat(5 * i) },
  }));
}

/** A scheduler whose timers never fire: parts roll by rows. */
export const still = { now: () => 7, schedule: () => ({ unsubscribe() {} }) } as never;

export function open(fs: FileSystem, o: Partial<NdjsonSinkConfig> = {}): NdjsonSink {
  const partition = (row: Upsert['row']) => `p${row['part']}`;
  return ndjsonSink({
    ...{ dir: DIR, fs, partition, roll: { rows: 4 }, maxOpen: 2, scheduler: still },
    ...o,
  });
}

/** One life of the process: fences, sends again what may not have been applied, and goes on to the end. */
export async function runSink(fs: FileSystem, told: Told, last: number): Promise<void> {
  await look(fs, told);
  const sink = open(fs);
  const epoch = ++told.epoch;
  await patient(told, async () => {
    check((await sink.outbox.fence(owner, epoch)) === 'ok', 'fenced');
  });
  // a restart may also send what is known to be applied: the checkpoint that drops it was not written
  const from = Math.max(1, told.applied + (epoch % 2));
  for (let n = from; n <= last; n++) {
    const rows = rowsOf(n);
    for (let i = 0; i < ROWS; i += CUT) {
      const batch = { owner, epoch, n, i, rows: rows.slice(i, i + CUT) };
      await patient(told, async () => {
        const { outcome } = await sink.outbox.apply(batch);
        check(outcome !== 'fenced', 'fenced');
        check(
          n > told.applied || outcome === 'duplicate',
          `${n} of ${told.applied} was taken again`,
        );
      });
    }
    told.applied = Math.max(told.applied, n);
  }
  await patient(told, () => sink.finish());
  await sink.close();
  await look(fs, told);
  const wanted = Array.from({ length: last }, (_, k) => rowsOf(k + 1)).flat();
  same((await idsIn(fs)).sort(), wanted.map(idOf).sort(), 'rows');
}

/* A failure that may pass is met as a job meets it: the same is sent again. */
async function patient(told: Told, work: () => Promise<void>): Promise<void> {
  for (;;) {
    try {
      return await work();
    } catch (thrown) {
      const code = ((thrown as Error).cause as { code?: unknown } | undefined)?.code;
      if (code !== 'EIO') throw thrown;
      told.failed++;
    }
  }
}

/** A life that may end anywhere: what the process threw is kept. */
export async function attempt(fs: FileSystem, told: Told, last: number): Promise<void> {
  try {
    await runSink(fs, told, last);
  } catch (thrown) {
    if (thrown instanceof Violation) throw thrown;
    told.error = thrown;
  }
}

/** Runs lives until one comes to the end, then loses the power once more. */
export async function survive(
  files: FaultyFiles,
  last: number,
  as: (right: FileSystem) => FileSystem = (fs) => fs,
): Promise<Told> {
  const told = nothing();
  for (let tries = 0; tries === 0 || told.error !== undefined; tries++) {
    if (tries > 4) throw told.error;
    delete told.error;
    await attempt(as(files.boot()), told, last);
    if (told.error !== undefined) files.crash('killed');
  }
  files.calm();
  files.crash('unsynced lost');
  await runSink(as(files.boot()), told, last);
  return told;
}

/* What a reader sees now: whole lines, none twice, and files that never change. */
async function look(fs: FileSystem, told: Told): Promise<void> {
  const files = await finished(fs);
  const ids = [...files.values()].flatMap(idsOf);
  check(new Set(ids).size === ids.length, `doubled: ${ids}`);
  for (const [path, text] of files) same(text, told.seen.get(path) ?? text, path);
  for (const [path, text] of files) told.seen.set(path, text);
}

/** Files under their final names. */
export async function finished(fs: FileSystem): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const dir of await fs.list(DIR)) {
    for (const name of await fs.list(`${DIR}/${dir}`)) {
      if (!name.endsWith('.ndjson')) continue;
      const file = await fs.open(`${DIR}/${dir}/${name}`);
      found.set(`${dir}/${name}`, Buffer.from(await file.read(0, await file.size())).toString());
    }
  }
  return found;
}

export async function idsIn(fs: FileSystem): Promise<string[]> {
  return [...(await finished(fs)).values()].flatMap(idsOf);
}

function idsOf(text: string): string[] {
  check(text.endsWith('\n'), `half a file: ${text}`);
  return text
    .slice(0, -1)
    .split('\n')
    .map((line) => {
      try {
        return idOf(rowOfJson(line));
      } catch {
        throw new Violation(`half a line: ${line}`);
      }
    });
}

function idOf({ op, key, row, revision, timestamp }: Upsert): string {
  return `${op} ${key} ${revision} ${timestamp} ${row['part']} ${(row['pad'] as string).length}`;
}

function check(holds: boolean, what: string): void {
  if (!holds) throw new Violation(what);
}

function same(got: unknown, wanted: unknown, what: string): void {
  const [a, b] = [got, wanted].map((x) => JSON.stringify(x));
  check(a === b, `${what}: ${a} instead of ${b}`);
}
