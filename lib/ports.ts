/** Ports: what the foundation asks of an outside world. Adapters fill them; nothing here does I/O. */
import type { Chunks, Data } from './element.js';
import type { Key } from './key.js';

/** A clock for arrival time; RxJS schedulers are clocks. */
export interface Clock {
  now(): number;
}

/** A row as a store sees it: column name to plain data. */
export type Row = Readonly<Record<string, unknown>>;

/** One effect on a keyed table. Its order is (`revision`, `timestamp`); a lower one never overwrites a higher. */
export interface Upsert {
  readonly op: 'upsert' | 'delete';
  readonly key: readonly Key[];
  /** Columns besides the key; none for a delete. */
  readonly row: Row;
  readonly revision: readonly number[];
  readonly timestamp: number;
}

/** What a batch did. `written` counts rows that changed, `ignored` those that were not newer, or the same. */
export interface UpsertResult {
  readonly written: number;
  readonly ignored: number;
  /** Equal order, other content: the later arrival won. */
  readonly conflicts: number;
}

/**
 * A keyed table. Rejects with `StoreError`: kind `'connection'` is worth another try of the same
 * batch; kind `'refused'` means that some row of it will never be taken, and that none was.
 */
export interface SinkStore {
  /** How the table is called in messages, stats and checkpoints. */
  readonly name: string;
  /**
   * What rows and checkpoints share one transaction through; the same object as that of the
   * checkpoint store makes the sink class A.
   */
  readonly transaction: object;
  /** The key columns, where the table has names for them: a value that is its own row leaves them out. */
  readonly keyColumns?: readonly string[];
  /** Keys within one batch are distinct; a batch is applied whole or not at all. */
  upsert(batch: readonly Upsert[]): Promise<UpsertResult>;
  /** Frees tombstones of deletes at or before this event time. */
  forget?(timestamp: number): Promise<void>;
}

/** How a table is laid out. */
export interface TableConfig {
  /** Columns that make up the key, in the order of the parts of `Upsert.key`; at least one. */
  readonly key: readonly string[];
  /** A column that is set to the arrival time of a write, only when the write changes the row. */
  readonly audit?: string;
  /**
   * Types by column, key and other, in the words of Postgres (`text`, `int8`, `float8`, `bool`,
   * `timestamptz`, `jsonb`, ...): the table is created where there is none, and a row that leaves
   * a column out has null there. Times are epoch ms, `Date` or RFC 3339 when written, `Date` when
   * read. Without types, the table of a database must exist, and memory keeps what it is given.
   */
  readonly columns?: Readonly<Record<string, string>>;
}

/** A keyed table that can also be read back. */
export interface TableStore extends SinkStore {
  /** Creates or checks the table; called by the first use where nobody called it. */
  open(): Promise<void>;
  /** The rows in key order, text by code point, without hidden columns; not held in memory at once. */
  rows(): AsyncIterable<Row>;
  count(): Promise<number>;
}

/** A place for tables and checkpoints that share one transaction. */
export interface Store {
  table(name: string, config: TableConfig): TableStore;
  checkpoints(): CheckpointStore;
  close(): Promise<void>;
}

/** A read position of a source, plain data; it means what the source says. */
export type Position = Data;

export interface Checkpoint {
  readonly n: number;
  readonly positions: ReadonlyMap<string, Position>;
  /** State by operator id. */
  readonly state: ReadonlyMap<string, Chunks>;
  /** The input is finished and everything has fired: no new input is accepted. */
  readonly drained: boolean;
}

/** What `acquire` gives the new owner. */
export interface Ownership {
  readonly epoch: number;
  readonly checkpoint: Checkpoint | undefined;
}

/** The state of one operator by chunk, each encoded by the codec in the turn of the barrier. */
export type EncodedChunks = ReadonlyMap<string, Uint8Array>;

/** Rows of a class A sink, written with the checkpoint. */
export interface SinkRows {
  readonly store: SinkStore;
  readonly rows: readonly Upsert[];
}

export interface Commit {
  readonly job: string;
  readonly task: string;
  readonly epoch: number;
  readonly n: number;
  /** The n before it; the store answers `'gap'` if its own is another. */
  readonly prev: number;
  readonly positions: ReadonlyMap<string, Position>;
  /** State by operator id. */
  readonly state: ReadonlyMap<string, EncodedChunks>;
  readonly rows: readonly SinkRows[];
  readonly drained: boolean;
  /** Configuration of the topology: a restore with another one is refused. */
  readonly fingerprint: string;
}

export type CommitAnswer =
  | { readonly outcome: 'ok'; readonly results: readonly UpsertResult[] }
  | { readonly outcome: 'duplicate' | 'fenced' | 'gap' };

/** Keeps checkpoints: state, positions, epoch and class A rows in one atomic write. */
export interface CheckpointStore {
  readonly name: string;
  readonly transaction: object;
  /** Takes the job over: raises the epoch, so that the owner before can write nothing more. */
  acquire(job: string, task: string, fingerprint: string): Promise<Ownership>;
  /** Rejects with `StoreError`; after kind `'connection'` the outcome is unknown until `lastCommitted` says. */
  commit(commit: Commit): Promise<CommitAnswer>;
  /** State written by this object so far; chunks that did not change are not written. */
  readonly written?: { readonly chunks: number; readonly bytes: number };
  /** Epoch and newest n as the store has them now; 0 and 0 where it knows no such task. */
  lastCommitted(job: string, task: string): Promise<{ readonly epoch: number; readonly n: number }>;
}

/** Where a source emits; one turn an event. */
export interface SourceOutput<T> {
  event(value: T, split?: string): void;
  /** All splits that this source has. */
  declare(splits: readonly string[]): void;
  /** Nothing more will come: W = +∞. */
  finished(): void;
  failed(thrown: unknown): void;
}

/**
 * A running source. It emits only between `resume` and `pause`; after `pause` returns, nothing is
 * emitted, not even the rest of the chunk in work. `position` is exact in every turn: it covers
 * the event being emitted and those before it, no other.
 */
export interface Reader {
  position(): Position;
  pause(): void;
  resume(): void;
  close(): Promise<void>;
}

/** A replayable source with stable positions. */
export interface Source<T> {
  readonly name: string;
  /** Starts paused, at `position`, or at the beginning where undefined. */
  open(position: Position | undefined, out: SourceOutput<T>): Reader;
  /** Whether there is input after this position; asked only of a job that has ended. */
  more?(position: Position | undefined): Promise<boolean>;
}
