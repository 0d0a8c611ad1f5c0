/**
 * One slice of the rows of a join, and how it is saved: a log of rows that came, and of outer rows that
 * met another. Memory: the rows, and those that came after the newest capture; nothing before the first.
 */
import type { Data } from './chunks.js';
import type { WindowBounds } from './element.js';
import type { KeyId } from './key.js';
import { type PagedLog, type Rows, rowsWithin } from './pagedLog.js';

/** What a row has besides its time and value. */
export class RowRecord {
  matched = false;

  /** @param arrival orders outer rows of one timestamp across keys */
  constructor(
    readonly timestamp: number,
    readonly value: unknown,
    readonly revision: readonly number[] | undefined,
    readonly replaces: readonly WindowBounds[] | undefined,
    readonly arrival: number,
  ) {}
}

/** Three slots a row: its time since the start of the slice, a small integer where a timestamp is a
   boxed double; its value; its record or undefined. */
export type SliceRows = unknown[];
export const STRIDE = 3;

/** In a snapshot; revision and replaced windows where there is one. */
export type SavedRow = readonly [
  key: KeyId,
  timestamp: number,
  value: unknown,
  matched: boolean,
  arrival: number,
  revision?: readonly number[] | undefined,
  replaces?: readonly WindowBounds[] | undefined,
];
/* An outer row that was saved before has met another. */
type SavedMatch = readonly [arrival: number];

/* What came, four slots a row: key, timestamp, value, record; without a key: the record was matched. */
const NEWS = 4;

export class JoinSlice {
  readonly byKey = new Map<KeyId, SliceRows>();
  private rows = 0;
  private news: unknown[] = [];

  constructor(
    readonly start: number,
    private readonly log: PagedLog,
  ) {}

  /** A row was put into `byKey`. */
  added(id: KeyId, timestamp: number, value: unknown, record: RowRecord | undefined): void {
    this.rows++;
    if (this.log.begun) this.news.push(id, timestamp, value, record);
  }

  /** A row of it was matched. */
  matched(record: RowRecord): void {
    if (this.log.begun) this.news.push(undefined, 0, undefined, record);
  }

  save(chunks: Map<string, Data>): void {
    this.log.save(
      chunks,
      rowsWithin(
        this.rows,
        () => this.each(),
        (row) => row,
      ),
      newRows(this.news),
    );
    this.news = [];
  }

  /** Puts the rows of a capture in, in the order in which they came. */
  restore(pages: readonly Data[], put: (row: SavedRow) => void): void {
    const rows = pages.flat() as (SavedRow | SavedMatch)[];
    const matched = new Set<number>();
    for (const row of rows) if (row.length === 1) matched.add(row[0]);
    for (const row of rows) {
      if (row.length === 1) continue;
      const [id, timestamp, value, , arrival, ...rest] = row;
      put(matched.has(arrival) ? [id, timestamp, value, true, arrival, ...rest] : row);
      this.rows++;
    }
  }

  private *each(): Generator<SavedRow> {
    for (const [id, rows] of this.byKey) {
      for (let i = 0; i < rows.length; i += STRIDE) {
        yield savedRow(id, this.start + (rows[i] as number), rows[i + 1], rows[i + 2]);
      }
    }
  }
}

function newRows(news: readonly unknown[]): Rows {
  const read = (from: number, to: number): Data => {
    const rows: (SavedRow | SavedMatch)[] = [];
    for (let i = from * NEWS; i < to * NEWS; i += NEWS) {
      const id = news[i] as KeyId | undefined;
      const record = news[i + 3];
      if (id === undefined) rows.push([(record as RowRecord).arrival]);
      else rows.push(savedRow(id, news[i + 1] as number, news[i + 2], record));
    }
    return rows;
  };
  return { length: news.length / NEWS, read };
}

function savedRow(id: KeyId, timestamp: number, value: unknown, record: unknown): SavedRow {
  if (!(record instanceof RowRecord)) return [id, timestamp, value, false, 0];
  const { matched, arrival, revision, replaces } = record;
  return revision === undefined && replaces === undefined
    ? [id, timestamp, value, matched, arrival]
    : [id, timestamp, value, matched, arrival, revision, replaces];
}
