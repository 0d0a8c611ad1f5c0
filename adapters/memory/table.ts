/** A keyed table in memory: checked by its layout, kept by its rows. */
import { checkedBatch, KeptRows } from '../../lib/keptRows.js';
import type { Clock, Row, TableStore, Upsert, UpsertResult } from '../../lib/ports.js';
import type { TableLayout } from '../../lib/tableLayout.js';
import { MemoryOutbox } from './outbox.js';

export class MemoryTable implements TableStore {
  readonly outbox = new MemoryOutbox((rows) => this.plan(rows));
  private readonly kept = new KeptRows();

  constructor(
    readonly transaction: object,
    private readonly layout: TableLayout,
    private readonly clock: Clock,
  ) {}

  get name(): string {
    return this.layout.name;
  }

  get keyColumns(): readonly string[] {
    return this.layout.config.key;
  }

  async open(): Promise<void> {}

  async upsert(batch: readonly Upsert[]): Promise<UpsertResult> {
    return this.plan(batch)();
  }

  async forget(timestamp: number): Promise<void> {
    this.kept.forget(timestamp);
  }

  async expire(timestamp: number): Promise<number> {
    return this.kept.expire(timestamp);
  }

  async count(): Promise<number> {
    return this.kept.rows.size;
  }

  async *rows(): AsyncGenerator<Row, void, undefined> {
    for (const row of this.kept.inOrder()) yield this.layout.read(row);
  }

  /** Checks every row of a batch; what it gives back cannot fail. @throws StoreError of kind `'refused'` */
  plan(batch: readonly Upsert[]): () => UpsertResult {
    const effects = checkedBatch(this.layout, batch);
    const now = this.clock.now();
    return () => this.kept.apply(effects, now);
  }
}
