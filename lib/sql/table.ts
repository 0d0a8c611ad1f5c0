/** A keyed table in Postgres: whole batches as column arrays, order and conflicts decided by the database. */
import { type Column, kindOf } from '../columns.js';
import { StoreError, show } from '../errors.js';
import type {
  Clock,
  OutboxTarget,
  Row,
  TableConfig,
  TableStore,
  Upsert,
  UpsertResult,
} from '../ports.js';
import { type Prepared, TableLayout } from '../tableLayout.js';
import { inTurns } from '../turns.js';
import { explain, tableCalled } from './blame.js';
import { type SqlClient, storeError } from './client.js';
import { define } from './define.js';
import { fromText, instantText } from './literals.js';
import { Opening } from './opening.js';
import { SqlOutbox } from './outbox.js';
import { groups, rounds } from './rounds.js';
import { columnArrays } from './tableLines.js';
import * as sql from './tableSql.js';

const PAGE = 1000;

/** A store's connection, its clock, and what its tables and checkpoints share. */
export interface SqlHome {
  readonly client: SqlClient;
  readonly clock: Clock;
  readonly transaction: object;
  readonly schema: string;
}

export class SqlTable implements TableStore {
  readonly transaction: object;
  readonly outbox: OutboxTarget;
  /** The name with its schema. */
  readonly id: string;
  private readonly table: sql.TableName;
  private readonly opening: Opening<TableLayout>;
  /* That by which rows were checked last: inside a transaction nothing can be opened. */
  private layout: TableLayout | undefined;

  constructor(
    private readonly home: SqlHome,
    readonly name: string,
    private readonly config: TableConfig,
  ) {
    const [first = '', second] = name.split('.');
    this.table = { schema: second === undefined ? home.schema : first, table: second ?? first };
    this.id = `${this.table.schema}.${this.table.table}`;
    this.transaction = home.transaction;
    this.outbox = new SqlOutbox(home.client, home.schema, this);
    this.opening = new Opening(
      () => this.setUp(),
      (thrown) => {
        throw storeError(tableCalled(name), thrown);
      },
    );
  }

  get keyColumns(): readonly string[] {
    return this.config.key;
  }

  async open(): Promise<void> {
    await this.opening.done;
  }

  async upsert(batch: readonly Upsert[]): Promise<UpsertResult> {
    const rows = await this.prepare(batch);
    return this.home.client
      .transaction((tx) => this.write(tx, rows))
      .catch((thrown: unknown) => this.explain(rows, thrown));
  }

  async forget(timestamp: number): Promise<void> {
    await this.open();
    const params = [this.id, String(timestamp)];
    await this.query(sql.forgetSql(this.table.schema), params);
  }

  async expire(timestamp: number): Promise<number> {
    await this.open();
    const { rows } = await this.query(sql.expireSql(this.table), [this.id, String(timestamp)]);
    return Number(rows[0]?.rows);
  }

  async count(): Promise<number> {
    await this.open();
    const { rows } = await this.query(
      `select count(*)::text as n from ${sql.qualified(this.table)}`,
    );
    return Number(rows[0]?.n);
  }

  async *rows(): AsyncGenerator<Row, void, undefined> {
    const { key, columns = new Map() } = await this.opening.done;
    const visible = [...columns.values()].filter((c) => !sql.hiddenColumns.has(c.name));
    let last: string[] | undefined;
    for (;;) {
      const options = {
        columns: visible as sql.SqlColumn[],
        limit: PAGE,
        after: last !== undefined,
      };
      const text = sql.pageSql(this.table, key as sql.SqlColumn[], options);
      const { rows } = await this.query(text, last);
      for (const row of rows) yield readRow(visible, row);
      if (rows.length < PAGE) return;
      last = key.map((_, i) => rows[PAGE - 1][`k${i}`] as string);
    }
  }

  /** Checks a batch, opening the table first. @throws StoreError of kind `'refused'` */
  async prepare(batch: readonly Upsert[]): Promise<Prepared[]> {
    const { client } = this.home;
    this.layout = await this.opening.done;
    return inTurns(this.layout.prepare(batch), client.pause?.bind(client));
  }

  /** Writes a checked batch in a transaction of the caller. */
  async write(tx: SqlClient, rows: readonly Prepared[]): Promise<UpsertResult> {
    const key = this.checked.key as readonly sql.SqlColumn[];
    const total = { written: 0, ignored: 0, conflicts: 0 };
    for (const round of await rounds(tx, key, rows)) {
      for (const group of await inTurns(groups(round), tx.pause?.bind(tx))) {
        const done = await this.writeGroup(tx, group);
        total.written += done.written;
        total.conflicts += done.conflicts;
        total.ignored += group.length - done.written;
      }
    }
    return total;
  }

