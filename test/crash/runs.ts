/** What the commands that kill the main job share: how it is run, and how its tables are compared. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

/* The built program, as a user runs it; commands of the package start in its root. */
const cli = join(process.cwd(), 'dist/examples/main/cli.js');

/** Numerical Recipes' generator: the moments of the kills follow from the seed, as far as clocks allow. */
export function random(seed: number): () => number {
  let x = seed | 0;
  return () => {
    x = (Math.imul(x, 1664525) + 1013904223) | 0;
    return (x >>> 0) / 2 ** 32;
  };
}

export function inputOf(seed: number, events: number): readonly string[] {
  const input = { generate: events, seed, 'malformed-share': 0.01, 'dup-share': 0.05 };
  return Object.entries(input).flatMap(([name, value]) => [`--${name}`, String(value)]);
}

export async function reference(
  dir: string,
  seed: number,
  events: number,
): Promise<readonly string[]> {
  const out = join(dir, 'undisturbed.out');
  const child = start([...inputOf(seed, events), '--store', 'memory:', '--out', out]);
  const { code, error } = await ended(child);
  if (code !== 0) throw new Error(`the undisturbed run failed: ${error}`);
  return rowsIn(out);
}

export function start(args: readonly string[], talk: '--quiet' | '' = '--quiet'): ChildProcess {
  const all = [cli, talk, ...args].filter((arg) => arg !== '');
  return spawn(process.execPath, all, { stdio: ['ignore', 'ignore', 'pipe'] });
}

/** A standby, once it has said that it waits; what it prints at its end goes nowhere. */
export async function startStandby(args: readonly string[]): Promise<ChildProcess> {
  const child = start([...args, '--standby'], '');
  let said = '';
  await new Promise<void>((resolve, reject) => {
    child.stderr?.on('data', (text) => {
      said += text;
      if (said.includes('waits as a standby; ')) resolve();
    });
    child.on('close', () => reject(new Error(`the standby ended before it waited: ${said}`)));
  });
  return child;
}

export interface Ended {
  readonly code: number | null;
  readonly signal: string | null;
  readonly error: string;
}

export function ended(child: ChildProcess): Promise<Ended> {
  let error = '';
  child.stderr?.on('data', (text) => {
    error += text;
  });
  return new Promise((resolve) => {
    child.on('close', (code, signal) => resolve({ code, signal, error: error.trim() }));
  });
}

export function sizeOf(path: string): number {
  return existsSync(path) ? statSync(path).size : 0;
}

/* Rows without the time of their writing, which no two runs share. */
export function rowsIn(path: string): readonly string[] {
  const lines = readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '');
  return lines.map((line) => JSON.stringify({ ...JSON.parse(line), last_updated: undefined }));
}

export function compare(
  wanted: readonly string[],
  got: readonly string[],
): { lost: number; doubled: number; wrong: number } {
  const keyOf = (row: string): string => {
    const { window_start, user_id } = JSON.parse(row);
    return `${window_start} ${user_id}`;
  };
  const rows = new Map(wanted.map((row) => [keyOf(row), row]));
  const found = { lost: 0, doubled: 0, wrong: 0 };
  for (const row of got) {
    const key = keyOf(row);
    const expected = rows.get(key);
    if (expected === undefined) found.doubled++;
    else if (expected !== row) found.wrong++;
    rows.delete(key);
  }
  found.lost = rows.size;
  return found;
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
