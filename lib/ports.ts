/** Ports: what the foundation asks of an outside world. Adapters fill them; nothing here does I/O. */
import type { Key } from './key.js';
import type { Position } from './sourcePort.js';

export type { Position, Reader, Source, SourceOutput } from './sourcePort.js';

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

/** What a batch did; each of its rows is either written or ignored. */
export interface UpsertResult {
  /** First rows, rows of a higher order, also of the same content, rows of equal order and other content, deletes of a row. */
  readonly written: number;
  /** Rows of a lower order, the same row again at its order, deletes that find no row or a higher one. */
  readonly ignored: number;
  /** Those of `written` that met another content of equal order: the later arrival won. */
  readonly conflicts: number;
}

/**
 * A keyed table. Rejects with `StoreError`: kind `'connection'` is worth another try of the same
 * batch; kind `'refused'` means that some row of it will never be taken, and that none was; kind
 * `'unusable'` that the table is at fault: none was taken, and a job stops.
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
  /**
   * A batch is applied whole or not at all, its rows in order: keys that differ may be one key in the
   * columns (1 and '1' in one of text), and what comes of them is as if each row came alone.
   */
  upsert(batch: readonly Upsert[]): Promise<UpsertResult>;
  /** Frees tombstones of deletes at or before this event time. */
  forget?(timestamp: number): Promise<void>;
  /**
   * Deletes rows whose event time is at or before this one, without tombstones, and frees tombstones
   * as `forget` does; gives how many rows. Rows that no sink has written stay.
   */
  expire?(timestamp: number): Promise<number>;
  /** What takes rows after the checkpoint that they are part of, where the checkpoints are elsewhere. */
  readonly outbox?: OutboxTarget;
}

/** Whose rows an outbox holds: those of one sink, by its operator id. */
export interface OutboxOwner {
  readonly job: string;
  readonly task: string;
  readonly sink: string;
}

/** Rows of one checkpoint, in order; the first has the number `i` within it. */
export interface OutboxBatch {
  readonly owner: OutboxOwner;
  readonly epoch: number;
  readonly n: number;
  readonly i: number;
  readonly rows: readonly Upsert[];
}

/** The run that fences a table. */
export interface OutboxRun {
  /**
   * The n that it goes on from: places above it that were taken before, by checkpoints that are
   * lost, will come with other rows, which a target that cannot overwrite has to take.
   */
  readonly from: number;
  /** An integer >= 0, drawn at random: an epoch that is given out twice has two marks. */
  readonly mark: number;
}

/** `fencedBy`: the epoch that the table has, not lower than the one that fences. */
export type FenceAnswer = 'ok' | { readonly fencedBy: number };

export type OutboxAnswer =
  | { readonly outcome: 'ok'; readonly result: UpsertResult }
  | { readonly outcome: 'duplicate' }
  /** `fencedBy`: the first batch of a run says what its fence could not, where that did not reach the target. */
  | { readonly outcome: 'fenced'; readonly fencedBy?: number };

/**
 * Takes rows in the order of (epoch, n, i), each position once: it is kept in the same write as the
 * rows, so that a batch may be sent again when its answer was lost, and one that comes too late does nothing.
 */
export interface OutboxTarget {
  /**
   * From now on a lower epoch of this owner is refused. Refused itself, and without effect, where a
   * higher epoch was here, or the same one of another run: two runs never share a position. The same
   * fence may come again until the first batch; after that it is refused too.
   */
  fence(owner: OutboxOwner, epoch: number, run?: OutboxRun): Promise<FenceAnswer>;
  /** Writes those rows that are above the position it has, whole or not at all. */
  apply(batch: OutboxBatch): Promise<OutboxAnswer>;
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
  /**
   * The rows in key order, text by code point (surrogates, lone ones too, after all others), without
   * hidden columns; not held in memory at once.
   */
  rows(): AsyncIterable<Row>;
  count(): Promise<number>;
}

/** A place for tables and checkpoints that share one transaction. */
export interface Store {
  table(name: string, config: TableConfig): TableStore;
  checkpoints(): CheckpointStore;
  close(): Promise<void>;
}

