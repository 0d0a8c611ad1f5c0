/**
 * Owners of the main job that sleep beyond their lease (SIGSTOP), are taken over from by a standby, and wake (SIGCONT):
 * they must write nothing more and say so. Each round has a table of its own in one store.
 */
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openPlace } from './places.js';
import {
  compare,
  type Ended,
  ended,
  inputOf,
  random,
  reference,
  rowsIn,
  sizeOf,
  sleep,
  start,
  startStandby,
} from './runs.js';

export interface ZombieOptions {
  readonly zombies: number;
  readonly seed: number;
  /** A store that several processes have open at once. */
  readonly store: string;
  readonly events?: number;
  /** Rounds side by side; they mostly wait. @default 1 */
  readonly jobs?: number;
  readonly log?: (line: string) => void;
}

export interface ZombieReport {
  /** Owners that woke after a standby had taken over, and ended in one sentence. */
  readonly zombies: number;
  /** Of these, how many woke while the new owner was at work. */
  readonly midWork: number;
  /** The longest time from the stop of an owner to the first work of the next. */
  readonly longestMs: number;
  readonly lost: number;
  readonly doubled: number;
  readonly wrong: number;
}

/** Beyond this a take-over counts as stalled: several times the lease of the main job, its start included. */
const STALLED_MS = 30_000;
const SENTENCE = /^main: job "main [a-z_0-9]+": epoch \d+ is no longer the owner[^\n]*$/;
let serial = 0;

export async function zombieRuns(options: ZombieOptions): Promise<ZombieReport> {
  const { zombies, seed, store, events = 30_000, jobs = 1, log = () => {} } = options;
  const dir = mkdtempSync(join(tmpdir(), 'tidemark-zombies-'));
  const place = await openPlace(store);
  const total = { zombies: 0, midWork: 0, longestMs: 0, lost: 0, doubled: 0, wrong: 0 };
  try {
    const undisturbed = await reference(dir, seed, events);
    const play = async (i: number) => {
      const table = `zombie_${process.pid}_${++serial}`;
      const args = [...inputOf(seed, events), '--store', place.storeOf(dir), '--table', table];
      const round = new Round(join(dir, `${i}`), args, random(seed * 7919 + i));
      const { tookMs, midWork, out } = await round.toEnd();
      const found = compare(undisturbed, rowsIn(out));
      total.zombies++;
      if (midWork) total.midWork++;
      total.longestMs = Math.max(total.longestMs, tookMs);
      for (const what of ['lost', 'doubled', 'wrong'] as const) total[what] += found[what];
      log(
        `zombie ${i}: taken over after ${tookMs} ms, woke ${midWork ? 'while the next one worked' : 'after the end'}; ` +
          `${undisturbed.length} rows, ${found.lost} lost, ${found.doubled} doubled, ${found.wrong} wrong`,
      );
    };
    await sideBySide({ count: zombies, jobs, play });
    return total;
  } finally {
    await place.close();
    rmSync(dir, { recursive: true, force: true });
  }
}

interface Rounds {
  readonly count: number;
  readonly jobs: number;
  /** Plays one, counted from 1. */
  readonly play: (i: number) => Promise<void>;
}

/* After a failure no further one begins, and those at work are waited for. */
async function sideBySide({ count, jobs, play }: Rounds): Promise<void> {
  let begun = 0;
  const lane = async () => {
    while (begun < count) {
      await play(++begun).catch((thrown) => {
        begun = count;
        throw thrown;
      });
    }
  };
  const ends = await Promise.allSettled(Array.from({ length: jobs }, lane));
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
}

interface Running {
  readonly child: ChildProcess;
  readonly over: Promise<Ended>;
}

/* One owner that sleeps, the standby that takes over, and a look at the table after both have ended. */
class Round {
  private readonly children: ChildProcess[] = [];

  constructor(
    private readonly home: string,
    private readonly args: readonly string[],
    private readonly next: () => number,
  ) {}

  async toEnd(): Promise<{ tookMs: number; midWork: boolean; out: string }> {
    try {
      return await this.play();
    } finally {
      for (const child of this.children) child.kill('SIGKILL');
    }
  }

  private async play(): Promise<{ tookMs: number; midWork: boolean; out: string }> {
    const owner = this.run('owner');
    await this.atWork('owner', owner.over);
    const standby = await this.standBy();
    await sleep(this.next() * 500);
    owner.child.kill('SIGSTOP');
    const stopped = Date.now();
    await this.atWork('standby', standby.over);
    const tookMs = Date.now() - stopped;
    const midWork = this.next() < 0.7;
    if (midWork) await sleep(this.next() * 800);
    else await done('the standby', standby.over);
    owner.child.kill('SIGCONT');
    await refusedIn(await owner.over);
    await done('the standby', standby.over);
    // what the table holds now, after the zombie has had its say
    const look = this.run('look');
    await done('a look at the table', look.over);
    return { tookMs, midWork, out: `${this.home}.look.out` };
  }

  private run(name: string): Running {
    return this.running(start(this.argsOf(name)));
  }

  private async standBy(): Promise<Running> {
    return this.running(await startStandby(this.argsOf('standby')));
  }

  private running(child: ChildProcess): Running {
    this.children.push(child);
    return { child, over: ended(child) };
  }

  private argsOf(name: string): string[] {
    const at = `${this.home}.${name}`;
    return [
      ...this.args,
      ...['--out', `${at}.out`, '--rejected', `${at}.rejected`, '--rate', '8000'],
      ...['--checkpoint-every', '100ms', '--checkpoint-every-events', '1000'],
    ];
  }

  /* The first rejected line of a process shows that it is the owner and reads. */
  private async atWork(name: string, over: Promise<Ended>): Promise<void> {
    let end: Ended | undefined;
    over.then((e) => {
      end = e;
    });
    const until = Date.now() + STALLED_MS;
    while (sizeOf(`${this.home}.${name}.rejected`) === 0) {
      if (end !== undefined) throw new Error(`the ${name} ended before it worked: ${end.error}`);
      if (Date.now() > until) throw new Error(`the ${name} was not at work after ${STALLED_MS} ms`);
      await sleep(5);
    }
  }
}

async function done(who: string, over: Promise<Ended>): Promise<void> {
  const { code, error } = await over;
  if (code !== 0) throw new Error(`${who} failed, code ${code}: ${error}`);
}

function refusedIn({ code, signal, error }: Ended): void {
  if (code === 1 && SENTENCE.test(error)) return;
  throw new Error(`the zombie ended with ${code ?? signal}, saying: ${error}`);
}
