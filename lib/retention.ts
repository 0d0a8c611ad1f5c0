/** How long rows stay in a table, in event time: those that W has left behind by more go. State: three numbers. */
import type { SinkStore } from './ports.js';

/** A table is asked to let rows go each time that W has come so much further. */
const STEPS = 16;

export class Retention {
  /** Rows that the table has let go. */
  expired = 0;
  private w = -Infinity;
  private done = -Infinity;
  private busy = false;

  constructor(
    private readonly store: Pick<SinkStore, 'expire'>,
    private readonly ms: number,
  ) {}

  /** W has risen; the end of time lets nothing go. */
  advance(w: number): void {
    if (w < Infinity) this.w = w;
  }

  /** Whether an event is so old that its row would have to go at once. */
  isOver(timestamp: number): boolean {
    return timestamp <= this.w - this.ms;
  }

  /** Rows have become durable: a good time to let others go. What fails is tried again by a later call. */
  async pass(): Promise<void> {
    const bound = this.w - this.ms;
    if (this.busy || !(bound - this.done >= this.ms / STEPS)) return;
    this.busy = true;
    try {
      this.expired += (await this.store.expire?.(bound)) ?? 0;
      this.done = bound;
    } catch {
      // the rows only stay longer; what is wrong with the table the next write says
    } finally {
      this.busy = false;
    }
  }
}
