/** A keyed table of a log store. State: its rows, in the image of the log. */
import { type CheckedRows, checkedBatch } from '../keptRows.js';
import type { OutboxTarget, Row, TableConfig, TableStore, Upsert, UpsertResult } from '../ports.js';
import { declaredColumns, type Prepared, TableLayout } from '../tableLayout.js';
import { inTurns } from '../turns.js';
import { layoutOf, packRows, type TableWrite } from './entry.js';
import type { LogHome } from './home.js';
import type { Image } from './image.js';
import type { Log } from './log.js';
import { LogOutbox } from './outbox.js';
import { unusable } from './problem.js';

const PAGE = 1000;

export class LogTable implements TableStore {
  readonly transaction: object;
  readonly outbox: OutboxTarget;

  constructor(
    private readonly home: LogHome,
    readonly name: string,
    private readonly config: TableConfig,
  ) {
    this.transaction = home.transaction;
    this.outbox = new LogOutbox(home, this);
  }

  get keyColumns(): readonly string[] {
    return this.config.key;
  }

  async open(): Promise<void> {
    await this.home.run(({ image }) => this.layout(image));
  }

  upsert(batch: readonly Upsert[]): Promise<UpsertResult> {
    return this.home.run(async (log) => {
      const rows = await this.check(log, batch);
      if (batch.length === 0) return { written: 0, ignored: 0, conflicts: 0 };
      const raw: Uint8Array[] = [];
      const tables = [this.pack(rows.values(), raw)];
      const answer = await log.append({ kind: 'write', tables }, raw);
      return (answer as { results: readonly UpsertResult[] }).results[0] as UpsertResult;
    });
  }

  async forget(timestamp: number): Promise<void> {
    await this.home.run(async (log) => {
      const graves = log.image.tables.get(this.name)?.kept.tombstones.values() ?? [];
      if (![...graves].some((grave) => grave.timestamp <= timestamp)) return;
      await log.append({ kind: 'forget', table: this.name, timestamp });
    });
  }

  expire(timestamp: number): Promise<number> {
    return this.home.run(async (log) => {
      const kept = log.image.tables.get(this.name)?.kept;
      const old = (all: Iterable<{ readonly timestamp: number }>) =>
        [...all].filter((one) => one.timestamp <= timestamp).length;
      const rows = old(kept?.rows.values() ?? []);
      if (rows + old(kept?.tombstones.values() ?? []) === 0) return 0;
      await log.append({ kind: 'expire', table: this.name, timestamp });
      return rows;
    });
  }

  count(): Promise<number> {
    return this.home.run(({ image }) => image.tables.get(this.name)?.kept.rows.size ?? 0);
  }

  async *rows(): AsyncGenerator<Row, void, undefined> {
    const { layout, rows } = await this.home.run(({ image }) => ({
      layout: this.layout(image),
      rows: image.tables.get(this.name)?.kept.inOrder() ?? [],
    }));
    for (let from = 0; from < rows.length; from += PAGE) {
      for (const row of rows.slice(from, from + PAGE)) yield layout.read(row);
    }
  }

  /** Checks a batch against the table as the log has it. @throws StoreError of kind `'refused'` */
  check({ image }: Log, batch: readonly Upsert[]): Promise<CheckedRows> {
    return inTurns(checkedBatch(this.layout(image), batch), this.home.pause);
  }

  /** Checked rows as an entry holds them; binary values go to `raw`. */
  pack(rows: Iterable<Prepared>, raw: Uint8Array[]): TableWrite {
    const { name, config, home } = this;
    return {
      name,
      layout: layoutOf(config),
      now: home.clock.now(),
      ...packRows(rows, raw),
    };
  }

  /* What the log has decides; what it leaves open, the configuration says. */
  private layout(image: Image): TableLayout {
    const { name, config } = this;
    const known = image.tables.get(name)?.layout ?? config;
    const key = (of: TableConfig) => of.key.join(', ');
    if (key(known) !== key(config)) {
      throw unusable(`table "${name}" has the key ${key(known)}, not ${key(config)}`);
    }
    const columns = config.columns ?? known.columns;
    if (columnsText(columns) !== columnsText(known.columns)) {
      throw unusable(
        `table "${name}" has the columns ${columnsText(known.columns)}, not ${columnsText(columns)}; write to a new table`,
      );
    }
    const whole = { ...config, ...(columns === undefined ? {} : { columns }) };
    return new TableLayout(name, whole, declaredColumns(whole));
  }
}

function columnsText(columns: TableConfig['columns']): string {
  if (columns === undefined) return '(any)';
  const all = Object.entries(columns).map(([name, type]) => `${name} ${type}`);
  return `(${all.sort().join(', ')})`;
}
