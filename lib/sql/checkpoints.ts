/** Checkpoints in Postgres: state, positions, epoch and rows in one transaction; only what changed is written. */
import {
  CHECKPOINT_FORMAT,
  checkRestorable,
  checkTransaction,
  rejection,
  type TaskRecord,
} from '../checkpointRules.js';
import { ChunkDiff, type Diff, type Piece } from '../chunkDiff.js';
import { decode, encode } from '../codec.js';
import type { Data } from '../element.js';
import { CodecError } from '../errors.js';
import { keyText } from '../key.js';
import type {
  Checkpoint,
  CheckpointStore,
  Commit,
  CommitAnswer,
  Ownership,
  Position,
  UpsertResult,
} from '../ports.js';
import type { Prepared } from '../tableLayout.js';
import { checkpointSql, STATE_PAGE } from './checkpointSql.js';
import { isRefusal, type SqlClient, sqlState, storeError } from './client.js';
import { arrayText, escapeText, unescapeText } from './literals.js';
import type { SqlHome, SqlTable } from './table.js';

const utf8 = new TextEncoder();
const text = new TextDecoder('utf-8', { fatal: true });
/** State sent in one statement, in bytes; a single larger piece goes alone. */
const BATCH_BYTES = 4 * 2 ** 20;

/* What the row of a task holds besides numbers; operators without state are named here only. */
interface Header {
  readonly positions: ReadonlyMap<string, Position>;
  readonly operators: readonly string[];
}

interface HeldRow extends TaskRecord {
  readonly positions: string;
  readonly drained: boolean;
}

interface Sink {
  readonly table: SqlTable;
  readonly rows: readonly Prepared[];
}

export class SqlCheckpoints implements CheckpointStore {
  readonly name: string;
  readonly transaction: object;
  readonly written = { chunks: 0, bytes: 0 };
  private readonly sql;
  private readonly held = new Map<string, ChunkDiff>();
  private opening: Promise<void> | undefined;

  constructor(private readonly home: SqlHome) {
    this.name = `${home.schema}.tidemark_checkpoint`;
    this.transaction = home.transaction;
    this.sql = checkpointSql(home.schema);
  }

  async acquire(job: string, task: string, fingerprint: string): Promise<Ownership> {
    await this.open();
    const id = [escapeText(job), escapeText(task)];
    const pieces: Piece[] = [];
    const owned = await this.home.client
      .transaction(async (tx) => {
        const first = [...id, headerText(new Map(), []), String(CHECKPOINT_FORMAT)];
        const row = heldRow((await tx.query(this.sql.acquire, first)).rows[0]);
        checkRestorable(job, fingerprint, row);
        if (row.n > 0) await this.readState(tx, id, pieces);
        return { epoch: row.epoch, checkpoint: row.n === 0 ? undefined : restore(row, pieces) };
      })
      .catch((thrown: unknown) => {
        throw sqlState(thrown) === '22021' ? damaged(thrown) : storeError('checkpoints', thrown);
      });
    this.held.set(keyText([job, task]), new ChunkDiff(pieces));
    return owned;
  }

  async commit(commit: Commit): Promise<CommitAnswer> {
    checkTransaction(commit.rows, this.transaction);
    await this.open();
    const sinks = await prepare(commit);
    const key = keyText([commit.job, commit.task]);
    const diff = this.held.get(key);
    const changes = (diff ?? new ChunkDiff()).compare(commit.state);
    const work = { commit, sinks, changes, whole: diff === undefined };
    // until the outcome is known, so is not what the store holds: then all state is written anew
    this.held.delete(key);
    const answer = await this.home.client
      .transaction((tx) => this.write(tx, work))
      .catch((thrown: unknown) => {
        if (diff !== undefined && isRefusal(thrown)) this.held.set(key, diff);
        throw thrown;
      })
      .catch(explain);
    if (answer.outcome !== 'ok') {
      if (diff !== undefined) this.held.set(key, diff);
      return answer;
    }
    this.accept(key, diff ?? new ChunkDiff(), changes);
    return answer;
  }

  async lastCommitted(job: string, task: string): Promise<{ epoch: number; n: number }> {
    await this.open();
    const { rows } = await this.home.client
      .query(this.sql.last, [escapeText(job), escapeText(task)])
      .catch((thrown: unknown) => {
        throw storeError('checkpoints', thrown);
      });
    return { epoch: Number(rows[0]?.epoch ?? 0), n: Number(rows[0]?.n ?? 0) };
  }

  private accept(key: string, diff: ChunkDiff, changes: Diff): void {
    diff.accept(changes);
    this.held.set(key, diff);
    this.written.chunks += changes.changed.length;
    for (const { bytes } of changes.changed) this.written.bytes += bytes.length;
  }