export interface Checkpoint {
  readonly n: number;
  readonly positions: ReadonlyMap<string, Position>;
  /** State by operator id, those without pieces too. */
  readonly state: ReadonlyMap<string, EncodedChunks>;
  /** The input is finished and everything has fired: no new input is accepted. */
  readonly drained: boolean;
}

/** What `acquire` gives the new owner. */
export interface Ownership {
  readonly epoch: number;
  readonly checkpoint: Checkpoint | undefined;
  /** The newest checkpoint was damaged: one sentence with its number, “damaged”, and that of the one the job goes on from. */
  readonly fallback?: string;
}

/** The state of one operator by chunk, each encoded by the codec. */
export type EncodedChunks = ReadonlyMap<string, Uint8Array>;

export interface PieceName {
  readonly operator: string;
  readonly chunk: string;
}

/** One encoded chunk of the state of one operator. */
export interface Piece extends PieceName {
  readonly bytes: Uint8Array;
}

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
  /** The n before it; the store answers `'gap'` if its own is another, or if `n` is not above it. */
  readonly prev: number;
  /** Of every source; one that is not named has none any more. */
  readonly positions: ReadonlyMap<string, Position>;
  /** Every operator of the job, those without pieces too. */
  readonly operators: readonly string[];
  /** Pieces that are new, or other than in the checkpoint before. */
  readonly changed: readonly Piece[];
  /** Pieces of the checkpoint before that are gone. */
  readonly dropped: readonly PieceName[];
  /** How many pieces the checkpoint has in all: one that has fewer when it is read is damaged. */
  readonly pieces: number;
  readonly rows: readonly SinkRows[];
  readonly drained: boolean;
  /** Configuration of the topology: a restore with another one is refused. */
  readonly fingerprint: string;
}

/**
 * What became of a commit; but for `'ok'` nothing has changed. Looked at in this order: `'fenced'`, its
 * epoch is not that of the newest owner, or nobody has acquired the task; `'duplicate'`, its `n` is the
 * newest; `'gap'`, its `prev` is not the newest, or its `n` is lower.
 */
export type CommitAnswer =
  | { readonly outcome: 'ok'; readonly results: readonly UpsertResult[] }
  | { readonly outcome: 'duplicate' | 'fenced' | 'gap' };

/** A claim of one owner on a task; `holder` names it, and no other that lives. */
export interface LeaseClaim {
  readonly job: string;
  readonly task: string;
  readonly holder: string;
}

export type LeaseAnswer =
  | { readonly taken: true }
  | { readonly taken: false; readonly holder: string; readonly leftMs: number };

/** Who works on a task, for as long as it says so. Politeness: what keeps owners apart is the epoch. */
export interface LeaseStore {
  /** Takes a lease that is free, expired by the store's clock, or the holder's own, which renews it. */
  take(claim: LeaseClaim & { readonly ttlMs: number }): Promise<LeaseAnswer>;
  /** Gives up the holder's own lease; that of another stays. */
  release(claim: LeaseClaim): Promise<void>;
}

/**
 * Keeps checkpoints: state, positions, epoch and class A rows in one atomic write. A durable store
 * keeps the newest and the one before.
 */
export interface CheckpointStore {
  readonly name: string;
  readonly transaction: object;
  /**
   * Takes the job over: raises the epoch, so that the owner before can write nothing more.
   * @param fingerprint the configuration that the checkpoint must be of; any where undefined
   * @throws JobError when there is a checkpoint that cannot be restored: of another fingerprint (it names
   * both), of a newer format (it names both), damaged (it says so); then nothing is taken over
   */
  acquire(job: string, task: string, fingerprint: string | undefined): Promise<Ownership>;
  /** Rejects with `StoreError`; after kind `'connection'` the outcome is unknown until `lastCommitted` says. */
  commit(commit: Commit): Promise<CommitAnswer>;
  /** Epoch and newest n as the store has them now; 0 and 0 where it knows no such task. */
  lastCommitted(job: string, task: string): Promise<{ readonly epoch: number; readonly n: number }>;
  /** The newest checkpoint that can be restored, of any configuration; takes nothing over. */
  read(job: string, task: string): Promise<Checkpoint | undefined>;
  /** Where there is none, whoever comes last takes over. */
  readonly leases?: LeaseStore;
}
