/** The outbox of a table in Postgres: its position stands in a table beside it, and moves in the transaction of the rows. */
import { fenceStep, type OutboxPosition, outboxStep } from '../outboxPosition.js';
import type {
  FenceAnswer,
  OutboxAnswer,
  OutboxBatch,
  OutboxOwner,
  OutboxRun,
  OutboxTarget,
  Upsert,
  UpsertResult,
} from '../ports.js';
import type { Prepared } from '../tableLayout.js';
import { type SqlClient, storeError } from './client.js';
import { define } from './define.js';
import { escapeText } from './literals.js';
import { Opening } from './opening.js';
import { qualified } from './tableSql.js';

/** The table that rows go to. */
export interface OutboxTable {
  /** Its name with its schema. */
  readonly id: string;
  prepare(batch: readonly Upsert[]): Promise<Prepared[]>;
  write(tx: SqlClient, rows: readonly Prepared[]): Promise<UpsertResult>;
  explain(rows: readonly Prepared[], thrown: unknown): Promise<never>;
}

const COLUMNS = '"table", job, task, sink';
const KEY = '("table", job, task, sink) = ($1, $2, $3, $4)';

export class SqlOutbox implements OutboxTarget {
  private readonly positions: string;
  private readonly opening: Opening<void>;

  constructor(
    private readonly client: SqlClient,
    schema: string,
    private readonly table: OutboxTable,
  ) {
    this.positions = qualified({ schema, table: 'tidemark_outbox' });
    this.opening = new Opening(
      () => define(client, [this.positions], [this.definition]),
      (thrown) => this.failed(thrown),
    );
  }

  async fence(owner: OutboxOwner, epoch: number, run?: OutboxRun): Promise<FenceAnswer> {
    const own = this.own(owner);
    await this.opening.done;
    const work = this.client.transaction(async (tx): Promise<FenceAnswer> => {
      const step = fenceStep(epoch, await this.locked(tx, own), run);
      if ('answer' in step) return step.answer;
      await this.move(tx, own, step.position);
      return 'ok';
    });
    return work.catch((thrown: unknown) => this.failed(thrown));
  }

  async apply(batch: OutboxBatch): Promise<OutboxAnswer> {
    const own = this.own(batch.owner);
    const prepared = await this.table.prepare(batch.rows);
    await this.opening.done;
    const work = this.client.transaction(async (tx): Promise<OutboxAnswer> => {
      const step = outboxStep(batch, await this.locked(tx, own));
      if ('answer' in step) return step.answer;
      const rows = prepared.slice(batch.rows.length - step.rows.length);
      await this.move(tx, own, step.position);
      return { outcome: 'ok', result: await this.table.write(tx, rows) };
    });
    return work.catch((thrown: unknown) => {
      return this.table.explain(prepared, thrown);
    });
  }

  /* The row is there and locked until the end of the transaction: of two writers of one owner the second waits. */
  private async locked(tx: SqlClient, own: readonly string[]): Promise<OutboxPosition> {
    const insert = `insert into ${this.positions} (${COLUMNS}, epoch, n, i) values ($1, $2, $3, $4, 0, 0, -1) on conflict (${COLUMNS}) do nothing`;
    const select = `select epoch::text, n::text, i::text from ${this.positions} where ${KEY} for update`;
    await tx.query(insert, own);
    const { epoch, n, i } = (await tx.query(select, own)).rows[0];
    return { epoch: Number(epoch), n: Number(n), i: Number(i) };
  }

  private async move(tx: SqlClient, own: readonly string[], to: OutboxPosition): Promise<void> {
    const text = `update ${this.positions} set epoch = $5::int8, n = $6::int8, i = $7::int8 where ${KEY}`;
    await tx.query(text, [...own, String(to.epoch), String(to.n), String(to.i)]);
  }

  private own({ job, task, sink }: OutboxOwner): string[] {
    return [this.table.id, job, task, sink].map(escapeText);
  }

  private get definition(): string {
    const name = (column: string) => `${column} text collate "C" not null`;
    const columns = [...COLUMNS.split(', ').map(name), 'epoch int8 not null', 'n int8 not null'];
    return `create table if not exists ${this.positions} (${columns.join(', ')}, i int8 not null, primary key (${COLUMNS}))`;
  }

  private failed(thrown: unknown): never {
    throw storeError(`outbox of ${this.table.id}`, thrown);
  }
}
