/** A commit as records of bounded size: parts, and at last the entry that makes them count. */
import { CHECKPOINT_FORMAT } from '../checkpointRules.js';
import type { CheckedRows } from '../keptRows.js';
import type { Commit, Piece } from '../ports.js';
import { SLICE_ROWS } from '../turns.js';
import { type PartEntry, type PieceName, packRows } from './entry.js';
import type { Part, Parts } from './log.js';
import type { LogTable } from './table.js';

/** Checked rows of one sink. */
export interface Rows {
  readonly table: LogTable;
  readonly rows: CheckedRows;
}

/** What one record takes of pieces; a larger one has a record of its own. */
const PART_BYTES = 2 ** 20;
/** What one record takes of rows, as far as the record before tells; and how many the first one takes. */
const ROW_BYTES = 2 ** 18;
const FIRST_ROWS = 50;

/** The records of a commit; few rows are part of the last one. */
export function* commitRecords(commit: Commit, sinks: readonly Rows[]): Parts {
  const { job, task, epoch, n } = commit;
  let parts = 0;
  const part = (what: Pick<PartEntry, 'changed' | 'rows'>, pieces: readonly Uint8Array[]): Part => {
    return { entry: { kind: 'part', job, task, epoch, n, i: parts++, ...what }, pieces };
  };
  const pages = [...pagesOf(commit.changed)];
  const last = pages.pop() ?? [];
  for (const page of pages) yield part({ changed: namesOf(page) }, bytesOf(page));
  const few = sinks.reduce((sum, { rows }) => sum + rows.size, 0) <= SLICE_ROWS;
  const raw = bytesOf(last);
  const tables = [];
  for (const [sink, { table, rows }] of sinks.entries()) {
    tables.push(table.pack(few ? rows.values() : [], raw));
    if (few) continue;
    const all = [...rows.values()];
    for (let from = 0, size = FIRST_ROWS; from < all.length; ) {
      const own: Uint8Array[] = [];
      const some = all.slice(from, from + size);
      from += size;
      const length = yield part({ changed: [], rows: { sink, write: packRows(some, own) } }, own);
      size = Math.max(1, Math.min(SLICE_ROWS, Math.floor((some.length * ROW_BYTES) / length)));
    }
  }
  return { entry: { ...entryOf(commit), parts, changed: namesOf(last), tables }, pieces: raw };
}

function entryOf(commit: Commit) {
  const { job, task, epoch, n, prev, positions, fingerprint, drained, operators } = commit;
  return {
    kind: 'commit' as const,
    ...{ job, task, epoch, n, prev, positions, fingerprint, drained, pieces: commit.pieces },
    format: CHECKPOINT_FORMAT,
    operators,
    dropped: commit.dropped.map(({ operator, chunk }) => [operator, chunk] as const),
  };
}

function* pagesOf(pieces: readonly Piece[]): Generator<readonly Piece[]> {
  let page: Piece[] = [];
  let size = 0;
  for (const piece of pieces) {
    if (size > 0 && size + piece.bytes.length > PART_BYTES) {
      yield page;
      [page, size] = [[], 0];
    }
    page.push(piece);
    size += piece.bytes.length;
  }
  yield page;
}

function namesOf(pieces: readonly Piece[]): PieceName[] {
  return pieces.map(({ operator, chunk, bytes }) => [operator, chunk, bytes.length]);
}

function bytesOf(pieces: readonly Piece[]): Uint8Array[] {
  return pieces.map(({ bytes }) => bytes);
}
