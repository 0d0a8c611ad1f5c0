/** The sinks of a run: of which class each is, and where rows go that the checkpoint's transaction does not take. */
import { classOf, guaranteeOf, type SinkClass } from '../../delivery.js';
import { JobError, messageOf, show } from '../../errors.js';
import type { EagerRows, SinkMember } from '../../membership.js';
import type { EncodedChunks, SinkStore } from '../../ports.js';
import { type Breaker, Retry, type Timing } from '../../retry.js';
import { foldRows, type PendingRow } from '../../rowBatch.js';
import type { SinkWriting } from '../../sinkWriter.js';
import { sinkWriting } from '../../sinkWriting.js';
import { isConnectionFault } from '../../storeFault.js';
import { Eager } from './eager.js';
import { Once } from './once.js';
import { heldRows, Outbox } from './outbox.js';

export interface DeliveriesConfig {
  readonly job: string;
  readonly task: string;
  readonly epoch: number;
  /** Of this run alone. */
  readonly mark: number;
  /** Whether the checkpoint store still has this run as the owner. */
  readonly owns: () => Promise<boolean>;
  /** That of the checkpoints. */
  readonly transaction: object;
  readonly timing: Timing;
  /** How long a table may be away before the job fails. */
  readonly outageMs: number;
  /** The rows that a sink holds, besides those that wait for a barrier, are so many now. */
  readonly pending: (id: string, rows: number) => void;
  readonly failed: (thrown: unknown) => void;
}

/** What writes the rows of a sink beside the checkpoints. */
interface Way {
  readonly pending: number;
  take?(n: number, rows: readonly PendingRow[]): void;
  durable?(n: number): void;
  idle(): Promise<void>;
  end(): void;
}

interface Delivered {
  readonly kind: SinkClass;
  readonly sink: SinkMember;
  readonly retry?: Retry;
  readonly way?: Way;
  readonly outbox?: Outbox;
}

/** What a sink is given when it registers. */
export interface Enlisted {
  /** Rows that an outbox held, and that now go with the next checkpoint: the sink was of class O before. */
  readonly carried?: readonly PendingRow[];
  readonly eager?: Eager;
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
  add(id: string, sink: SinkMember, saved: EncodedChunks | undefined): Enlisted {
    const { job, transaction } = this.config;
    const kind = classOf(job, id, { sink, transaction });
    const add = (rest: Omit<Delivered, 'kind' | 'sink'>) =>
      this.all.set(id, { kind, sink, ...rest });
    if (kind === 'O') {
      const { outbox, retry } = this.outbox(id, sink);
      add({ outbox, way: outbox, retry });
      outbox.restore(saved ?? new Map());
      return {};
    }
    // of several checkpoints: a key may be there more than once
    const held = foldRows([...heldRows(saved ?? new Map())].flatMap(({ rows }) => rows));
    if (held.length > 0) sink.resumed?.(held.length);
    if (kind === 'E') {
      const { eager, retry } = this.eager(id, sink);
      add({ way: eager, retry });
      eager.adopt(held);
      return { eager };
    }
    if (kind === 'M') add(this.once(id, sink));
    else add({});
    return { carried: held };
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
    for (const [id, { way }] of this.all) way?.take?.(n, rowsOf(id));
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
    for (const { way } of this.all.values()) way?.durable?.(n);
  }

  /** Shuts earlier owners out of every table that has an outbox. @throws FencedError */
  async fence(from: number): Promise<void> {
    await Promise.all([...this.all.values()].map(({ outbox }) => outbox?.fence(from)));
  }

  /** Resolves when no row is on its way. */
  async idle(): Promise<void> {
    await Promise.all([...this.all.values()].map(({ way }) => way?.idle()));
  }

  /** Whether all of these are sinks whose table does not answer. */
  away(ids: readonly string[]): boolean {
    return ids.every((id) => this.all.get(id)?.retry?.failure !== undefined);
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
    return [...this.all].map(([id, { kind, sink, retry, way }]) => ({
      id,
      store: (sink.store as SinkStore).name,
      class: kind,
      pending: way?.pending ?? 0,
      breaker: retry?.breaker ?? 'closed',
      failure: retry?.failure,
    }));
  }

  end(): void {
    for (const { way } of this.all.values()) way?.end();
  }

  private outbox(id: string, sink: SinkMember): { outbox: Outbox; retry: Retry } {
    const { job, task, epoch, mark, owns, timing } = this.config;
    const common = this.common(id, sink);
    const { outbox: target } = sink.store as SinkStore;
    const outbox: Outbox = new Outbox({
      ...{ ...common, epoch, mark, owns, sink, timing },
      owner: { job, task, sink: id },
      target: target as NonNullable<typeof target>,
      changed: () => this.config.pending(id, outbox.pending),
    });
    return { outbox, retry: common.retry };
  }

  private eager(id: string, sink: SinkMember): { eager: Eager; retry: Retry } {
    const common = this.common(id, sink);
    const eager: Eager = new Eager({
      ...common,
      rows: sink.eager as EagerRows,
      refused: (rows, error) => sink.refused(rows, error),
      changed: () => this.config.pending(id, eager.pending),
    });
    return { eager, retry: common.retry };
  }

  private once(id: string, sink: SinkMember): { way: Once; retry: Retry } {
    const common = this.common(id, sink);
    const breaker = { after: Infinity, cooldownMs: Infinity };
    const retry = new Retry({ ...common.retry.rule, attempts: 1, breaker }, this.config.timing);
    const changed = () => this.config.pending(id, way.pending);
    const way: Once = new Once({ ...common, sink, retry, changed });
    return { way, retry };
  }

  /* In a job, time bounds the tries: a store that is away says nothing of the rows. */
  private common(id: string, sink: SinkMember) {
    const { outageMs, timing } = this.config;
    const store = sink.store as SinkStore;
    const writing = (sink.writing ?? sinkWriting('job', {})) as SinkWriting;
    const rule = { ...writing.retry, attempts: Infinity, outageMs };
    return {
      store,
      size: writing.size,
      retry: new Retry(rule, timing, (retry) => sink.tried?.(retry)),
      failed: (thrown: unknown) => this.config.failed(this.explained(id, store, thrown)),
    };
  }

  private explained(id: string, { name }: SinkStore, thrown: unknown): unknown {
    if (!isConnectionFault(thrown)) return thrown;
    const { job, outageMs } = this.config;
    return new JobError(
      job,
      `${show(name)} has taken no row of sink ${show(id)} for ${outageMs} ms: ${messageOf(thrown)}; no row is lost: run the job again, it goes on from its newest checkpoint`,
      { cause: thrown },
    );
  }
}
