/** Lets virtual time pass while promises settle: by itself, or by the fake timers of a test runner. */
import { setImmediate as macrotask, setTimeout as pause } from 'node:timers/promises';
import type { Run } from './run.js';
import type { MarbleScheduler } from './scheduler.js';

/** Turns of the event loop without anything to do after which nothing more is coming. */
const QUIET = 3;
/** How often a body may wait a real millisecond for something that virtual time does not bring. */
const PATIENCE = 2000;
/** Node's longest timer; a longer one would fire at once. */
const LONGEST_MS = 2 ** 31 - 1;

/** `jest` or `vi`, as far as it is needed. */
export interface FakeTimers {
  useFakeTimers(options: { now: number }): unknown;
  useRealTimers(): unknown;
  advanceTimersByTimeAsync(ms: number): Promise<unknown>;
  advanceTimersToNextTimerAsync(): Promise<unknown>;
  getTimerCount(): number;
}

export interface Driver {
  /** Lets time pass until nothing is pending and the body has ended. */
  run(done: () => boolean): Promise<void>;
  /** Settles when nothing is pending. */
  flush(): Promise<void>;
  end(): void;
}

/** One turn of time. */
interface Clockwork {
  readonly scheduler: MarbleScheduler;
  /** Lets the next timer fire, and promises settle. Whether there was one. */
  step(): Promise<boolean>;
  /** Really waits a little. */
  wait(): Promise<unknown>;
  end(): void;
}

interface Waiting {
  readonly resolve: () => void;
  readonly reject: (thrown: unknown) => void;
}

class Loop implements Driver {
  private waiting: Waiting[] = [];

  constructor(private readonly clockwork: Clockwork) {}

  flush(): Promise<void> {
    return new Promise((resolve, reject) => this.waiting.push({ resolve, reject }));
  }

  async run(done: () => boolean): Promise<void> {
    const { clockwork } = this;
    let waited = 0;
    let ended = 0; // a last wait, for errors that RxJS reports by a real timer
    for (let quiet = 0; ; ) {
      quiet = (await clockwork.step()) ? 0 : quiet + 1;
      if (quiet === 0) waited = 0;
      if (quiet < QUIET) continue;
      if (this.waiting.length > 0) this.flushed();
      else if (done() && ended++ > 0) return;
      else if (waited++ > PATIENCE) throw new Error(NO_END);
      else await clockwork.wait();
      quiet = 0;
    }
  }

  end(): void {
    this.clockwork.end();
  }

  private flushed(): void {
    const waiting = this.waiting.splice(0);
    try {
      this.clockwork.scheduler.settle();
      for (const { resolve } of waiting) resolve();
    } catch (thrown) {
      for (const { reject } of waiting) reject(thrown);
    }
  }
}

const NO_END =
  'marbles: the body still waits, but nothing is left that virtual time could bring; ' +
  'await flush() or a stream that ends, or pass `fakeTimers` if it waits for setTimeout';

/** Virtual time, a turn of the event loop after each action. */
export function driveVirtual(scheduler: MarbleScheduler): Driver {
  return new Loop({
    scheduler,
    step: async () => {
      await macrotask();
      return scheduler.step();
    },
    wait: () => pause(1),
    end: () => {},
  });
}

/** The runner's clock: the next action of the scheduler is one of its timers. */
export function driveTimers({ scheduler, clock }: Run, fake: FakeTimers): Driver {
  fake.useRealTimers(); // else the wait below would stand still where the caller has faked them already
  const realTimeout = setTimeout;
  fake.useFakeTimers({ now: clock });
  Object.defineProperty(scheduler, 'frame', { get: () => Date.now() - clock, set: () => {} });
  let armed: { readonly frame: number; readonly timer: unknown } | undefined;
  function arm(frame: number): void {
    if (armed !== undefined && armed.frame === frame) return;
    if (armed !== undefined) clearTimeout(armed.timer as number);
    const delay = Math.min(frame - scheduler.frame, LONGEST_MS);
    armed = { frame, timer: setTimeout(() => (armed = undefined), delay) };
  }
  async function step(): Promise<boolean> {
    const acted = scheduler.step(scheduler.frame);
    const next = scheduler.nextFrame;
    if (next !== undefined && next > scheduler.frame) arm(next);
    const fires = !acted && fake.getTimerCount() > 0;
    if (fires) await fake.advanceTimersToNextTimerAsync();
    else await fake.advanceTimersByTimeAsync(0);
    scheduler.onFrameEnd?.(scheduler.frame);
    if (fires) scheduler.count();
    return acted || fires;
  }
  return new Loop({
    scheduler,
    step,
    wait: () => new Promise((resolve) => realTimeout(resolve, 1)),
    end: () => fake.useRealTimers(),
  });
}
