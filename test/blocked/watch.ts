/** Watches the turns of the event loop: how long each takes, and how much of it the garbage collector. */
import { readFileSync } from 'node:fs';
import { PerformanceObserver } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';

/** Shorter turns are not looked at. */
const LEAST_MS = 1;
/** Ends of garbage collections are told of a little later. */
const TOLD_MS = 300;
/** The turn in work ends. */
const TURN_MS = 2;

const OF_THREAD = `/proc/self/task/${process.pid}/schedstat`;

interface Span {
  readonly from: number;
  readonly to: number;
}

interface Turn extends Span {
  /** What this thread worked; where it is less than the time, others had the machine. */
  readonly cpuMs: number;
}

/** The turns of some time. */
export interface Turns {
  /** The longest, as it was; and without its garbage collections, and without what others had. */
  readonly longestMs: number;
  readonly ownMs: number;
  /** Of the turns of a millisecond and more, likewise. */
  readonly p99Ms: number;
}

/** Goes round the loop all the time, so that a turn ends where the next begins. */
export class Watch {
  private turns: Turn[] = [];
  private collections: Span[] = [];
  private last = performance.now();
  private lastCpu = 0;
  private running = true;
  private readonly observer = new PerformanceObserver((list) => {
    for (const { startTime, duration } of list.getEntries()) {
      this.collections.push({ from: startTime, to: startTime + duration });
    }
  });

  constructor() {
    this.observer.observe({ entryTypes: ['gc'] });
    const turn = () => {
      const now = performance.now();
      const cpu = usedMs();
      if (now - this.last >= LEAST_MS) {
        this.turns.push({ from: this.last, to: now, cpuMs: cpu - this.lastCpu });
      }
      this.last = now;
      this.lastCpu = cpu;
      if (this.running) setImmediate(turn);
    };
    turn();
  }

  /** The turns since the last look that ended by then. */
  async take(until?: number): Promise<Turns> {
    await sleep(TURN_MS);
    const end = until ?? performance.now();
    await sleep(TOLD_MS);
    const turns = this.turns.filter(({ to }) => to <= end);
    const own = turns.map((turn) =>
      Math.min(turn.to - turn.from - this.collected(turn), turn.cpuMs),
    );
    own.sort((a, b) => a - b);
    this.turns = this.turns.filter(({ to }) => to > end);
    this.collections = this.collections.filter(({ to }) => to > end);
    return {
      longestMs: turns.reduce((longest, { from, to }) => Math.max(longest, to - from), 0),
      ownMs: own.at(-1) ?? 0,
      p99Ms: own[Math.floor(own.length * 0.99)] ?? 0,
    };
  }

  end(): void {
    this.running = false;
    this.observer.disconnect();
  }

  private collected(turn: Span): number {
    let ms = 0;
    for (const { from, to } of this.collections) {
      ms += Math.max(0, Math.min(to, turn.to) - Math.max(from, turn.from));
    }
    return ms;
  }
}

/* Where the system does not tell of one thread, of all of them. */
function usedMs(): number {
  try {
    return Number(readFileSync(OF_THREAD, 'latin1').split(' ')[0]) / 1e6;
  } catch {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1000;
  }
}
