/** Arrival time: whose clock it is read from, and the one timer of an operator that waits on it. */
import type { JobClock } from './membership.js';
import type { Clock } from './ports.js';

/** A clock with timers: what an RxJS scheduler is. */
export interface Scheduler extends Clock {
  schedule(work: () => void, delayMs: number): { unsubscribe(): void };
}

/* A longer timer would fire at once. */
const MAX_DELAY_MS = 2 ** 31 - 1;

/** The scheduler of the config, else the clock of the job, else the usual scheduler. */
export class Arrival implements Clock {
  /** The clock of the job, once there is one. */
  job: JobClock | undefined;

  constructor(
    private readonly own: Scheduler | undefined,
    private readonly usual: Scheduler,
  ) {}

  now(): number {
    return (this.own ?? this.job ?? this.usual).now();
  }

  /** The same, less the time for which the job had paused its sources. */
  running(): number {
    const { job, own } = this;
    if (job === undefined) return this.now();
    return own === undefined ? job.running() : own.now() - (job.now() - job.running());
  }

  /** For how long the job has had its sources paused, all in all. */
  held(): number {
    return this.job === undefined ? 0 : this.now() - this.running();
  }

  /** Calls `fn` after `ms` of the clock that `now` reads; gives what cancels it. */
  after(ms: number, fn: () => void): () => void {
    const { job, own } = this;
    const delay = Math.min(ms, MAX_DELAY_MS);
    if (own === undefined && job?.after !== undefined) return job.after(delay, fn);
    const timer = (own ?? this.usual).schedule(fn, delay);
    return () => timer.unsubscribe();
  }
}

/* While the sources are paused the clock stands: how often to look whether it goes again. */
const STANDING_MS = 20;

/** Something that has deadlines on the running clock. */
export interface Waiting {
  /** The earliest one; +∞ where there is none. */
  readonly deadline: number;
  /** The clock has reached `now`. */
  tick(now: number): void;
}

/**
 * One timer for the earliest deadline, which may move to later instants while it waits: the timer
 * waits for the one that it was set for, and is then set anew.
 */
export class Alarm {
  private cancel: (() => void) | undefined;

  constructor(
    private readonly arrival: Arrival,
    private readonly waiting: Waiting,
    /** Runs a task as a turn of its own. */
    private readonly turn: (task: () => void) => void,
  ) {}

  /** Waits for the earliest deadline, unless it waits already. */
  set(): void {
    if (this.cancel !== undefined) return;
    const { deadline } = this.waiting;
    if (deadline === Infinity) return;
    this.wait(deadline, Math.max(deadline - this.arrival.running(), 0));
  }

  clear(): void {
    this.cancel?.();
    this.cancel = undefined;
  }

  private wait(deadline: number, delayMs: number): void {
    this.cancel = this.arrival.after(delayMs, () => this.look(deadline));
  }

  private look(deadline: number): void {
    const now = this.arrival.running();
    if (now < deadline) {
      this.wait(deadline, Math.max(deadline - now, STANDING_MS));
      return;
    }
    this.cancel = undefined;
    this.turn(() => {
      this.waiting.tick(now);
      this.set();
    });
  }
}
