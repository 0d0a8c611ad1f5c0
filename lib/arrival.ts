/** Arrival time: whose clock it is read from, and the one timer of an operator that waits on it. */
import type { Membership } from './element.js';
import type { Clock } from './ports.js';

/** A clock with timers: what an RxJS scheduler is. */
export interface Scheduler extends Clock {
  schedule(work: () => void, delayMs: number): { unsubscribe(): void };
}

/** The scheduler of the config, else the clock of the job, else the usual scheduler. */
export class Arrival implements Clock {
  /** The clock of the job, once there is one. */
  job: Membership['clock'] | undefined;

  constructor(
    private readonly own: Scheduler | undefined,
    private readonly usual: Scheduler,
  ) {}

  /** Where timers are set. A job's clock has none. */
  get timers(): Scheduler {
    return this.own ?? this.usual;
  }

  now(): number {
    return (this.own ?? this.job ?? this.usual).now();
  }

  /** The same, less the time for which the job had paused its sources. */
  running(): number {
    const { job, own } = this;
    if (job === undefined) return this.now();
    return own === undefined ? job.running() : own.now() - (job.now() - job.running());
  }
}

/* A longer timer would fire at once. */
const MAX_DELAY_MS = 2 ** 31 - 1;
/* While the sources are paused the clock stands: how often to look whether it goes again. */
const STANDING_MS = 20;

/**
 * One timer for the earliest of an operator's deadlines, which may move to later instants while it
 * waits: it rings when the clock has reached the deadline that it was set for, and is then set anew.
 */
export class Alarm {
  private timer: { unsubscribe(): void } | undefined;

  constructor(
    private readonly arrival: Arrival,
    /** In a turn of its own: the clock has reached `now`. */
    private readonly ring: (now: number) => void,
  ) {}

  /** Waits for `deadline` on the running clock, unless it waits already. Infinity: nothing to wait for. */
  set(deadline: number): void {
    if (this.timer !== undefined || deadline === Infinity) return;
    this.wait(deadline, Math.max(deadline - this.arrival.running(), 0));
  }

  clear(): void {
    this.timer?.unsubscribe();
    this.timer = undefined;
  }

  private wait(deadline: number, delayMs: number): void {
    const work = () => this.look(deadline);
    this.timer = this.arrival.timers.schedule(work, Math.min(delayMs, MAX_DELAY_MS));
  }

  private look(deadline: number): void {
    const now = this.arrival.running();
    if (now < deadline) {
      this.wait(deadline, Math.max(deadline - now, STANDING_MS));
      return;
    }
    this.timer = undefined;
    this.ring(now);
  }
}
