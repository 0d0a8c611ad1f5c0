/** Checkpoints in Postgres: state, positions, epoch and rows in one transaction; only what changed is written. */
import {
  CHECKPOINT_FORMAT,
  checkPieces,
  checkRestorable,
  checkTransaction,
  rejection,
} from '../checkpointRules.js';
import { CodecError } from '../errors.js';
import { newestWhole, type Restored } from '../generations.js';
import type {
  Checkpoint,
  CheckpointStore,
  Commit,
  CommitAnswer,
  LeaseStore,
  Ownership,
  UpsertResult,
} from '../ports.js';
import type { Prepared } from '../tableLayout.js';
import { explain, tableCalled } from './blame.js';
import { checkpointSql } from './checkpointSql.js';
import { type SqlClient, storeError } from './client.js';
import { define } from './define.js';
import { SqlLeases } from './leases.js';
import { escapeText } from './literals.js';
import { Opening } from './opening.js';
import { checkedBytes, readPieces, writePieces } from './statePieces.js';
import type { SqlHome, SqlTable } from './table.js';
import { fingerprintOf, type HeldRow, header, headerOf, heldRow, isNew } from './taskRow.js';

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
        checkRestorable(job, fingerprint, { ...row, fingerprint: fingerprintOf(row) });
        if (isNew(row)) await tx.query(this.sql.clear, id);
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
    if (isNew(row)) return undefined;
    return newestWhole(job, [row.n, row.before.n], async (n) => {
      const held = n === row.n ? row : row.before;
      const header = headerOf(held);
      const state = new Map<string, Map<string, Uint8Array>>();
      for (const operator of header.operators) state.set(operator, new Map());
      let damage: unknown;
      for await (const piece of readPieces(tx, this.sql, [...id, String(n)])) {
        const own = state.get(piece.operator) ?? new Map<string, Uint8Array>();
        try {
          state.set(piece.operator, own.set(piece.chunk, checkedBytes(piece)));
        } catch (thrown) {
          // what is left is read nevertheless: only then can other pieces be
          damage ??= thrown;
        }
      }
      if (damage !== undefined) throw damage;
      checkPieces(state, header.pieces);
      if (n === row.n) await this.checkNewest(tx, id);
      return { n, drained: held.drained, positions: header.positions, state };
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

function idOf({ job, task }: Pick<Commit, 'job' | 'task'>): TaskId {
  return [escapeText(job), escapeText(task)];
}
