/** How an owner of a job is configured: its lease, its name, and whether it waits for another. */
import { type Duration, durationOption } from '../../duration.js';
import { configError, optionsOf } from '../../errors.js';
import type { CheckpointStore } from '../../ports.js';
import { Lease, type LeaseConfig } from './lease.js';

/** Who runs a job, where the checkpoint store has leases. */
export interface OwnerConfig {
  /**
   * How long the lease of an owner lasts that renews it no more, as after a crash: then another
   * takes over. It is renewed each third of it. `'none'`: whoever comes last takes over at once.
   * @default '10s'
   */
  readonly lease?: Duration | 'none';
  /** Waits while another owner is at work, and takes over when that one ends. @default false: it is refused */
  readonly standby?: boolean;
  /** Names this owner in the lease and in messages; no two that live may share it. @default one of its own */
  readonly name?: string;
  /**
   * Whether the holder of this name is known to live no more; then its lease is not waited for.
   * @default none is known
   */
  readonly gone?: (name: string) => boolean | Promise<boolean>;
}

export interface OwnerSettings {
  /** Undefined: no lease is taken. */
  readonly ttlMs: number | undefined;
  readonly standby: boolean;
  readonly holder: string;
  readonly gone: (holder: string) => boolean | Promise<boolean>;
}

/** Checks what a user gave. @throws TypeError */
export function ownerSettings(given: OwnerConfig | undefined, ownName: string): OwnerSettings {
  const options = optionsOf('job', 'owner', given);
  const { lease = '10s', standby = false, name = ownName, gone = () => false } = options;
  if (typeof standby !== 'boolean') throw configError('job', 'owner.standby', 'a boolean', standby);
  if (typeof name !== 'string' || name === '') {
    throw configError('job', 'owner.name', 'a non-empty string', name);
  }
  if (typeof gone !== 'function') throw configError('job', 'owner.gone', 'a function', gone);
  if (lease === 'none' && standby) {
    throw configError('job', 'owner.lease', 'a duration for a standby', lease);
  }
  const ttlMs =
    lease === 'none' ? undefined : durationOption('job', 'owner.lease', lease, 'positive');
  return { ttlMs, standby, holder: name, gone };
}

/** The lease that an owner takes; a store without leases leaves it to the epoch. */
export function leaseOf(
  task: Pick<LeaseConfig, 'job' | 'task' | 'runtime'> & { readonly store: CheckpointStore },
  { ttlMs, ...owner }: OwnerSettings,
): Lease | undefined {
  const { leases } = task.store;
  if (ttlMs === undefined || leases === undefined) return undefined;
  return new Lease({ ...task, ...owner, ttlMs, store: leases });
}
