/** Checkpoints in Postgres: state, positions, epoch and rows in one transaction; only what changed is written. */
import {
  CHECKPOINT_FORMAT,
  checkPieces,
  checkRestorable,
  checkTransaction,
  rejection,
  type TaskRecord,
} from '../checkpointRules.js';
import { decode, encode, verify } from '../codec.js';
import { CodecError } from '../errors.js';
import { newestWhole, type Restored } from '../generations.js';
import type {
  Checkpoint,
  CheckpointStore,
  Commit,
  CommitAnswer,
  LeaseStore,
  Ownership,
  Position,
  UpsertResult,
} from '../ports.js';
import type { Prepared } from '../tableLayout.js';
import { explain, tableCalled } from './blame.js';
import { checkpointSql } from './checkpointSql.js';
import { type SqlClient, storeError } from './client.js';
import { define } from './define.js';
import { SqlLeases } from './leases.js';
import { escapeText, unescapeText } from './literals.js';
import { Opening } from './opening.js';
import { nameArrays, readPieces, writePieces } from './statePieces.js';
import type { SqlHome, SqlTable } from './table.js';

const utf8 = new TextEncoder();
const text = new TextDecoder('utf-8', { fatal: true });

/* What the row of a task holds besides numbers; operators without state are named here only. */
interface Header {
  readonly positions: ReadonlyMap<string, Position>;
  readonly operators: readonly string[];
  readonly pieces: number;
}

/* One checkpoint in the row of a task, its header encoded; n is 0 where there is none. */
interface HeldHeader {
  readonly n: number;
  readonly positions: string;
  readonly fingerprint: string;
  readonly drained: boolean;
}

interface HeldRow extends HeldHeader, TaskRecord {
  readonly before: HeldHeader;
}

interface Sink {
  readonly table: SqlTable;
  readonly rows: readonly Prepared[];
}

type TaskId = readonly [job: string, task: string];

export class SqlCheckpoints implements CheckpointStore {
  readonly name: string;
  readonly transaction: object;
  readonly leases: LeaseStore;
  private readonly sql;
  private readonly opening: Opening<void>;

  constructor(private readonly home: SqlHome) {
    this.name = `${home.schema}.tidemark_checkpoint`;
    this.transaction = home.transaction;
    this.leases = new SqlLeases(home);
    this.sql = checkpointSql(home.schema);
    const { tables, create } = this.sql;
    this.opening = new Opening(() => define(home.client, tables, create), failed);
  }

  async acquire(job: string, task: string, fingerprint: string | undefined): Promise<Ownership> {
    await this.opening.done;
    const id = idOf({ job, task });
    return this.home.client
      .transaction(async (tx) => {
        const first = [...id, String(CHECKPOINT_FORMAT)];
        const row = heldRow((await tx.query(this.sql.acquire, first)).rows[0]);
        const { epoch } = row;
        checkRestorable(job, fingerprint, row);
        const found = await this.restore(tx, { job, id, row });
        if (found?.fallback === undefined) return { epoch, checkpoint: found?.checkpoint };
        checkRestorable(job, fingerprint, { ...row, ...row.before });
        await tx.query(this.sql.stepBack[0], [...id, String(row.before.n)]);
        await tx.query(this.sql.stepBack[1], id);
        return { epoch, ...found };
      })
      .catch(failed);
  }

  async read(job: string, task: string): Promise<Checkpoint | undefined> {
    await this.opening.done;
    const id = idOf({ job, task });
    return this.home.client
      .transaction(async (tx) => {
        const row = (await tx.query(this.sql.hold, id)).rows[0];
        if (row === undefined) return undefined;
        return (await this.restore(tx, { job, id, row: heldRow(row) }))?.checkpoint;
      })
      .catch(failed);
  }

  async commit(commit: Commit): Promise<CommitAnswer> {
    checkTransaction(commit.rows, this.transaction);
    await this.opening.done;
    const sinks = await prepare(commit);
    return this.home.client
      .transaction((tx) => this.write(tx, commit, sinks))
      .catch((thrown: unknown) => this.explain(sinks, thrown));
  }

