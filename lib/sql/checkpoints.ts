/** Checkpoints in Postgres: state, positions, epoch and rows in one transaction; only what changed is written. */
import {
  CHECKPOINT_FORMAT,
  checkRestorable,
  checkTransaction,
  rejection,
  type TaskRecord,
} from '../checkpointRules.js';
import { decode, encode, verify } from '../codec.js';
import { CodecError } from '../errors.js';
import type {
  Checkpoint,
  CheckpointStore,
  Commit,
  CommitAnswer,
  Ownership,
  Piece,
  PieceName,
  Position,
  UpsertResult,
} from '../ports.js';
import type { Prepared } from '../tableLayout.js';
import { checkpointSql, STATE_PAGE } from './checkpointSql.js';
import { type SqlClient, sqlState, storeError } from './client.js';
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
  private readonly sql;
  private opening: Promise<void> | undefined;

  constructor(private readonly home: SqlHome) {
    this.name = `${home.schema}.tidemark_checkpoint`;
    this.transaction = home.transaction;
    this.sql = checkpointSql(home.schema);
  }

  async acquire(job: string, task: string, fingerprint: string | undefined): Promise<Ownership> {
    await this.open();
    const id = [escapeText(job), escapeText(task)];
    return this.home.client
      .transaction(async (tx) => {
        const first = [...id, headerText(new Map(), []), String(CHECKPOINT_FORMAT)];
        const row = heldRow((await tx.query(this.sql.acquire, first)).rows[0]);
        checkRestorable(job, fingerprint, row);
        return { epoch: row.epoch, checkpoint: await this.checkpoint(tx, id, row) };
      })
      .catch(unreadable);
  }

  async read(job: string, task: string): Promise<Checkpoint | undefined> {
    await this.open();
    const id = [escapeText(job), escapeText(task)];
    return this.home.client
      .transaction(async (tx) => {
        const row = (await tx.query(this.sql.last, id)).rows[0];
        return row === undefined ? undefined : this.checkpoint(tx, id, heldRow(row));
      })
      .catch(unreadable);
  }

  async commit(commit: Commit): Promise<CommitAnswer> {
    checkTransaction(commit.rows, this.transaction);
    await this.open();
    const sinks = await prepare(commit);
    return this.home.client.transaction((tx) => this.write(tx, commit, sinks)).catch(explain);
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

  private async write(
    tx: SqlClient,
    commit: Commit,
    sinks: readonly Sink[],
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
    const { dropped } = commit;
    if (dropped.length > 0) await tx.query(this.sql.dropState, [...id, ...nameArrays(dropped)]);
    for (const batch of batches(commit.changed)) {
      const data = batch.map((piece) => text.decode(piece.bytes));
      const params = [...id, String(commit.n), ...nameArrays(batch), arrayText(data)];
      await tx.query(this.sql.writeState, params);
    }
    await tx.query(this.sql.advance, [...id, ...header(commit)]);
    return { outcome: 'ok', results };
  }

  private async checkpoint(
    tx: SqlClient,
    id: readonly string[],
    row: HeldRow,
  ): Promise<Checkpoint | undefined> {
    if (row.n === 0) return undefined;
    const pieces: Piece[] = [];
    await this.readState(tx, id, pieces);
    return restore(row, pieces);
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

function nameArrays(pieces: readonly PieceName[]): string[] {
  const operators = pieces.map((p) => escapeText(p.operator));
  return [arrayText(operators), arrayText(pieces.map((p) => escapeText(p.chunk)))];
}

function header({ n, positions, fingerprint, drained, operators }: Commit): string[] {
  const named = headerText(positions, operators);
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
    drained: row['drained'] === 'true',
    positions: row['positions'] as string,
  };
}

function restore({ n, drained, positions }: HeldRow, pieces: readonly Piece[]): Checkpoint {
  const header = decode(utf8.encode(positions)) as Header;
  const state = new Map<string, Map<string, Uint8Array>>();
  for (const operator of header.operators) state.set(operator, new Map());
  for (const { operator, chunk, bytes } of pieces) {
    verify(bytes);
    const own = state.get(operator) ?? new Map<string, Uint8Array>();
    state.set(operator, own.set(chunk, bytes));
  }
  return { n, drained, positions: header.positions, state };
}

function unreadable(thrown: unknown): never {
  if (sqlState(thrown) !== '22021') throw storeError('checkpoints', thrown);
  throw new CodecError('the stored state is not text, so it is damaged', { cause: thrown });
}
