/** Arrival time and timers, as a job is given them; and the timers of one run, which end with it. */
import type { Timing } from '../retry.js';

export type Runtime = Timing;

export class Timers {
  private readonly running = new Set<() => void>();
  private ended = false;

  constructor(private readonly runtime: Runtime) {}

  /** Calls `fn` so much later, unless the run has ended. */
  after(ms: number, fn: () => void): () => void {
    if (this.ended) return () => {};
    const cancel = this.runtime.after(ms, () => {
      this.running.delete(cancel);
      fn();
    });
    this.running.add(cancel);
    return () => {
      this.running.delete(cancel);
      cancel();
    };
  }

  /** The run is over. */
  end(): void {
    this.ended = true;
    for (const cancel of this.running) cancel();
    this.running.clear();
  }
}
