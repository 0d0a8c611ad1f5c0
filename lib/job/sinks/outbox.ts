/**
 * Rows of one sink between its checkpoint and its table: part of the checkpoint, applied when that is
 * durable, in order of n and then of their place, and dropped by a later commit. A transactional
 * outbox (Richardson, "Pattern: Transactional outbox"). Memory: the rows that are not applied.
 */

import { FencedError } from '../../errors.js';
import type { SinkMember } from '../../membership.js';
import { PIECE_ROWS, packError, packRows, unpackRows } from '../../outboxRows.js';
import type { EncodedChunks, OutboxOwner, OutboxTarget, UpsertResult } from '../../ports.js';
import type { Retry, Timing } from '../../retry.js';
import type { PendingRow } from '../../rowBatch.js';
import { nothing, sum, writeBatch } from '../../sinkWriter.js';

const NAME = /^outbox (\d+)\.(\d+)$/;

/** Two jobs of one id over one table, each with checkpoints of its own, could go above each other for ever. */
const MOST_FENCES = 4;

/** Whether a piece of a checkpoint is rows of an outbox. */
export function isOutboxPiece(chunk: string): boolean {
  return NAME.test(chunk);
}

/** The rows that the state of a sink holds, in order of n. */
export function* heldRows(chunks: EncodedChunks): Generator<Omit<Held, 'durable'>> {
  const byN = new Map<number, [place: number, chunk: string][]>();
  for (const chunk of chunks.keys()) {
    const [, n, place] = NAME.exec(chunk) ?? [];
    if (n === undefined) continue;
    const own = byN.get(Number(n)) ?? [];
    own.push([Number(place), chunk]);
    byN.set(Number(n), own);
  }
  for (const [n, own] of [...byN].sort(([a], [b]) => a - b)) {
    own.sort(([a], [b]) => a - b);
    const pieces = new Map(own.map(([, chunk]) => [chunk, chunks.get(chunk) as Uint8Array]));
    yield { n, rows: [...pieces.values()].flatMap(unpackRows), pieces };
  }
}

export interface OutboxConfig {
  readonly owner: OutboxOwner;
  readonly epoch: number;
  /** Drawn at random: of this run alone. */
  readonly mark: number;
  /** Whether the checkpoint store still has this run as the owner. */
  readonly owns: () => Promise<boolean>;
  readonly target: OutboxTarget;
  readonly sink: SinkMember;
  /** The most rows in one write. */
  readonly size: number;
  readonly retry: Retry;
  readonly timing: Timing;
  /** `pending` is another. */
  readonly changed: () => void;
  /** Nothing more is applied. */
  readonly failed: (thrown: unknown) => void;
}

/** The rows of one checkpoint. */
interface Held {
  readonly n: number;
  rows: readonly PendingRow[];
  /** Undefined before its commit. */
  pieces: EncodedChunks | undefined;
  durable: boolean;
}

export class Outbox {
  /** Rows that the table does not have, of durable checkpoints and of those under way. */
  pending = 0;
  private readonly held: Held[] = [];
  private open = false;
  private busy = false;
  private ended = false;
  private waiting: (() => void)[] = [];
  /** Under which the table takes rows; above that of the run where it had a higher one of lost checkpoints. */
  private epoch: number;
  /** The n that the run goes on from. */
  private from = 0;
  private refusals = 0;

  constructor(private readonly config: OutboxConfig) {
    this.epoch = config.epoch;
  }

  /** Takes back what the checkpoint holds; it is applied again from its first row. */
  restore(chunks: EncodedChunks): void {
    for (const held of heldRows(chunks)) {
      this.config.sink.resumed?.(held.rows.length);
      this.hold({ ...held, durable: true });
    }
  }

  /** Rows that were captured with checkpoint n. */
  take(n: number, rows: readonly PendingRow[]): void {
    if (rows.length > 0) this.hold({ n, rows, pieces: undefined, durable: false });
  }

  /** Encodes what checkpoint n has to hold, one piece a turn; rows that no checkpoint can hold are refused. */
  async prepare(n: number): Promise<void> {
    for (const held of [...this.held]) {
      if (held.n <= n && held.pieces === undefined) await this.pack(held);
    }
  }

  /** What checkpoint n has to hold: rows up to n that are not known to be applied. */
  pieces(n: number): EncodedChunks {
    const held = this.held.filter((one) => one.n <= n);
    return new Map(held.flatMap(({ pieces = [] }) => [...pieces]));
  }

  /** Checkpoint n is durable: its rows may be applied. */
  durable(n: number): void {
    for (const held of this.held) if (held.n <= n) held.durable = true;
    this.pump();
  }

