/** A keyed table in Postgres: whole batches as column arrays, order and conflicts decided by the database. */
import { type Column, kindOf } from '../columns.js';
import { messageOf, StoreError, show } from '../errors.js';
import type { Clock, Row, TableConfig, TableStore, Upsert, UpsertResult } from '../ports.js';
import { type Prepared, refusedRows, TableLayout } from '../tableLayout.js';
import { isRefusal, type SqlClient, storeError } from './client.js';
import { arrayText, fromText, instantText, toText } from './literals.js';
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
  private readonly table: sql.TableName;
  private opening: Promise<TableLayout> | undefined;

  constructor(
    private readonly home: SqlHome,
    readonly name: string,
    private readonly config: TableConfig,
  ) {
    const [first = '', second] = name.split('.');
    this.table = { schema: second === undefined ? home.schema : first, table: second ?? first };
    this.transaction = home.transaction;
  }

  get keyColumns(): readonly string[] {
    return this.config.key;
  }

  async open(): Promise<void> {
    await this.layout();
  }

  async upsert(batch: readonly Upsert[]): Promise<UpsertResult> {
    const rows = await this.prepare(batch);
    return this.home.client
      .transaction((tx) => this.write(tx, rows))
      .catch((thrown: unknown) => this.explain(rows, thrown));
  }

  async forget(timestamp: number): Promise<void> {
    await this.open();
    const params = [this.id(), String(timestamp)];
    await this.query(sql.forgetSql(this.table.schema), params);
  }

  async count(): Promise<number> {
    await this.open();
    const { rows } = await this.query(
      `select count(*)::text as n from ${sql.qualified(this.table)}`,
    );
    return Number(rows[0]?.n);
  }

  async *rows(): AsyncGenerator<Row, void, undefined> {
    const { key, columns = new Map() } = await this.layout();
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
    return (await this.layout()).prepare(batch);
  }

  /** Writes a checked batch in a transaction of the caller. */
  async write(tx: SqlClient, rows: readonly Prepared[]): Promise<UpsertResult> {
    const { key } = await this.layout();
    const total = { written: 0, ignored: 0, conflicts: 0 };
    for (const group of groups(rows)) {
      const first = group[0] as Prepared;
      const done = await this.writeGroup(tx, key as sql.SqlColumn[], group, first);
      total.written += Number(done.written);
      total.conflicts += Number(done.conflicts);
      total.ignored += group.length - Number(done.written);
    }
    return total;
  }

  /** Names the rows to blame for a failed write, by trying parts of the batch; always throws. */
  async explain(rows: readonly Prepared[], thrown: unknown): Promise<never> {
    if (!isRefusal(thrown)) throw storeError(`table ${show(this.name)}`, thrown);
    const refused: Upsert[] = [];
    const undone = new Error('undo');
    const probing = this.home.client.transaction(async (tx) => {
      await this.blame(tx, rows, refused);
      throw undone;
    });
    await probing.catch((failed: unknown) => {
      if (failed !== undone) throw storeError(`table ${show(this.name)}`, failed);
    });
    throw refusedRows(this.name, refused, messageOf(thrown), thrown);
  }

  private async blame(tx: SqlClient, rows: readonly Prepared[], refused: Upsert[]): Promise<void> {
    if (rows.length === 0 || (await this.taken(tx, rows))) return;
    const before = refused.length;
    const half = rows.length >> 1;
    if (half > 0) {
      await this.blame(tx, rows.slice(0, half), refused);
      await this.blame(tx, rows.slice(half), refused);
    }
    if (refused.length === before) refused.push(...rows.map((r) => r.upsert));
  }

  private async taken(tx: SqlClient, rows: readonly Prepared[]): Promise<boolean> {
    await tx.query('savepoint tidemark_probe');
    try {
      await this.write(tx, rows);
      return true;
    } catch (thrown) {
      if (!isRefusal(thrown)) throw thrown;
      return false;
    } finally {
      await tx.query('rollback to savepoint tidemark_probe');
    }
  }

  private async writeGroup(
    tx: SqlClient,
    key: readonly sql.SqlColumn[],
    group: readonly Prepared[],
    { upsert, names }: Prepared,
  ): Promise<{ written: string; conflicts: string }> {
    const layout = await this.layout();
    const values = names.map((name) => layout.column(name) as sql.SqlColumn);
    const { audit } = this.config;
    const shape = { name: this.table, key, values, audit };
    const params = [...columnArrays(group, key, values), this.id()];
    if (upsert.op === 'delete') return (await tx.query(sql.deleteSql(shape), params)).rows[0];
    if (audit !== undefined) params.push(instantText(this.home.clock.now()));
    return (await tx.query(sql.upsertSql(shape), params)).rows[0];
  }

  private id(): string {
    return `${this.table.schema}.${this.table.table}`;
  }

  private layout(): Promise<TableLayout> {
    this.opening ??= this.setUp().catch((thrown: unknown) => {
      this.opening = undefined;
      throw storeError(`table ${show(this.name)}`, thrown);
    });
    return this.opening;
  }

  private async setUp(): Promise<TableLayout> {
    const { client } = this.home;
    await client.query(sql.createTombstones(this.table.schema));
    if (this.config.columns !== undefined) {
      await client.query(sql.createTable(this.table, this.config));
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

  private unfit(why: string): StoreError {
    return new StoreError('refused', `table ${show(this.name)} ${why}`);
  }

  private query(text: string, params?: readonly string[]): Promise<{ readonly rows: any[] }> {
    return this.home.client.query(text, params).catch((thrown: unknown) => {
      throw storeError(`table ${show(this.name)}`, thrown);
    });
  }
}

/* One statement per operation and set of columns. */
function groups(rows: readonly Prepared[]): Iterable<readonly Prepared[]> {
  const byShape = new Map<string, Prepared[]>();
  for (const row of rows) {
    const shape = `${row.upsert.op} ${row.names.join()}`;
    const group = byShape.get(shape);
    if (group === undefined) byShape.set(shape, [row]);
    else group.push(row);
  }
  return byShape.values();
}

/* Sorted by key in every writer, so that two of them never wait for each other in a circle. */
function columnArrays(
  group: readonly Prepared[],
  key: readonly Column[],
  values: readonly Column[],
): string[] {
  const lines = group.map((row) => [
    ...key.map((c, i) => toText(c, row.key[i])),
    ...values.map((c, i) => toText(c, row.values[i])),
    `{${row.upsert.revision.join()}}`,
    String(row.upsert.timestamp),
  ]);
  lines.sort((a, b) => compareLines(a, b, key.length));
  const width = key.length + values.length + 2;
  return Array.from({ length: width }, (_, i) => arrayText(lines.map((line) => line[i] ?? null)));
}

function compareLines(
  a: readonly (string | null)[],
  b: readonly (string | null)[],
  parts: number,
): number {
  for (let i = 0; i < parts; i++) {
    const x = a[i] as string;
    const y = b[i] as string;
    if (x !== y) return x < y ? -1 : 1;
  }
  return 0;
}

function readRow(columns: readonly Column[], row: Record<string, string | null>): Row {
  return Object.fromEntries(columns.map((c, i) => [c.name, fromText(c, row[`v${i}`] ?? null)]));
}
