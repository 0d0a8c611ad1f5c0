/** The results of a run: final tables and counts into files, and what a person sees at the end. */
import { formatInstant } from 'tidemark';
import type { TableStore } from 'tidemark/memory';
import { STANDARD } from './paths.js';
import type { Program, TableSpec } from './program.js';
import { summaryText, tableText } from './screen.js';
import type { Summary } from './summary.js';
import { type Streams, writeRows } from './writers.js';

export interface Results {
  readonly program: Program;
  /** The tables of the program, in its order. */
  readonly tables: readonly TableStore[];
  readonly summary: Summary;
  readonly streams: Streams;
}

/** Writes each table that has a file, row by row in key order, and the counts. */
export async function writeResults({ program, tables, summary, streams }: Results): Promise<void> {
  for (const [i, spec] of program.tables.entries()) {
    const table = tables[i];
    if (spec.path !== undefined && table !== undefined) {
      await writeRows(spec.path, rowsOf(spec, table), streams.stdout);
    }
  }
  const path = program.options.summary;
  if (path !== undefined) await writeRows(path, one(summary), streams.stdout);
}

/** Prints the counts and the first rows; not to standard output if results go there. */
export async function showResults({ program, tables, summary, streams }: Results): Promise<void> {
  const screen = writesTo(program, STANDARD) ? streams.stderr : streams.stdout;
  const [[spec], [table]] = [program.tables, tables];
  if (spec === undefined || table === undefined) return;
  const text = await tableText(rowsOf(spec, table), summary.rows);
  screen.write(`${summaryText(summary)}\n${spec.name}\n${text}`);
}

/** Whether some output goes there. */
export function writesTo({ options, tables }: Program, path: string): boolean {
  const { summary, rejected, late } = options;
  return [summary, rejected, late, ...tables.map((t) => t.path)].includes(path);
}

/* A row of the output has every column, in the order of the table's description. */
async function* rowsOf({ config }: TableSpec, table: TableStore): AsyncGenerator<object> {
  const names = Object.keys(config.columns);
  if (config.audit !== undefined) names.push(config.audit);
  for await (const row of table.rows()) {
    yield Object.fromEntries(names.map((name) => [name, plain(row[name])]));
  }
}

async function* one(row: object): AsyncGenerator<object> {
  yield row;
}

/* JSON has neither whole numbers beyond 2^53 nor dates: those become text, as ISO 8601. */
function plain(value: unknown): unknown {
  if (value instanceof Date) return formatInstant(value.getTime());
  return typeof value === 'bigint' ? String(value) : (value ?? null);
}
