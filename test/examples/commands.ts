/** Runs a command in this process and gives back what it wrote: exit code, streams, tables, counts. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import type { Stop } from '../../examples/main/program.js';
import type { Streams } from '../../examples/main/writers.js';

export type Rows = Record<string, unknown>[];
type Main = (argv: readonly string[], streams: Streams, stop?: Stop) => Promise<number>;

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export async function ran(main: Main, argv: readonly string[], stdin = ''): Promise<Ran> {
  const texts = { stdout: '', stderr: '' };
  const collect = (name: 'stdout' | 'stderr') =>
    new Writable({
      write(chunk, _, done) {
        texts[name] += String(chunk);
        done();
      },
    });
  const streams: Streams = {
    stdin: Readable.from(stdin === '' ? [] : [Buffer.from(stdin)]),
    stdout: collect('stdout'),
    stderr: collect('stderr'),
  };
  const code = await main(argv, streams);
  return { code, ...texts };
}

/** The rows of an NDJSON file, without the time of their writing. */
export function rowsOf(folder: string, name: string): Rows {
  return ndjson(readFileSync(join(folder, name), 'utf8'));
}

export function ndjson(text: string): Rows {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const { last_updated, ...row } = JSON.parse(line) as Record<string, unknown>;
      if (last_updated !== undefined && !/^\d{4}-.*Z$/.test(String(last_updated))) {
        throw new Error(`last_updated is ${last_updated}`);
      }
      return row;
    });
}

/** Equal row by row and column by column, in one order; sums and means within 1e-9. */
export function expectTable(got: Rows, expected: Rows): void {
  expect(exact(got)).toBe(exact(expected));
  for (const name of ['sum', 'mean']) {
    const off = expected.findIndex((row, i) => !isClose(got[i]?.[name], row[name]));
    expect([name, got[off], expected[off]]).toEqual([name, undefined, undefined]);
  }
}

/* As text: `toEqual` takes seconds for ten thousand rows. */
function exact(rows: Rows): string {
  return rows.map((row) => JSON.stringify({ ...row, sum: 0, mean: 0 })).join('\n');
}

function isClose(a: unknown, b: unknown): boolean {
  if (typeof a !== 'number' || typeof b !== 'number') return a === b;
  return Math.abs(a - b) <= 1e-9 * Math.max(1, Math.abs(b));
}
