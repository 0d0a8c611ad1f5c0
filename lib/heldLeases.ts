/** Leases in memory, for a store that one process holds. State: one lease per task. */
import { keyText } from './key.js';
import type { Clock, LeaseAnswer, LeaseClaim, LeaseStore } from './ports.js';

interface Held {
  readonly holder: string;
  readonly until: number;
}

export class HeldLeases implements LeaseStore {
  private readonly held = new Map<string, Held>();

  constructor(private readonly clock: Clock) {}

  async take(claim: LeaseClaim & { readonly ttlMs: number }): Promise<LeaseAnswer> {
    const { holder, ttlMs } = claim;
    const id = keyText([claim.job, claim.task]);
    const now = this.clock.now();
    const held = this.held.get(id);
    if (held !== undefined && held.holder !== holder && held.until > now) {
      return { taken: false, holder: held.holder, leftMs: held.until - now };
    }
    this.held.set(id, { holder, until: now + ttlMs });
    return { taken: true };
  }

  async release({ job, task, holder }: LeaseClaim): Promise<void> {
    const id = keyText([job, task]);
    if (this.held.get(id)?.holder === holder) this.held.delete(id);
  }
}
