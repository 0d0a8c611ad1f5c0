/** A keyed table in Redis: one hash for each row, and an index that has them in key order. */
import { setImmediate as turn } from 'node:timers/promises';
import type { Column } from '../../lib/columns.js';
import { checkedBatch } from '../../lib/keptRows.js';
import type {
  Clock,
  OutboxTarget,
  Row,
  TableStore,
  Upsert,
  UpsertResult,
} from '../../lib/ports.js';
import type { TableLayout } from '../../lib/tableLayout.js';
import { inTurns } from '../../lib/turns.js';
import { type Item, nameOf, type Place, rowItems } from './items.js';
import { unescapePart } from './names.js';
import { RedisOutbox } from './outbox.js';
import * as scripts from './scripts.js';
import { fromText } from './values.js';
import type { Writes } from './writes.js';

const PAGE = 200;
const FORGET_PAGE = 500;

/** What the tables and checkpoints of one store share. */
export interface RedisHome {
  readonly writes: Writes;
  readonly clock: Clock;
  readonly transaction: object;
}

export class RedisTable implements TableStore {
  readonly transaction: object;
  readonly outbox: OutboxTarget;
  private readonly plain: readonly string[];

  constructor(
    private readonly home: RedisHome,
    private readonly layout: TableLayout,
  ) {
    this.transaction = home.transaction;
    this.outbox = new RedisOutbox(home.writes, layout.name, (rows) => this.checked(rows));
    const { key, audit, columns = {} } = layout.config;
    const others = new Set([...key, audit]);
    this.plain = Object.keys(columns).filter((name) => !others.has(name));
  }

  get name(): string {
    return this.layout.name;
  }

  get keyColumns(): readonly string[] {
    return this.layout.config.key;
  }

  async open(): Promise<void> {}

  async upsert(batch: readonly Upsert[]): Promise<UpsertResult> {
    const items = await this.checked(batch);
    const answer = await this.home.writes.write({
      items: () => items({ sink: 0, table: 0 }),
      tables: [this.name],
      whole: { script: scripts.UPSERT, keys: [], args: [] },
      turn: { script: scripts.SWITCH_UPSERT, keys: [], args: [] },
      sinks: 1,
    });
    const [result] = answer.outcome === 'ok' ? answer.results : [];
    return result ?? { written: 0, ignored: 0, conflicts: 0 };
  }

  async forget(timestamp: number): Promise<void> {
    const { connection, names } = this.home.writes;
    const { graves, times } = names.table(this.name);
    const args = [String(timestamp), String(FORGET_PAGE)];
    while ((await connection.run(scripts.FORGET, [graves, times], args)) === FORGET_PAGE);
  }

  async count(): Promise<number> {
    await this.home.writes.finish();
    const { connection, names } = this.home.writes;
    return Number(await connection.ask('ZCARD', names.table(this.name).index));
  }

  async *rows(): AsyncGenerator<Row, void, undefined> {
    await this.home.writes.finish();
    const { connection, names } = this.home.writes;
    const { index } = names.table(this.name);
    let after = '-' as string | Buffer;
    for (;;) {
      const page = ['LIMIT', '0', String(PAGE)];
      const members: Buffer[] = await connection.ask('ZRANGEBYLEX', index, after, '+', ...page);
      const keys = members.map((member) => names.row(this.name, nameOf(member)));
      const rows: Buffer[][] = await connection.run(scripts.READ_ROWS, keys);
      // one that was deleted in between is no row
      for (const fields of rows) if (fields.length > 0) yield this.read(fields);
      const last = members.at(-1);
      if (last === undefined || members.length < PAGE) return;
      after = Buffer.concat([Buffer.from('('), last]);
    }
  }

  /** Checks a batch; what it gives back packs the rows. @throws StoreError of kind `'refused'` */
  async checked(batch: readonly Upsert[]): Promise<(to: Place) => Iterable<Item>> {
    const rows = await inTurns(checkedBatch(this.layout, batch), turn);
    const now = this.home.clock.now();
    return (to) => rowItems({ layout: this.layout, now, ...to }, rows.values());
  }

  private read(fields: readonly Buffer[]): Row {
    const { layout } = this;
    const found = new Map<string, string>();
    for (let i = 0; i < fields.length; i += 2) {
      found.set(unescapePart(String(fields[i])), String(fields[i + 1]));
    }
    found.delete('tidemark_order');
    const form = (column: Column) => {
      const text = found.get(column.name);
      found.delete(column.name);
      return text === undefined ? null : fromText(column, text);
    };
    const key = layout.key.map(form);
    const { audit } = layout.config;
    const written = audit === undefined ? 0 : Date.parse(found.get(audit) ?? '');
    if (audit !== undefined) found.delete(audit);
    const names = layout.columns === undefined ? [...found.keys()] : this.plain;
    return layout.read({ key, names, values: names.map((n) => form(layout.column(n))), written });
  }
}
