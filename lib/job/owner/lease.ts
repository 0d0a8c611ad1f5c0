/**
 * Who runs a job: an owner takes its lease before it begins, renews it while it works, and frees it
 * at its end; another one is refused, or waits as a standby. Politeness: what keeps owners apart is
 * the epoch inside each write (Gray and Cheriton, "Leases", 1989; fencing as in Chubby's sequencers).
 */
import { JobError, show } from '../../errors.js';
import type { LeaseAnswer, LeaseStore } from '../../ports.js';
import { isConnectionFault } from '../../storeFault.js';
import type { Runtime } from '../runtime.js';

export interface LeaseConfig {
  readonly job: string;
  readonly task: string;
  readonly store: LeaseStore;
  /** Names this owner; no other that lives has this name. */
  readonly holder: string;
  readonly ttlMs: number;
  /** Whether to wait for as long as another is at work. */
  readonly standby: boolean;
  /** Whether this holder is known to work no more. */
  readonly gone: (holder: string) => boolean | Promise<boolean>;
  readonly runtime: Runtime;
}

/** Why an owner does not work yet. */
export interface Standby {
  /** Who has the lease. */
  readonly holder: string;
  /** When the wait began, by the clock of the job. */
  readonly since: number;
}

type Refused = Extract<LeaseAnswer, { taken: false }>;

/** What a lease looked like when its answer came. */
type Seen = Refused & { readonly at: number };

/** A lease is asked for this often within its length, and renewed half as often. */
const ASKED = 6;
const LEAST_WAIT_MS = 10;
/** Two clocks of one rate may round apart. */
const CLOCK_STEP_MS = 5;

export class Lease {
  /** Set while it waits for another owner. */
  standby: Standby | undefined;
  /** Told when the lease turns out to be another's. */
  lost: (holder: string) => void = () => {};
  private held = false;
  private ended = false;
  private cancel: (() => void) | undefined;
  private wake: (() => void) | undefined;
  private asking: Promise<unknown> | undefined;

  constructor(private readonly config: LeaseConfig) {}

  /** Whether it waits while others work. */
  get waits(): boolean {
    return this.config.standby;
  }

  /**
   * Resolves when this owner may begin, or when it was released meanwhile.
   * @throws JobError where another is at work, and this one is no standby
   */
  async take(): Promise<void> {
    const { now } = this.config.runtime;
    let before: Seen | undefined;
    while (!this.held && !this.ended) {
      const asked = now();
      const answer = await this.ask();
      if (this.ended || answer === 'away') {
        await this.wait(this.pollMs);
        continue;
      }
      if (answer.taken) {
        this.begin();
        return;
      }
      if (await this.freed(answer.holder, before)) continue;
      if (!this.waits && isRenewed(answer, before, asked)) throw this.refused(answer.holder);
      before = { ...answer, at: now() };
      if (this.standby?.holder !== answer.holder) {
        this.standby = { holder: answer.holder, since: this.standby?.since ?? asked };
      }
      await this.wait(Math.min(answer.leftMs, this.pollMs));
    }
  }

  /** The lease may be another's by now: it must be taken again. */
  drop(): void {
    this.held = false;
    this.cancel?.();
  }

  /** Frees the lease and ends every wait. Never rejects: what is not freed expires. */
  async release(): Promise<void> {
    if (this.ended) return;
    this.ended = true;
    this.standby = undefined;
    this.cancel?.();
    this.wake?.();
    // a renewal under way would take again what was freed
    await this.asking?.catch(() => {});
    const { job, task, holder, store } = this.config;
    if (this.asking !== undefined) await store.release({ job, task, holder }).catch(() => {});
  }

  private get pollMs(): number {
    return this.config.ttlMs / ASKED;
  }

  private begin(): void {
    this.held = true;
    this.standby = undefined;
    this.renewLater();
  }

  /* A standby outlasts a store that is away; an owner that begins says so. */
  private async ask(): Promise<LeaseAnswer | 'away'> {
    const { job, task, holder, ttlMs, store } = this.config;
    const answer = store.take({ job, task, holder, ttlMs });
    this.asking = answer;
    try {
      return await answer;
    } catch (thrown) {
      if (!isConnectionFault(thrown) || !(this.waits || this.held)) throw thrown;
      return 'away';
    }
  }

  /* The lease of an owner that is known to be gone need not be waited for. */
  private async freed(holder: string, before: Seen | undefined): Promise<boolean> {
    const { job, task, store, gone } = this.config;
    if (before?.holder === holder || !(await gone(holder)) || this.ended) return false;
    await store.release({ job, task, holder });
    return true;
  }

  private refused(holder: string): JobError {
    return new JobError(
      this.config.job,
      `${show(holder)} is at work on it; end that one first, or start this one as a standby, which takes over when that one ends`,
    );
  }

  private renewLater(): void {
    this.cancel = this.config.runtime.after(2 * this.pollMs, () => this.renew());
  }

  /* Where the store is away the lease may run out; whoever takes over then is kept apart by the epoch. */
  private async renew(): Promise<void> {
    const answer = await this.ask().catch(() => 'away' as const);
    if (this.ended || !this.held) return;
    if (answer === 'away' || answer.taken) {
      this.renewLater();
      return;
    }
    this.drop();
    this.lost(answer.holder);
  }

  private wait(ms: number): Promise<void> {
    if (this.ended) return Promise.resolve();
    return new Promise((resolve) => {
      this.wake = resolve;
      this.cancel = this.config.runtime.after(Math.max(ms, LEAST_WAIT_MS), resolve);
    });
  }
}

/*
 * Between the answer before and this question at least so much time has passed for the store too: of
 * a lease that nobody renews, that much less is left. One that changed hands has a living owner.
 */
function isRenewed(now: Refused, before: Seen | undefined, asked: number): boolean {
  if (before === undefined) return false;
  if (now.holder !== before.holder) return true;
  return now.leftMs > before.leftMs - (asked - before.at) + CLOCK_STEP_MS;
}
