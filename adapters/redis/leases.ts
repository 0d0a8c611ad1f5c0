/** Leases in Redis: a key that goes by itself when its time, by the server's clock, is over. */
import type { LeaseAnswer, LeaseClaim, LeaseStore } from '../../lib/ports.js';
import { escapePart, unescapePart } from './names.js';
import * as scripts from './scripts.js';
import type { Writes } from './writes.js';

export class RedisLeases implements LeaseStore {
  constructor(private readonly writes: Writes) {}

  async take(claim: LeaseClaim & { readonly ttlMs: number }): Promise<LeaseAnswer> {
    const { connection, names } = this.writes;
    const key = names.lease(claim.job, claim.task);
    const ms = String(Math.max(1, Math.ceil(claim.ttlMs)));
    const [holder, left] = await connection.run(
      scripts.TAKE_LEASE,
      [key],
      [escapePart(claim.holder), ms],
    );
    if (holder === undefined) return { taken: true };
    return {
      taken: false,
      holder: unescapePart(String(holder)),
      leftMs: Math.max(0, Number(left)),
    };
  }

  async release({ job, task, holder }: LeaseClaim): Promise<void> {
    const { connection, names } = this.writes;
    await connection.run(scripts.RELEASE_LEASE, [names.lease(job, task)], [escapePart(holder)]);
  }
}