  /** Names the rows to blame for a failed write; always throws. */
  explain(rows: readonly Prepared[], thrown: unknown): Promise<never> {
    const what = tableCalled(this.name);
    return explain(this.home.client, [{ table: this, rows }], { what, thrown });
  }

  /** Sends the statement of such a row without rows: it fails where the table is at fault. */
  async writeNone(tx: SqlClient, like: Prepared): Promise<void> {
    const { text, last, arrays } = this.statement(like);
    await tx.query(text, [...Array.from({ length: arrays }, () => '{}'), ...last]);
  }

  /** The next use reads anew how the table is. */
  lookAgain(): void {
    this.opening.forget();
  }

  private async writeGroup(
    tx: SqlClient,
    group: readonly Prepared[],
  ): Promise<{ written: number; conflicts: number }> {
    const { text, key, values, last } = this.statement(group[0] as Prepared);
    const done = { written: 0, conflicts: 0 };
    for await (const arrays of columnArrays(group, { key, values, client: tx })) {
      const { written, conflicts } = (await tx.query(text, [...arrays, ...last])).rows[0];
      done.written += Number(written);
      done.conflicts += Number(conflicts);
    }
    return done;
  }

  /* The statement for rows like this one: its text, the columns of its arrays, and what follows these. */
  private statement({ upsert, names }: Prepared) {
    const layout = this.checked;
    const key = layout.key as readonly sql.SqlColumn[];
    const values = names.map((name) => layout.column(name) as sql.SqlColumn);
    const { audit } = this.config;
    const shape = { name: this.table, key, values, audit };
    const isDelete = upsert.op === 'delete';
    const text = isDelete ? sql.deleteSql(shape) : sql.upsertSql(shape);
    const last = [this.id];
    if (!isDelete && audit !== undefined) last.push(instantText(this.home.clock.now()));
    return { text, key, values, last, arrays: key.length + values.length + 2 };
  }

  private async setUp(): Promise<TableLayout> {
    const { client } = this.home;
    const { schema } = this.table;
    await define(client, [sql.tombstones(schema)], [sql.createTombstones(schema)]);
    if (this.config.columns !== undefined) {
      await define(client, [sql.qualified(this.table)], [sql.createTable(this.table, this.config)]);
    }
    const columns = await this.catalogue();
    const { key, audit } = this.config;
    const named = [
      ...key,
      ...(audit === undefined ? [] : [audit]),
      ...Object.keys(this.config.columns ?? {}),
    ];
    const missing = named.find((column) => !columns.has(column));
    if (columns.size === 0) throw this.unfit('does not exist; give `columns` to have it created');
    if (missing !== undefined) throw this.unfit(`has no column ${show(missing)}`);
    const unique = await client.query(sql.readKeys, [sql.qualified(this.table)]);
    const wanted = [...key].sort().join(',');
    if (!unique.rows.some((row) => row.key === wanted)) {
      throw this.unfit(`has no unique key of exactly ${key.join(', ')}`);
    }
    for (const column of sql.hiddenColumns.keys()) {
      if (!columns.has(column)) await client.query(sql.addColumn(this.table, column));
    }
    return new TableLayout(this.name, this.config, columns);
  }

  private async catalogue(): Promise<Map<string, Column>> {
    const { rows } = await this.home.client.query(sql.readColumns, [sql.qualified(this.table)]);
    return new Map(rows.map((c) => [c.name, { ...c, kind: kindOf(c.type) }]));
  }

  private get checked(): TableLayout {
    if (this.layout === undefined) throw new Error('rows are written that were not checked');
    return this.layout;
  }

  private unfit(why: string): StoreError {
    return new StoreError('unusable', `${tableCalled(this.name)} ${why}`);
  }

  private query(text: string, params?: readonly string[]): Promise<{ readonly rows: any[] }> {
    return this.home.client.query(text, params).catch((thrown: unknown) => {
      throw storeError(tableCalled(this.name), thrown);
    });
  }
}

function readRow(columns: readonly Column[], row: Record<string, string | null>): Row {
  return Object.fromEntries(columns.map((c, i) => [c.name, fromText(c, row[`v${i}`] ?? null)]));
}
