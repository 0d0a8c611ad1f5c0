/** The state of `idempotentSink`: rows that are not durable yet, doors and counters. */

import { type Chunks, chunkOf } from './chunks.js';
import type { DeliveryKind } from './delivery.js';
import { type Door, guardedDoor, type Poison } from './doors.js';
import type { EventElement } from './element.js';
import { configError } from './errors.js';
import type { Logic, SinkLogic } from './logic.js';
import type { Membership } from './membership.js';
import { isDelta, type Pane } from './panes.js';
import type { SinkStore, UpsertResult } from './ports.js';
import { Retention } from './retention.js';
import type { Breaker, Retry } from './retry.js';
import { type PendingRow, RowBatch } from './rowBatch.js';
import { effectsOf, ReplacesError, type RowRules } from './rowMaker.js';
import type { SinkWriting } from './sinkWriter.js';
import { newStats, type Stats, setLive } from './stats.js';
import { refusalsOf } from './storeFault.js';

export interface SinkStats extends Stats {
  /** Rows that changed the table, that were not newer or the same, and that met other content of equal order. */
  written: number;
  /** Rows older than `retention`: not written, and deleted from the table. */
  expired: number;
  ignored: number;
  conflicts: number;
  /** Values that gave no row, and rows that the store refused. */
  poison: number;
  /** Rows of `atMostOnce` that were sent and not answered for. */
  lost: number;
  /** Tries that found no connection, and what is sent now: `open`, nothing; `trial`, one try that decides. */
  failures: number;
  breaker: Breaker;
}

/** One durable batch. */
export interface Ack extends UpsertResult {
  readonly rows: number;
  /** The checkpoint that the rows are part of; absent outside a job. */
  readonly checkpoint?: number;
  /** The sink's watermark when the batch became durable. */
  readonly watermark: number;
}

export class SinkState<T> implements Logic {
  readonly stats: SinkStats = newStats({
    written: 0,
    expired: 0,
    ignored: 0,
    conflicts: 0,
    poison: 0,
    lost: 0,
    failures: 0,
    breaker: 'closed' as Breaker,
  });
  readonly sink: SinkLogic;
  private membership: Membership | undefined;
  private readonly batch = new RowBatch();
  private readonly toPoison: ((poison: Poison<unknown>) => void) | undefined;
  private readonly retention: Retention | undefined;
  private w = -Infinity;
  private checked = false;
  /** Rows taken out and not durable. */
  private taken = 0;

  constructor(
    private readonly config: {
      readonly rules: RowRules<T>;
      readonly store: SinkStore;
      readonly delivery?: DeliveryKind | undefined;
      readonly writing?: SinkWriting | undefined;
      readonly retentionMs?: number | undefined;
      readonly poison?: Door<Poison<any>> | undefined;
    },
    /** A batch has become durable. */
    private readonly acked: (ack: Ack) => void,
  ) {
    this.toPoison = guardedDoor('idempotentSink', 'poison', config.poison);
    const { retentionMs } = config;
    if (retentionMs !== undefined) this.retention = new Retention(config.store, retentionMs);
    this.sink = {
      store: config.store,
      takeRows: () => (this.membership?.eager === undefined ? this.take() : []),
      committed: (n, result) => this.durable(result as UpsertResult & { rows: number }, n),
      refused: (rows, error) => this.refused(rows as PendingRow[], error),
      delivery: config.delivery ?? 'effectivelyOnce',
      writing: config.writing,
      resumed: (rows) => {
        this.taken += rows;
        setLive(this.stats, this.pending);
      },
      lost: (rows) => this.lost(rows),
      tried: (retry) => this.tried(retry as Retry),
      eager: {
        pending: () => this.pending,
        take: (max) => this.take(max),
        written: (result) => this.durable(result as UpsertResult & { rows: number }),
      },
    };
  }

  /** Rows that wait, and rows that are being written. */
  get pending(): number {
    return this.batch.size + this.taken;
  }

  get waitingRows(): number {
    return this.batch.size;
  }

  /** The rows are the job's to write, with its checkpoints or beside them. */
  get inJob(): boolean {
    return this.membership !== undefined;
  }

  joined(membership: Membership): void {
    this.membership = membership;
  }

  whenSettled(then: () => void): void {
    const eager = this.membership?.eager;
    if (eager === undefined) then();
    else eager.settle(then);
  }