  async lastCommitted(job: string, task: string): Promise<{ epoch: number; n: number }> {
    await this.opening.done;
    const { rows } = await this.home.client.query(this.sql.last, idOf({ job, task })).catch(failed);
    return { epoch: Number(rows[0]?.epoch ?? 0), n: Number(rows[0]?.n ?? 0) };
  }

  private async write(
    tx: SqlClient,
    commit: Commit,
    sinks: readonly Sink[],
  ): Promise<CommitAnswer> {
    const id = idOf(commit);
    const row = (await tx.query(this.sql.lock, id)).rows[0];
    const rejected = rejection(commit, row === undefined ? undefined : heldRow(row));
    if (rejected !== undefined) return rejected;
    const results: UpsertResult[] = [];
    for (const { table, rows } of sinks) {
      results.push(await table.write(tx, rows));
    }
    await tx.query(this.sql.forget, [...id, String(commit.prev)]);
    await writePieces(tx, this.sql, { ...commit, id: [...id, String(commit.n)] });
    await tx.query(this.sql.advance, [...id, ...header(commit)]);
    return { outcome: 'ok', results };
  }

  /* Also rows that the end of the transaction refused; of a table after others, with what those wrote. */
  private explain(sinks: readonly Sink[], thrown: unknown): Promise<never> {
    const names = sinks.map(({ table }) => tableCalled(table.name));
    const what = ['checkpoints', ...names].join(', ');
    return explain(this.home.client, sinks, { what, thrown });
  }

  /* Every piece is checked, before anything is taken over. */
  private async restore(tx: SqlClient, { job, id, row }: Task): Promise<Restored | undefined> {
    checkRestorable(job, undefined, row);
    if (row.n === 0) return undefined;
    return newestWhole(job, [row.n, row.before.n], async (n) => {
      const { drained, positions } = n === row.n ? row : row.before;
      const header = decode(utf8.encode(positions)) as Header;
      const state = new Map<string, Map<string, Uint8Array>>();
      for (const operator of header.operators) state.set(operator, new Map());
      let damage: unknown;
      for await (const piece of readPieces(tx, this.sql, [...id, String(n)])) {
        damage ??= damageOf(piece.bytes);
        const own = state.get(piece.operator) ?? new Map<string, Uint8Array>();
        state.set(piece.operator, own.set(piece.chunk, piece.bytes));
      }
      if (damage !== undefined) throw damage;
      checkPieces(state, header.pieces);
      if (n === row.n) await this.checkNewest(tx, id);
      return { n, drained, positions: header.positions, state };
    });
  }

  /* Where the newest version of a piece is gone, an older one may stand in its place. */
  private async checkNewest(tx: SqlClient, id: TaskId): Promise<void> {
    const { rows } = await tx.query(this.sql.countNewest, id);
    const { found, touched } = rows[0];
    if (Number(found) >= Number(touched)) return;
    throw new CodecError(`${found} of ${touched} pieces that it wrote are there`);
  }
}

interface Task {
  readonly job: string;
  readonly id: TaskId;
  readonly row: HeldRow;
}

function failed(thrown: unknown): never {
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

function damageOf(bytes: Uint8Array): unknown {
  try {
    return verify(bytes);
  } catch (thrown) {
    return thrown;
  }
}

function idOf({ job, task }: Pick<Commit, 'job' | 'task'>): TaskId {
  return [escapeText(job), escapeText(task)];
}

function header({ n, positions, fingerprint, drained, operators, ...rest }: Commit): string[] {
  const { pieces, changed, dropped } = rest;
  const named = text.decode(encode({ positions, operators, pieces }));
  const how = [escapeText(fingerprint), String(drained), String(CHECKPOINT_FORMAT)];
  return [String(n), named, ...how, ...nameArrays([...changed, ...dropped])];
}

function heldRow(row: Record<string, string>): HeldRow {
  const held = (prefix: '' | 'before_'): HeldHeader => ({
    n: Number(row[`${prefix}n`]),
    positions: row[`${prefix}positions`] as string,
    fingerprint: unescapeText(row[`${prefix}fingerprint`] as string),
    drained: row[`${prefix}drained`] === 'true',
  });
  const numbers = { epoch: Number(row['epoch']), format: Number(row['format']) };
  return { ...held(''), ...numbers, before: held('before_') };
}
