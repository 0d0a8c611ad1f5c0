/** Rows that are written as they come: one batch at a time, while the sink folds what comes meanwhile. */
import type { EagerRows } from '../../membership.js';
import type { SinkStore } from '../../ports.js';
import type { Retry } from '../../retry.js';
import type { PendingRow } from '../../rowBatch.js';
import { writeBatch } from '../../sinkWriter.js';

export interface EagerConfig {
  readonly store: SinkStore;
  readonly rows: EagerRows;
  readonly size: number;
  readonly retry: Retry;
  readonly refused: (rows: readonly PendingRow[], error: unknown) => void;
  /** `pending` is another. */
  readonly changed: () => void;
  readonly failed: (thrown: unknown) => void;
}

export class Eager {
  private busy = false;
  private ended = false;
  private waits: (() => void)[] = [];
  /** Rows that an outbox held: they go first. */
  private adopted: readonly PendingRow[] = [];

  constructor(private readonly config: EagerConfig) {}

  get pending(): number {
    return this.config.rows.pending();
  }

  /** Takes over rows that count as pending already. */
  adopt(rows: readonly PendingRow[]): void {
    this.adopted = rows;
    this.kick();
  }

  /** The sink has new rows; they are written after this turn, so that one turn's rows are one batch. */
  kick(): void {
    this.config.changed();
    if (this.busy || this.ended || this.pending === 0) return;
    this.busy = true;
    Promise.resolve()
      .then(() => this.write())
      .catch((thrown) => this.ended || this.config.failed(thrown));
  }

  /** Calls `then` when everything that came before is durable: at once where it is. */
  settle(then: () => void): void {
    if (this.busy) this.waits.push(then);
    else then();
  }

  idle(): Promise<void> {
    return new Promise((resolve) => this.settle(resolve));
  }

  /** The run is over; an answer that comes now changes nothing. */
  end(): void {
    this.ended = true;
  }

  private next(): readonly PendingRow[] {
    const { rows, size } = this.config;
    if (this.adopted.length === 0) return rows.take(size) as readonly PendingRow[];
    const batch = this.adopted.slice(0, size);
    this.adopted = this.adopted.slice(size);
    return batch;
  }

  private async write(): Promise<void> {
    const { store, rows, retry, changed } = this.config;
    const send = (some: readonly PendingRow[]) => store.upsert(some);
    const refused = (bad: readonly PendingRow[], error: unknown) => {
      if (!this.ended) this.config.refused(bad, error);
    };
    while (rows.pending() > 0 && !this.ended) {
      const batch = this.next();
      const done = await writeBatch({ retry, send, refused }, batch);
      if (this.ended) return;
      rows.written(done);
      changed();
    }
    this.busy = false;
    for (const told of this.waits.splice(0)) told();
  }
}