  event(e: EventElement<T>): void {
    this.stats.in++;
    this.refuseDeltas(e.value);
    if (this.membership?.eager !== undefined) this.refusePanes(e);
    let effects: PendingRow[];
    try {
      effects = effectsOf(this.config.rules, e);
    } catch (error) {
      if (error instanceof ReplacesError) throw error;
      this.stats.invalid++;
      this.stats.poison++;
      this.toPoison?.({ value: e.value, timestamp: e.timestamp, error });
      return;
    }
    this.stats.accepted++;
    if (this.retention?.isOver(e.timestamp)) {
      this.stats.expired += effects.length;
      return;
    }
    for (const row of effects) {
      const added = this.batch.add(row);
      if (added === 'ignored') this.stats.ignored++;
      if (added === 'conflict') this.stats.conflicts++;
    }
    setLive(this.stats, this.pending);
    this.membership?.eager?.kick();
  }

  advance(w: number): void {
    this.w = w;
    this.retention?.advance(w);
  }

  waiting(): number {
    return 0;
  }

  /** Takes rows out to be written; they count as pending until `durable` or `refused`. */
  take(max?: number): PendingRow[] {
    const rows = this.batch.take(max);
    this.taken += rows.length;
    return rows;
  }

  durable(result: UpsertResult & { readonly rows: number }, checkpoint?: number): void {
    const { rows, written, ignored, conflicts } = result;
    this.taken -= rows;
    this.stats.written += written;
    this.stats.ignored += ignored;
    this.stats.conflicts += conflicts;
    this.stats.out++;
    setLive(this.stats, this.pending);
    this.expire();
    const counts = { rows, written, ignored, conflicts, watermark: this.w };
    this.acked(checkpoint === undefined ? counts : { ...counts, checkpoint });
  }

  private expire(): void {
    const { retention } = this;
    if (retention === undefined) return;
    const before = retention.expired;
    void retention.pass().then(() => {
      this.stats.expired += retention.expired - before;
    });
  }

  /** Rows were sent once, and whether they arrived is not known. */
  lost(rows: number): void {
    this.taken -= rows;
    this.stats.lost += rows;
    setLive(this.stats, this.pending);
  }

  refused(rows: readonly PendingRow[], error: unknown): void {
    this.taken -= rows.length;
    this.stats.poison += rows.length;
    setLive(this.stats, this.pending);
    const refusal = refusalsOf(error);
    for (const row of rows) {
      const { value, timestamp } = row;
      this.toPoison?.({ value, timestamp, error: refusal(row) });
    }
  }

  /** A write found no connection, or one after such a fault was answered. */
  tried({ breaker, failure }: Pick<Retry, 'breaker' | 'failure'>): void {
    if (failure !== undefined && breaker !== 'trial') this.stats.failures++;
    this.stats.breaker = breaker;
  }

  save(): Chunks {
    return new Map([['sink', { w: this.w }]]);
  }

  restore(chunks: Chunks): void {
    this.advance(chunkOf<{ readonly w: number }>(chunks, 'sink').w);
  }

  /* Only the first element is looked at: one pipeline has one mode of accumulation. */
  private refuseDeltas(value: unknown): void {
    if (this.checked) return;
    this.checked = true;
    if (!isDelta(value)) return;
    throw configError(
      'idempotentSink',
      'accumulation',
      "'accumulating' in the windows before an upsert",
      'discarding',
      'a delta written over the row before it would lose the rest',
    );
  }

  /* Before its checkpoint a row may be written by a run that is forgotten: then only its order can tell which is right. */
  private refusePanes({ value, replaces }: EventElement<T>): void {
    if (this.config.rules.version !== undefined) return;
    const of = value as { readonly pane?: Pane; readonly left?: { readonly pane?: Pane } } | null;
    const pane = of?.pane ?? of?.left?.pane;
    const again = pane !== undefined && (pane.timing !== 'onTime' || pane.index > 0);
    if (!again && (replaces?.length ?? 0) === 0) return;
    throw configError(
      'idempotentSink',
      'version',
      "a function, with delivery 'atLeastOnce' and windows that fire more than once",
      undefined,
      'a replay may fire otherwise, and an older row could stay; or leave out `delivery`',
    );
  }
}