  private async write(
    tx: SqlClient,
    { commit, sinks, changes, whole }: Work,
  ): Promise<CommitAnswer> {
    const id = [escapeText(commit.job), escapeText(commit.task)];
    const row = (await tx.query(this.sql.lock, id)).rows[0];
    const rejected = rejection(commit, row === undefined ? undefined : heldRow(row));
    if (rejected !== undefined) return rejected;
    const results: UpsertResult[] = [];
    for (const { table, rows } of sinks) {
      const written = table.write(tx, rows).catch((thrown: unknown) => {
        throw new RowsFailed(table, rows, thrown);
      });
      results.push(await written);
    }
    if (whole) await tx.query(this.sql.dropAllState, id);
    else await this.drop(tx, id, changes);
    for (const batch of batches(changes.changed)) {
      const data = batch.map((piece) => text.decode(piece.bytes));
      const params = [...id, String(commit.n), ...nameArrays(batch), arrayText(data)];
      await tx.query(this.sql.writeState, params);
    }
    await tx.query(this.sql.advance, [...id, ...header(commit)]);
    return { outcome: 'ok', results };
  }

  private async drop(tx: SqlClient, id: readonly string[], { vanished }: Diff): Promise<void> {
    if (vanished.length > 0) await tx.query(this.sql.dropState, [...id, ...nameArrays(vanished)]);
  }

  private async readState(tx: SqlClient, id: readonly string[], into: Piece[]): Promise<void> {
    let after: (string | null)[] = [null, null];
    for (;;) {
      const { rows } = await tx.query(this.sql.readState, [...id, ...after]);
      for (const { operator, chunk, data } of rows) {
        const bytes = utf8.encode(data);
        into.push({ operator: unescapeText(operator), chunk: unescapeText(chunk), bytes });
      }
      if (rows.length < STATE_PAGE) return;
      after = [rows[STATE_PAGE - 1].operator, rows[STATE_PAGE - 1].chunk];
    }
  }

  private open(): Promise<void> {
    this.opening ??= this.setUp().catch((thrown: unknown) => {
      this.opening = undefined;
      throw storeError('checkpoints', thrown);
    });
    return this.opening;
  }

  private async setUp(): Promise<void> {
    for (const statement of this.sql.create) await this.home.client.query(statement);
  }
}

interface Work {
  readonly commit: Commit;
  readonly sinks: readonly Sink[];
  readonly changes: Diff;
  /** What the store holds is not known: everything is replaced. */
  readonly whole: boolean;
}

/* Carries out of the transaction which table failed: who is to blame is found out afterwards. */
class RowsFailed extends Error {
  readonly code: string | undefined;
  constructor(
    readonly table: SqlTable,
    readonly rows: readonly Prepared[],
    thrown: unknown,
  ) {
    super('rows failed', { cause: thrown });
    this.code = sqlState(thrown);
  }
}

function explain(thrown: unknown): Promise<never> {
  if (thrown instanceof RowsFailed) return thrown.table.explain(thrown.rows, thrown.cause);
  throw storeError('checkpoints', thrown);
}

async function prepare(commit: Commit): Promise<Sink[]> {
  const sinks: Sink[] = [];
  for (const { store, rows } of commit.rows) {
    const table = store as SqlTable;
    sinks.push({ table, rows: await table.prepare(rows) });
  }
  return sinks;
}

function* batches(pieces: readonly Piece[]): Generator<readonly Piece[]> {
  let batch: Piece[] = [];
  let bytes = 0;
  for (const piece of pieces) {
    if (batch.length > 0 && bytes + piece.bytes.length > BATCH_BYTES) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(piece);
    bytes += piece.bytes.length;
  }
  if (batch.length > 0) yield batch;
}

function nameArrays(pieces: readonly Omit<Piece, 'bytes'>[]): string[] {
  const operators = pieces.map((p) => escapeText(p.operator));
  return [arrayText(operators), arrayText(pieces.map((p) => escapeText(p.chunk)))];
}

function header({ n, positions, fingerprint, drained, state }: Commit): string[] {
  const named = headerText(positions, [...state.keys()]);
  return [String(n), named, escapeText(fingerprint), String(drained), String(CHECKPOINT_FORMAT)];
}

function headerText(positions: Header['positions'], operators: readonly string[]): string {
  return text.decode(encode({ positions, operators }));
}

function heldRow(row: Record<string, unknown>): HeldRow {
  return {
    epoch: Number(row['epoch']),
    n: Number(row['n']),
    fingerprint: unescapeText(row['fingerprint'] as string),
    format: Number(row['format']),
    drained: row['drained'] === true || row['drained'] === 'true',
    positions: row['positions'] as string,
  };
}

function restore({ n, drained, positions }: HeldRow, pieces: readonly Piece[]): Checkpoint {
  const header = decode(utf8.encode(positions)) as Header;
  const state = new Map<string, Map<string, Data>>();
  for (const operator of header.operators) state.set(operator, new Map());
  for (const { operator, chunk, bytes } of pieces) {
    const own = state.get(operator) ?? new Map<string, Data>();
    state.set(operator, own.set(chunk, decode(bytes)));
  }
  return { n, drained, positions: header.positions, state };
}

function damaged(cause: unknown): CodecError {
  return new CodecError('the stored state is not text, so it is damaged', { cause });
}
