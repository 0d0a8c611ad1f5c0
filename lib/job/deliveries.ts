/** The sinks of a run: of which class each is, and where rows go that the checkpoint's transaction does not take. */
import { classOf, guaranteeOf, type SinkClass } from '../delivery.js';
import type { SinkMember } from '../element.js';
import { JobError, messageOf, show } from '../errors.js';
import type { EncodedChunks, SinkStore } from '../ports.js';
import { type Breaker, Retry, type Timing } from '../retry.js';
import type { PendingRow } from '../rowBatch.js';
import type { SinkWriting } from '../sinkWriter.js';
import { sinkWriting } from '../sinkWriting.js';
import { isConnectionFault } from '../storeFault.js';
import { Outbox } from './outbox.js';

export interface DeliveriesConfig {
  readonly job: string;
  readonly task: string;
  readonly epoch: number;
  /** That of the checkpoints. */
  readonly transaction: object;
  readonly timing: Timing;
  /** How long a table may be away before the job fails. */
  readonly outageMs: number;
  /** The rows that a sink holds, besides those that wait for a barrier, are so many now. */
  readonly pending: (id: string, rows: number) => void;
  readonly failed: (thrown: unknown) => void;
}

interface Delivered {
  readonly kind: SinkClass;
  readonly sink: SinkMember;
  readonly retry?: Retry;
  readonly outbox?: Outbox;
}

/** How one sink is doing. */
export interface SinkStatus {
  readonly id: string;
  readonly store: string;
  readonly class: SinkClass;
  /** Rows that are on their way to the table outside of a checkpoint. */
  readonly pending: number;
  readonly breaker: Breaker;
  /** Why the last write failed, where none has succeeded since. */
  readonly failure: string | undefined;
}

export class Deliveries {
  private readonly all = new Map<string, Delivered>();

  constructor(private readonly config: DeliveriesConfig) {}

  /** A sink has registered, with what the checkpoint has of it. @throws JobError where it can have no class */
  add(id: string, sink: SinkMember, saved: EncodedChunks | undefined): void {
    const { job, transaction } = this.config;
    const kind = classOf(job, id, { sink, transaction });
    if (kind === 'A') {
      this.all.set(id, { kind, sink });
      return;
    }
    const outbox = this.outbox(id, sink);
    if (saved !== undefined) outbox.box.restore(saved);
    this.all.set(id, { kind, sink, retry: outbox.retry, outbox: outbox.box });
  }

  get guarantee(): string {
    return guaranteeOf([...this.all.values()].map(({ kind }) => kind));
  }

  /** Whether the rows of this sink are part of the commit itself. */
  inCommit(id: string): boolean {
    return this.all.get(id)?.kind === 'A';
  }

  /** Checkpoint n has been captured. */
  take(n: number, rowsOf: (id: string) => readonly PendingRow[]): void {
    for (const [id, { outbox }] of this.all) outbox?.take(n, rowsOf(id));
  }

  /** Makes ready what checkpoint n has to hold besides the reports. */
  async prepare(n: number): Promise<void> {
    for (const { outbox } of this.all.values()) await outbox?.prepare(n);
  }

  /** Pieces that belong to checkpoint n besides those of the reports, by operator. */
  pieces(n: number): Map<string, EncodedChunks> {
    const pieces = new Map<string, EncodedChunks>();
    for (const [id, { outbox }] of this.all) {
      if (outbox !== undefined) pieces.set(id, outbox.pieces(n));
    }
    return pieces;
  }

  /** Checkpoint n is durable. */
  durable(n: number): void {
    for (const { outbox } of this.all.values()) outbox?.durable(n);
  }

  /** Shuts earlier owners out of every table that has an outbox. @throws FencedError */
  async fence(): Promise<void> {
    await Promise.all([...this.all.values()].map(({ outbox }) => outbox?.fence()));
  }

  /** Resolves when no row is on its way. */
  async idle(): Promise<void> {
    await Promise.all([...this.all.values()].map(({ outbox }) => outbox?.idle()));
  }

  /** What the end of the job would wait for, in words. */
  get lacks(): string | undefined {
    const waiting = this.status().filter(({ pending }) => pending > 0);
    if (waiting.length === 0) return undefined;
    return waiting
      .map(({ id, store, pending, failure }) => {
        const why = failure === undefined ? '' : ` (${failure})`;
        return `${show(store)} to take ${pending} rows of sink ${show(id)}${why}`;
      })
      .join(', ');
  }

  status(): SinkStatus[] {
    return [...this.all].map(([id, { kind, sink, retry, outbox }]) => ({
      id,
      store: (sink.store as SinkStore).name,
      class: kind,
      pending: outbox?.pending ?? 0,
      breaker: retry?.breaker ?? 'closed',
      failure: retry?.failure,
    }));
  }

  end(): void {
    for (const { outbox } of this.all.values()) outbox?.end();
  }

  private outbox(id: string, sink: SinkMember): { box: Outbox; retry: Retry } {
    const { job, task, epoch, timing } = this.config;
    const { size, retry } = this.retry(sink);
    const store = sink.store as SinkStore;
    const box: Outbox = new Outbox({
      owner: { job, task, sink: id },
      epoch,
      target: store.outbox as NonNullable<SinkStore['outbox']>,
      sink,
      size,
      retry,
      timing,
      changed: () => this.config.pending(id, box.pending),
      failed: (thrown) => this.config.failed(this.explained(id, store, thrown)),
    });
    return { box, retry };
  }

  /* In a job, time bounds the tries: a store that is away says nothing of the rows. */
  private retry(sink: SinkMember): { size: number; retry: Retry } {
    const { outageMs, timing } = this.config;
    const writing = (sink.writing ?? sinkWriting('job', {})) as SinkWriting;
    const rule = { ...writing.retry, attempts: Infinity, outageMs };
    return { size: writing.size, retry: new Retry(rule, timing, (retry) => sink.tried?.(retry)) };
  }

  private explained(id: string, { name }: SinkStore, thrown: unknown): unknown {
    if (!isConnectionFault(thrown)) return thrown;
    const { job, outageMs } = this.config;
    return new JobError(
      job,
      `${show(name)} has taken no row of sink ${show(id)} for ${outageMs} ms: ${messageOf(thrown)}; its rows wait in the checkpoint: run the job again, it goes on from there`,
      { cause: thrown },
    );
  }
}
