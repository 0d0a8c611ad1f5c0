/** Entries of the log: what happened to tasks and tables, and, at its beginning, what they were. */

import type { Effect } from '../keptRows.js';
import type { Ordered } from '../order.js';
import type { OutboxPosition } from '../outboxPosition.js';
import type { Commit, OutboxOwner, TableConfig } from '../ports.js';

/** What a record holds; the bytes of pieces and binary values follow it. */
export type Entry =
  | AcquireEntry
  | PartEntry
  | CommitEntry
  | { readonly kind: 'write'; readonly tables: readonly TableWrite[] }
  | { readonly kind: 'forget'; readonly table: string; readonly timestamp: number }
  | { readonly kind: 'expire'; readonly table: string; readonly timestamp: number }
  /** After damage: an owner whose record was lost must not meet another of its epoch. */
  | { readonly kind: 'fence' }
  | OutboxEntry
  | TaskEntry
  | { readonly kind: 'rows'; readonly table: KeptPage }
  /** The end of what a compaction has written. */
  | { readonly kind: 'base' };

interface TaskName {
  readonly job: string;
  readonly task: string;
}

export interface AcquireEntry extends TaskName {
  readonly kind: 'acquire';
  readonly epoch: number;
}

/** Where an outbox of a table stands, and the rows that brought it there; none for a fence. */
export interface OutboxEntry {
  readonly kind: 'outbox';
  readonly table: string;
  readonly owner: OutboxOwner;
  readonly position: OutboxPosition;
  readonly tables: readonly TableWrite[];
}

/** A piece of state, and how many of the raw bytes are its own. */
export type PieceName = readonly [operator: string, chunk: string, length: number];

type Header = Pick<Commit, 'epoch' | 'n' | 'positions' | 'fingerprint' | 'drained' | 'pieces'>;

/** Pieces or rows that were written before the commit that they are part of; without it they mean nothing. */
export interface PartEntry extends TaskName, Pick<Commit, 'epoch' | 'n'> {
  readonly kind: 'part';
  /** Counts from 0: the first one lets go of parts that no commit followed. */
  readonly i: number;
  readonly changed: readonly PieceName[];
  /** Rows of one of the tables of the commit, which come before those that stand there. */
  readonly rows?: { readonly sink: number; readonly write: KeptPage['write'] };
}

export interface CommitEntry extends TaskName, Header {
  readonly kind: 'commit';
  readonly prev: number;
  /** How many parts went before it. */
  readonly parts: number;
  /** Of the checkpoint, not of the file. */
  readonly format: number;
  readonly operators: readonly string[];
  readonly changed: readonly PieceName[];
  readonly dropped: readonly (readonly [operator: string, chunk: string])[];
  readonly tables: readonly TableWrite[];
}

/** A task as a compaction found it; more pieces of it may follow in further entries. */
export interface TaskEntry extends TaskName, Header {
  readonly kind: 'task';
  readonly format: number;
  readonly operators: readonly string[];
  readonly changed: readonly PieceName[];
}

/** Effects on one table. */
export interface TableWrite {
  readonly name: string;
  readonly layout: TableConfig;
  readonly now: number;
  /** Lists of columns that rows refer to by number. */
  readonly names: readonly (readonly string[])[];
  readonly rows: readonly WrittenRow[];
  readonly binary: readonly Binary[];
}

type WrittenRow = readonly [
  op: 0 | 1,
  key: readonly unknown[],
  names: number,
  values: readonly unknown[],
  revision: readonly number[],
  timestamp: number,
];

/** Where a binary value stands, and how many of the raw bytes are its own; keys come before values. */
type Binary = readonly [row: number, place: number, length: number];

/** Rows of a table as a compaction found them. */
export interface KeptPage {
  readonly name: string;
  readonly layout: TableConfig;
  readonly write: Omit<TableWrite, 'name' | 'layout' | 'now'>;
  /** Arrival times, one a row. */
  readonly written: readonly number[];
  readonly tombstones: readonly (readonly [id: string, order: Ordered])[];
}

/** Effects in the form in which a record keeps them; binary values go to `raw`. */
export function packRows(effects: Iterable<Effect>, raw: Uint8Array[]): KeptPage['write'] {
  const names = new Map<string, number>();
  const binary: Binary[] = [];
  const rows: WrittenRow[] = [];
  let last: readonly string[] | undefined;
  let id = '';
  for (const { upsert, key, names: columns, values } of effects) {
    const all = [...key, ...values];
    for (const [place, value] of all.entries()) {
      if (!(value instanceof Uint8Array)) continue;
      binary.push([rows.length, place, value.length]);
      raw.push(value);
      all[place] = null;
    }
    // the rows of a batch mostly share one list
    if (columns !== last) {
      last = columns;
      id = JSON.stringify(columns);
      if (!names.has(id)) names.set(id, names.size);
    }
    const { op, revision, timestamp } = upsert;
    rows.push([
      op === 'delete' ? 1 : 0,
      all.slice(0, key.length),
      names.get(id) as number,
      all.slice(key.length),
      revision,
      timestamp,
    ]);
  }
  return { names: [...names.keys()].map((id) => JSON.parse(id)), rows, binary };
}

/** Takes raw bytes from the front, one value after the other. */
export class RawBytes {
  private at = 0;
  constructor(private readonly bytes: Uint8Array) {}

  /** A copy: what is kept must not hold on to the whole record. */
  take(length: number): Uint8Array {
    this.at += length;
    return this.bytes.slice(this.at - length, this.at);
  }
}

/** The effects that were packed; `one` gives the one list for equal lists of columns. */
export function unpackRows(
  { names: lists, rows, binary }: KeptPage['write'],
  raw: RawBytes,
  one: (names: readonly string[]) => readonly string[],
): Effect[] {
  const names = lists.map(one);
  const effects = rows.map(([op, key, columns, values, revision, timestamp]) => ({
    upsert: { op: op === 1 ? ('delete' as const) : ('upsert' as const), revision, timestamp },
    key: key as unknown[],
    names: names[columns] ?? [],
    values: values as unknown[],
  }));
  for (const [row, place, length] of binary) {
    const effect = effects[row];
    const { key = [], values = [] } = effect ?? {};
    if (place < key.length) key[place] = raw.take(length);
    else values[place - key.length] = raw.take(length);
  }
  return effects;
}

/** A layout as it is written: without what is undefined. */
export function layoutOf({ key, audit, columns }: TableConfig): TableConfig {
  return {
    key: [...key],
    ...(audit === undefined ? {} : { audit }),
    ...(columns === undefined ? {} : { columns: { ...columns } }),
  };
}
