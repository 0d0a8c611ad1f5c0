/** An arrival clock that a test moves: a scheduler for operators, and the clock of what looks like a job. */
import type { JobClock } from '../../../lib/membership.js';
import { MarbleScheduler } from '../run/scheduler.js';

/** So many timers at one instant are one that sets itself again at once. */
const MOST_AT_ONCE = 100_000;

/**
 * Virtual arrival time. It stands until `advance` moves it, and runs what falls due on the way, each
 * at its own instant. It is an RxJS scheduler: give it to whatever takes one.
 *
 * @example
 * const clock = new ArrivalClock();
 * clock.schedule(() => console.log(clock.now()), 5);
 * clock.advance(9); // prints 5; now it is 9
 */
export class ArrivalClock extends MarbleScheduler {
  /** The same clock as operators see it in a job. */
  readonly job: JobClock = {
    now: () => this.now(),
    running: () => this.now() - this.paused,
    after: (ms, fn) => {
      const timer = this.schedule(() => fn(), ms);
      return () => timer.unsubscribe();
    },
  };
  private paused = 0;

  /** @param start what the clock shows first, epoch milliseconds */
  constructor(start = 0) {
    super({ clock: start, maxActions: Infinity });
  }

  /**
   * Lets `ms` of arrival time pass; with `paused`, the sources of the job stand still meanwhile.
   * @throws what a timer throws, and an error where a timer sets itself again at one instant for ever
   */
  advance(ms: number, paused = false): void {
    const until = this.frame + ms;
    let atOnce = 0;
    for (let next = this.nextFrame; next !== undefined && next <= until; next = this.nextFrame) {
      atOnce = next > this.frame ? 1 : atOnce + 1;
      if (atOnce > MOST_AT_ONCE) {
        throw new Error(
          `arrival clock: a timer sets itself again at once, for ever, at ${this.now()}`,
        );
      }
      this.pass(next, paused);
      this.step(until);
    }
    this.pass(until, paused);
    this.settle();
  }

  /* A timer may have moved the clock itself, further than it was to go. */
  private pass(frame: number, paused: boolean): void {
    if (frame < this.frame) return;
    if (paused) this.paused += frame - this.frame;
    this.frame = frame;
  }
}
