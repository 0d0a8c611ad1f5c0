/** Kills the main job with SIGKILL in the middle of its work, starts it again until done, and compares the tables. */
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openPlace } from './places.js';
import {
  compare,
  ended,
  inputOf,
  random,
  reference,
  rowsIn,
  sizeOf,
  sleep,
  start,
} from './runs.js';

export interface KillOptions {
  readonly kills: number;
  readonly seed: number;
  /** Kills in one run before it is let through; the next run begins anew. @default 3 */
  readonly killsPerRun?: number;
  readonly events?: number;
  /** One of `kinds`, or the address of a server. @default 'pglite:' */
  readonly store?: string;
  readonly log?: (line: string) => void;
}

export interface KillReport {
  readonly runs: number;
  readonly kills: number;
  /** Kills that came after the first input of that process was read and before its last. */
  readonly midWork: number;
  /** Rows of the undisturbed table that are missing; rows that it has not, or twice; rows that differ. */
  readonly lost: number;
  readonly doubled: number;
  readonly wrong: number;
}

const MISSES = 5;

export async function killRuns(options: KillOptions): Promise<KillReport> {
  const { kills, seed, killsPerRun = 3, events = 30_000, log = () => {} } = options;
  const { store = 'pglite:' } = options;
  const dir = mkdtempSync(join(tmpdir(), 'tidemark-crash-'));
  const next = random(seed);
  const place = await openPlace(store);
  const total = { runs: 0, kills: 0, midWork: 0, lost: 0, doubled: 0, wrong: 0 };
  let missed = 0;
  try {
    const undisturbed = await reference(dir, seed, events);
    while (total.kills < kills) {
      const home = join(dir, `run-${total.runs}`);
      const most = Math.min(killsPerRun, kills - total.kills);
      const url = place.storeOf(home);
      const run = new KillRun(home, [...inputOf(seed, events), '--store', url], next);
      const { killed, midWork } = await run.toEnd(most);
      const found = compare(undisturbed, rowsIn(`${home}.out`));
      total.runs++;
      total.kills += killed;
      total.midWork += midWork;
      for (const what of ['lost', 'doubled', 'wrong'] as const) total[what] += found[what];
      log(
        `run ${total.runs}: ${killed} kills, ${midWork} mid-work; ${undisturbed.length} rows, ` +
          `${found.lost} lost, ${found.doubled} doubled, ${found.wrong} wrong`,
      );
      rmSync(home, { recursive: true, force: true });
      // on a fast machine a run may be over first: some do not count, many say that nothing is shown
      if (killed === 0 && ++missed > MISSES) {
        throw new Error('runs end before they can be killed: raise --events');
      }
    }
    return total;
  } finally {
    await place.close();
    rmSync(dir, { recursive: true, force: true });
  }
}

/* One run: processes over one store, killed until they may end. */
class KillRun {
  private readonly rejected: string;

  constructor(
    private readonly home: string,
    private readonly input: readonly string[],
    private readonly next: () => number,
  ) {
    this.rejected = `${home}.rejected`;
  }

  async toEnd(most: number): Promise<{ killed: number; midWork: number }> {
    let killed = 0;
    let midWork = 0;
    for (;;) {
      const child = start([
        ...this.input,
        ...['--out', `${this.home}.out`],
        ...['--rejected', this.rejected, '--rate', '15000'],
        ...['--checkpoint-every', '100ms', '--checkpoint-every-events', '1000'],
      ]);
      const over = ended(child);
      const hit = killed < most && (await this.kill(child, over));
      const { code, signal, error } = await over;
      if (signal === 'SIGKILL') {
        killed++;
        if (hit) midWork++;
      } else if (code === 0) return { killed, midWork };
      else throw new Error(`a run failed, code ${code}: ${error}`);
    }
  }

  /* The first rejected line of this process shows that it is at work; now and then it is hit before. */
  private async kill(child: ChildProcess, over: Promise<unknown>): Promise<boolean> {
    const before = sizeOf(this.rejected);
    let running = true;
    over.then(() => {
      running = false;
    });
    const early = this.next() < 0.15;
    if (early) await sleep(this.next() * 1500);
    else while (running && sizeOf(this.rejected) === before) await sleep(2);
    if (!early) await sleep(this.next() * 1200);
    const working = sizeOf(this.rejected) !== before;
    return child.kill('SIGKILL') && working;
  }
}