  /**
   * Shuts earlier owners out of the table; then rows are applied. A table that has this epoch or a
   * higher one, while the checkpoint store knows no later owner, has it of checkpoints that are lost
   * (emptied, restored from a copy): then this run goes above it.
   * @throws FencedError where a later owner was here
   */
  async fence(from = 0): Promise<void> {
    const { retry } = this.config;
    this.from = from;
    await this.shut((fence) => retry.run(fence));
    this.open = true;
    this.pump();
  }

  /** Resolves when nothing is held. */
  idle(): Promise<void> {
    if (this.held.length === 0) return Promise.resolve();
    return new Promise((resolve) => this.waiting.push(resolve));
  }

  /** The run is over; an answer that comes now changes nothing. */
  end(): void {
    this.ended = true;
  }

  private hold(held: Held): void {
    this.held.push(held);
    this.count(held.rows.length);
  }

  private count(by: number): void {
    this.pending += by;
    this.config.changed();
  }

  private async pack(held: Held): Promise<void> {
    const pieces = new Map<string, Uint8Array>();
    const all = held.rows;
    const rows: PendingRow[] = [];
    for (let from = 0; from < all.length && !this.ended; from += PIECE_ROWS) {
      if (from > 0) await new Promise<void>((turn) => this.config.timing.after(0, turn));
      const some = this.packable(all.slice(from, from + PIECE_ROWS));
      if (some.rows.length === 0) continue;
      pieces.set(`outbox ${held.n}.${pieces.size}`, some.bytes);
      rows.push(...some.rows);
    }
    held.pieces = pieces;
    held.rows = rows;
    this.count(rows.length - all.length);
  }

  private packable(some: readonly PendingRow[]) {
    try {
      return { rows: some, bytes: packRows(some) };
    } catch {
      const rows = some.filter((row) => {
        const error = packError(row);
        if (error !== undefined) this.config.sink.refused([row], error);
        return error === undefined;
      });
      return { rows, bytes: packRows(rows) };
    }
  }

  private pump(): void {
    if (this.busy || !this.open) return;
    this.busy = true;
    this.applyAll().catch((thrown) => this.ended || this.config.failed(thrown));
  }

  private async applyAll(): Promise<void> {
    try {
      for (let held = this.held[0]; held?.durable && !this.ended; held = this.held[0]) {
        await this.apply(held);
      }
    } finally {
      this.busy = false;
    }
  }

  private async apply({ n, rows }: Held): Promise<void> {
    const { sink, size, retry } = this.config;
    const send = (some: readonly PendingRow[], i: number) => this.send(n, i, some);
    const refused = (bad: readonly PendingRow[], error: unknown) => {
      if (!this.ended) sink.refused(bad, error);
    };
    let done = nothing;
    for (let from = 0; from < rows.length; from += size) {
      const batch = rows.slice(from, from + size);
      done = sum(done, await writeBatch({ retry, send, refused }, batch, from));
      if (this.ended) return;
      // who is told of the last batch finds that nothing of this n is held
      if (from + size < rows.length) this.count(-batch.length);
    }
    this.held.shift();
    this.count(-(rows.length % size || Math.min(size, rows.length)));
    sink.committed(n, done);
    if (this.held.length > 0) return;
    for (const told of this.waiting.splice(0)) told();
  }

  private async send(n: number, i: number, rows: readonly PendingRow[]): Promise<UpsertResult> {
    const { owner, target } = this.config;
    const answer = await target.apply({ owner, epoch: this.epoch, n, i, rows });
    if (answer.outcome === 'ok') return answer.result;
    if (answer.outcome === 'duplicate') return { written: 0, ignored: rows.length, conflicts: 0 };
    await this.goAbove(answer.fencedBy);
    await this.shut((fence) => fence());
    return this.send(n, i, rows);
  }

  /* Until the table is fenced. */
  private async shut(run: <T>(fence: () => Promise<T>) => Promise<T>): Promise<void> {
    const { owner, mark, target } = this.config;
    const { from } = this;
    for (;;) {
      const answer = await run(() => target.fence(owner, this.epoch, { from, mark }));
      if (answer === 'ok') return;
      await this.goAbove(answer.fencedBy);
    }
  }

  /* Asked for after the refusal: a later owner has the checkpoints before it fences the table. */
  private async goAbove(fencedBy: number | undefined): Promise<void> {
    const { owner, epoch, owns } = this.config;
    const may = fencedBy !== undefined && ++this.refusals < MOST_FENCES;
    if (!may || !(await owns())) throw new FencedError(owner.job, epoch);
    this.epoch = fencedBy + 1;
  }
}
