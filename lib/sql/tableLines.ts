/** Rows on their way into statements: as texts by column, in order of key, in parts of bounded size. */
import type { Column } from '../columns.js';
import type { Prepared } from '../tableLayout.js';
import { SLICE_ROWS, slices } from '../turns.js';
import type { SqlClient } from './client.js';
import { arrayText, toText } from './literals.js';

/** Rows that are sorted in one turn. */
const SORTED = 4000;
/** Rows, and characters, sent in one statement. */
const ROWS = 1000;
const STATEMENT = 2 ** 19;

interface Lines {
  readonly key: readonly Column[];
  readonly values: readonly Column[];
  readonly client: SqlClient;
}

/**
 * The column arrays of each statement of a batch. Sorted by key in every writer, so that two of them never wait for
 * each other in a circle; of a large batch in blocks, so that sorting does not hold the event loop.
 */
export async function* columnArrays(
  group: readonly Prepared[],
  { key, values, client }: Lines,
): AsyncGenerator<string[], void, undefined> {
  for (const block of slices(group, SORTED)) {
    const lines: Line[] = [];
    for (const slice of slices(block, SLICE_ROWS)) {
      if (lines.length > 0) await client.pause?.();
      for (const row of slice) lines.push(lineOf(row, key, values));
    }
    lines.sort((a, b) => compareLines(a, b, key.length));
    const width = key.length + values.length + 2;
    for (const part of bounded(lines)) {
      const column = (i: number) => arrayText(part.map((line) => line[i] ?? null));
      yield Array.from({ length: width }, (_, i) => column(i));
    }
  }
}

type Line = readonly (string | null)[];

function lineOf(row: Prepared, key: readonly Column[], values: readonly Column[]): Line {
  return [
    ...key.map((c, i) => toText(c, row.key[i])),
    ...values.map((c, i) => toText(c, row.values[i])),
    `{${row.upsert.revision.join()}}`,
    String(row.upsert.timestamp),
  ];
}

/* Parts of at most so many rows and characters; a single longer row goes alone. */
function* bounded(lines: readonly Line[]): Generator<readonly Line[]> {
  let from = 0;
  let length = 0;
  for (const [i, line] of lines.entries()) {
    const own = line.reduce((sum, text) => sum + (text?.length ?? 0) + 3, 0);
    if (i > from && (i - from === ROWS || length + own > STATEMENT)) {
      yield lines.slice(from, i);
      from = i;
      length = 0;
    }
    length += own;
  }
  if (from < lines.length) yield lines.slice(from);
}

function compareLines(a: Line, b: Line, parts: number): number {
  for (let i = 0; i < parts; i++) {
    const x = a[i] as string;
    const y = b[i] as string;
    if (x !== y) return x < y ? -1 : 1;
  }
  return 0;
}
