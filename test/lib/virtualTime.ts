/** A clock whose timers run when a test says so; promises settle between two of them. */
import type { Timing } from '../../lib/retry.js';

export class VirtualTime implements Timing {
  private timers: { readonly at: number; readonly fn: () => void }[] = [];

  constructor(private ms = 0) {}

  now(): number {
    return this.ms;
  }

  after(ms: number, fn: () => void): () => void {
    const timer = { at: this.ms + ms, fn };
    this.timers.push(timer);
    return () => {
      this.timers = this.timers.filter((t) => t !== timer);
    };
  }

  /** Lets time pass until no timer is left, or up to an instant. */
  async run(until = Infinity): Promise<void> {
    await settled();
    for (;;) {
      const next = this.timers.reduce((a, b) => (b.at < a.at ? b : a), { at: Infinity, fn() {} });
      if (next.at > until || next.at === Infinity) break;
      this.timers = this.timers.filter((t) => t !== next);
      this.ms = Math.max(this.ms, next.at);
      next.fn();
      await settled();
    }
    if (until !== Infinity) this.ms = until;
  }
}

/** Every promise that can settle has settled. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
