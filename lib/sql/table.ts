/** A keyed table in Postgres: whole batches as column arrays, order and conflicts decided by the database. */
import { type Column, kindOf } from '../columns.js';
import { messageOf, StoreError, show } from '../errors.js';
import type {
  Clock,
  OutboxTarget,
  Row,
  TableConfig,
  TableStore,
  Upsert,
  UpsertResult,
} from '../ports.js';
import { type Prepared, refusedRows, TableLayout } from '../tableLayout.js';
import { inTurns } from '../turns.js';
import { isRefusal, type SqlClient, storeError } from './client.js';
import { define } from './define.js';
import { fromText, instantText } from './literals.js';
import { Opening } from './opening.js';
import { SqlOutbox } from './outbox.js';
import { rounds } from './rounds.js';
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
        throw storeError(`table ${show(name)}`, thrown);
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
    return inTurns((await this.opening.done).prepare(batch), client.pause?.bind(client));
  }

  /** Writes a checked batch in a transaction of the caller. */
  async write(tx: SqlClient, rows: readonly Prepared[]): Promise<UpsertResult> {
    const { key } = await this.opening.done;
    const total = { written: 0, ignored: 0, conflicts: 0 };
    for (const round of await rounds(tx, key as sql.SqlColumn[], rows)) {
      for (const group of groups(round)) {
        const first = group[0] as Prepared;
        const done = await this.writeGroup(tx, key as sql.SqlColumn[], group, first);
        total.written += done.written;
        total.conflicts += done.conflicts;
        total.ignored += group.length - done.written;
      }
    }
    return total;
  }

  /** Names the rows to blame for a failed write, by trying parts of the batch; always throws. */
  async explain(rows: readonly Prepared[], thrown: unknown): Promise<never> {
    if (!isRefusal(thrown)) throw storeError(`table ${show(this.name)}`, thrown);
    const blamed: Blame[] = [];
    const undone = new Error('undo');
    const probing = this.home.client.transaction(async (tx) => {
      await this.blame(tx, rows, blamed);
      throw undone;
    });
    await probing.catch((failed: unknown) => {
      if (failed !== undone) throw storeError(`table ${show(this.name)}`, failed);
    });
    const refused = blamed.map(({ row }) => row);
    const reasons = blamed.map(({ reason }) => reason);
    throw refusedRows(this.name, refused, reasons.length > 0 ? reasons : messageOf(thrown), thrown);
  }

  private async blame(tx: SqlClient, rows: readonly Prepared[], blamed: Blame[]): Promise<void> {
    const refusal = rows.length === 0 ? undefined : await this.refusal(tx, rows);
    if (refusal === undefined) return;
    const before = blamed.length;
    const half = rows.length >> 1;
    if (half > 0) {
      await this.blame(tx, rows.slice(0, half), blamed);
      await this.blame(tx, rows.slice(half), blamed);
    }
    const reason = messageOf(refusal);
    if (blamed.length === before) blamed.push(...rows.map((r) => ({ row: r.upsert, reason })));
  }

  /* Why these rows are not taken together; undefined where they are. */
  private async refusal(tx: SqlClient, rows: readonly Prepared[]): Promise<unknown> {
    await tx.query('savepoint tidemark_probe');
    try {
      await this.write(tx, rows);
      return undefined;
    } catch (thrown) {
      if (!isRefusal(thrown)) throw thrown;
      return thrown;
    } finally {
      await tx.query('rollback to savepoint tidemark_probe');
    }
  }

  private async writeGroup(
    tx: SqlClient,
    key: readonly sql.SqlColumn[],
    group: readonly Prepared[],
    { upsert, names }: Prepared,
  ): Promise<{ written: number; conflicts: number }> {
    const layout = await this.opening.done;
    const values = names.map((name) => layout.column(name) as sql.SqlColumn);
    const { audit } = this.config;
    const shape = { name: this.table, key, values, audit };
    const isDelete = upsert.op === 'delete';
    const text = isDelete ? sql.deleteSql(shape) : sql.upsertSql(shape);
    const last = [this.id];
    if (!isDelete && audit !== undefined) last.push(instantText(this.home.clock.now()));
    const done = { written: 0, conflicts: 0 };
    for await (const arrays of columnArrays(group, { key, values, client: tx })) {
      const { written, conflicts } = (await tx.query(text, [...arrays, ...last])).rows[0];
      done.written += Number(written);
      done.conflicts += Number(conflicts);
    }
    return done;
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

  private unfit(why: string): StoreError {
    return new StoreError('refused', `table ${show(this.name)} ${why}`);
  }

  private query(text: string, params?: readonly string[]): Promise<{ readonly rows: any[] }> {
    return this.home.client.query(text, params).catch((thrown: unknown) => {
      throw storeError(`table ${show(this.name)}`, thrown);
    });
  }
}

interface Blame {
  readonly row: Upsert;
  readonly reason: string;
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

function readRow(columns: readonly Column[], row: Record<string, string | null>): Row {
  return Object.fromEntries(columns.map((c, i) => [c.name, fromText(c, row[`v${i}`] ?? null)]));
}
