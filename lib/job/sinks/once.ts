/** Rows that are written once, after their checkpoint; what fails is lost, and counted. */
import type { SinkMember } from '../../membership.js';
import type { SinkStore, UpsertResult } from '../../ports.js';
import type { Retry } from '../../retry.js';
import type { PendingRow } from '../../rowBatch.js';
import { nothing, sum, type Written, writeBatch } from '../../sinkWriter.js';
import { isConnectionFault } from '../../storeFault.js';

export interface OnceConfig {
  readonly store: SinkStore;
  readonly sink: SinkMember;
  readonly size: number;
  /** Of one attempt. */
  readonly retry: Retry;
  readonly changed: () => void;
  readonly failed: (thrown: unknown) => void;
}

interface Held {
  readonly n: number;
  readonly rows: readonly PendingRow[];
  durable: boolean;
}

export class Once {
  pending = 0;
  private readonly held: Held[] = [];
  private busy = false;
  private ended = false;
  private waits: (() => void)[] = [];

  constructor(private readonly config: OnceConfig) {}

  /** Rows that were captured with checkpoint n. */
  take(n: number, rows: readonly PendingRow[]): void {
    if (rows.length === 0) return;
    this.held.push({ n, rows, durable: false });
    this.count(rows.length);
  }

  /** Checkpoint n is durable: from now on its rows are written, or lost. */
  durable(n: number): void {
    for (const held of this.held) if (held.n <= n) held.durable = true;
    if (this.busy) return;
    this.busy = true;
    this.writeAll().catch((thrown) => this.ended || this.config.failed(thrown));
  }

  idle(): Promise<void> {
    if (this.held.length === 0) return Promise.resolve();
    return new Promise((resolve) => this.waits.push(resolve));
  }

  /** The run is over. */
  end(): void {
    this.ended = true;
  }

  private async writeAll(): Promise<void> {
    try {
      for (let held = this.held[0]; held?.durable && !this.ended; held = this.held[0]) {
        const done = await this.write(held.rows);
        if (this.ended) return;
        this.held.shift();
        this.count(-held.rows.length);
        this.config.sink.committed(held.n, done);
      }
    } finally {
      this.busy = false;
    }
    if (this.held.length > 0) return;
    for (const told of this.waits.splice(0)) told();
  }

  private async write(rows: readonly PendingRow[]): Promise<Written> {
    const { size } = this.config;
    let done = nothing;
    for (let from = 0; from < rows.length && !this.ended; from += size) {
      done = sum(done, await writeOnce(this.config, rows.slice(from, from + size)));
    }
    return done;
  }

  private count(by: number): void {
    this.pending += by;
    this.config.changed();
  }
}

/** Writes a batch once: what the store did not answer for is lost. @throws what else the store throws */
export async function writeOnce(
  to: Pick<OnceConfig, 'retry' | 'store'> & { readonly sink: Pick<SinkMember, 'refused' | 'lost'> },
  rows: readonly PendingRow[],
): Promise<Written> {
  let done = nothing;
  let poison = 0;
  const send = async (some: readonly PendingRow[]): Promise<UpsertResult> => {
    const result = await to.store.upsert(some);
    done = sum(done, { rows: some.length, ...result });
    return result;
  };
  const refused = (bad: readonly PendingRow[], error: unknown) => {
    poison += bad.length;
    to.sink.refused(bad, error);
  };
  try {
    return await writeBatch({ retry: to.retry, send, refused }, rows);
  } catch (thrown) {
    if (!isConnectionFault(thrown)) throw thrown;
    to.sink.lost?.(rows.length - done.rows - poison);
    return done;
  }
}
