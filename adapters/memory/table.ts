/** A keyed table in memory: checked by its layout, kept by its rows. */
import { checkedBatch, KeptRows } from '../../lib/keptRows.js';
import type { Clock, Row, TableStore, Upsert, UpsertResult } from '../../lib/ports.js';
import type { TableLayout } from '../../lib/tableLayout.js';
import type { OneAtATime, Sliced } from '../../lib/turns.js';
import { MemoryOutbox } from './outbox.js';

/** What the tables and checkpoints of one store share. */
export interface MemoryHome {
  readonly transaction: object;
  readonly clock: Clock;
  readonly turns: OneAtATime;
}

export class MemoryTable implements TableStore {
  readonly outbox: MemoryOutbox;
  private readonly kept = new KeptRows();

  constructor(
    private readonly home: MemoryHome,
    private readonly layout: TableLayout,
  ) {
    this.outbox = new MemoryOutbox(home.turns, (rows) => this.plan(rows));
  }

  get transaction(): object {
    return this.home.transaction;
  }

  get name(): string {
    return this.layout.name;
  }

  get keyColumns(): readonly string[] {
    return this.layout.config.key;
  }

  async open(): Promise<void> {}

  upsert(batch: readonly Upsert[]): Promise<UpsertResult> {
    return this.home.turns.run(() => this.write(batch));
  }

  forget(timestamp: number): Promise<void> {
    return this.home.turns.alone(() => this.kept.forget(timestamp));
  }

  expire(timestamp: number): Promise<number> {
    return this.home.turns.alone(() => this.kept.expire(timestamp));
  }

  count(): Promise<number> {
    return this.home.turns.alone(() => this.kept.rows.size);
  }

  async *rows(): AsyncGenerator<Row, void, undefined> {
    for (const row of await this.home.turns.alone(() => this.kept.inOrder()))
      yield this.layout.read(row);
  }

  /** Checks every row of a batch; what it gives back cannot fail. @throws StoreError of kind `'refused'` */
  *plan(batch: readonly Upsert[]): Sliced<() => Sliced<UpsertResult>> {
    const effects = yield* checkedBatch(this.layout, batch);
    const now = this.home.clock.now();
    return () => this.kept.apply(effects, now);
  }

  private *write(batch: readonly Upsert[]): Sliced<UpsertResult> {
    const apply = yield* this.plan(batch);
    return yield* apply();
  }
}
