/** Kills the main job with SIGKILL at its work, starts it again until done, and compares the tables. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openPlace, type Place, storesOf } from './places.js';
import { type KillPlan, planKill } from './plan.js';
import { compare, inputOf, random, reference, rowsIn } from './runs.js';
import type { Stage } from './stages.js';
import { add, type Landed, nothing, type Report, type Saved } from './tally.js';
import { Worked } from './worked.js';
import type { Errand } from './worker.js';

export interface KillOptions {
  readonly kills: number;
  readonly seed: number;
  readonly events?: number;
  /** One of `kinds`, or the address of a server. */
  readonly store: string;
  /** Kills in one run at most; the next one begins anew. @default 30 */
  readonly killsPerRun?: number;
  /** Runs side by side, each with a store of its own. @default 1 */
  readonly jobs?: number;
  /** Where runs that are done are kept, and taken up again. @default nowhere */
  readonly saved?: Saved;
  readonly log?: (line: string) => void;
}

/** In one run at most, after the last input. */
const END_KILLS = 6;
const MISSES = 10;
const EVENTS = 40_000;

export async function killRuns(options: KillOptions): Promise<Report> {
  const { saved, jobs = 1 } = options;
  const dir = mkdtempSync(join(tmpdir(), 'tidemark-crash-'));
  const place = await openPlace(options.store);
  try {
    const undisturbed = await reference(dir, options.seed, options.events ?? EVENTS);
    const all = new AllRuns(options, { dir, place, undisturbed }, saved?.read() ?? nothing);
    const lanes = Array.from({ length: jobs }, () => all.lane());
    // what the others do is over before their place is taken away
    const ends = await Promise.allSettled(lanes);
    for (const end of ends) if (end.status === 'rejected') throw end.reason;
    return all.report;
  } finally {
    await place.close();
    rmSync(dir, { recursive: true, force: true });
  }
}

interface Home {
  readonly dir: string;
  readonly place: Place;
  readonly undisturbed: readonly string[];
}

/* Runs until enough kills have landed in runs whose table was compared. */
class AllRuns {
  private begun: number;
  /** Kills that are still to land, in no run. */
  private left: number;
  private idle = 0;
  private failed = false;
  private readonly from = Date.now();
  private readonly before: number;

  constructor(
    private readonly options: KillOptions,
    private readonly home: Home,
    public report: Report,
  ) {
    this.begun = report.runs;
    this.before = report.elapsedMs;
    this.left = options.kills - report.kills;
  }

  async lane(): Promise<void> {
    const spare = new Spare(this.options.store);
    try {
      while (this.left > 0 && !this.failed) await this.run(spare);
    } catch (thrown) {
      this.failed = true;
      throw thrown;
    } finally {
      await spare.end();
    }
  }

  private async run(spare: Spare): Promise<void> {
    const { seed, events = EVENTS, killsPerRun = 30, saved, log = () => {} } = this.options;
    const { dir, place, undisturbed } = this.home;
    const number = ++this.begun;
    const most = Math.min(killsPerRun, this.left);
    this.left -= most;
    const home = join(dir, `run-${number}`);
    const stores = storesOf(number, place, home);
    const run = new KillRun({
      ...{ home, spare, most, log, number, outbox: stores.checkpoints !== undefined },
      ...{ input: inputOf(seed, events), next: random(seed * 7919 + number) },
      ...stores,
    });
    const landed = await run.toEnd();
    const found = compare(undisturbed, rowsIn(`${home}.out`));
    this.left += most - landed.length;
    const elapsedMs = this.before + Date.now() - this.from;
    this.report = { ...add(this.report, landed, found), elapsedMs };
    saved?.write(this.report);
    log(
      `run ${number} (${run.topology}): ${landed.length} kills; ${undisturbed.length} rows, ` +
        `${found.lost} lost, ${found.doubled} doubled, ${found.wrong} wrong`,
    );
    rmSync(home, { recursive: true, force: true });
    rmSync(`${home}-apart`, { recursive: true, force: true });
    this.idle = landed.length === 0 ? this.idle + 1 : 0;
    if (this.idle > MISSES) throw new Error('runs end before they can be killed: raise --events');
  }
}

/* A process that is started while another is at work, so that nobody waits for it. */
class Spare {
  private next: Worked | undefined;

  constructor(private readonly store: string) {}

  take(): Worked {
    const one = this.next ?? new Worked(this.store);
    this.next = new Worked(this.store);
    return one;
  }

  async end(): Promise<void> {
    this.next?.kill();
    await this.next?.over;
  }
}

interface KillRunConfig {
  readonly number: number;
  readonly home: string;
  readonly table: string;
  readonly checkpoints: string | undefined;
  readonly outbox: boolean;
  readonly spare: Spare;
  readonly input: readonly string[];
  readonly next: () => number;
  readonly most: number;
  readonly log: (line: string) => void;
}

/* One run: processes over one store, killed until they may end. */
class KillRun {
  private readonly landed: Landed[] = [];
  private turn = 0;
  private atEnd = 0;
  /** After which no process has gone on yet. */
  private killed: { readonly stage: Stage; readonly at: number }[] = [];

  constructor(private readonly config: KillRunConfig) {}

  get topology(): string {
    return this.config.outbox ? 'outbox' : 'one transaction';
  }

  async toEnd(): Promise<readonly Landed[]> {
    for (;;) {
      const one = this.config.spare.take();
      one.listen((line) => this.hears(line));
      const { code, signal, error } = await this.play(one).finally(() => one.kill());
      if (signal === 'SIGKILL') this.falls(one.stage);
      else if (code === 0) return this.landed;
      else throw new Error(`a process failed after ${this.last}, code ${code}: ${error}`);
    }
  }

  private async play(one: Worked) {
    const { table, checkpoints, input, home } = this.config;
    const plan = this.plan();
    const errand: Errand = {
      args: [
        ...[...input, '--quiet', '--store', table, '--out', `${home}.out`],
        ...['--checkpoint-every', '100ms', '--checkpoint-every-events', '1000'],
      ],
      ...(checkpoints !== undefined && { checkpoints }),
      deaths: plan.deaths,
    };
    await one.send(errand);
    const disarm = shoot(one, plan);
    const end = await one.over;
    disarm();
    // a process that was given up was killed too: no fault of the plan
    if (one.stalled)
      throw new Error(`a process stalled in the stage ${one.stage}, after ${this.last}`);
    return end;
  }

  /* The last kills of a run come after the last input, however long it is. */
  private plan(): KillPlan {
    const { most, outbox, next, number } = this.config;
    const done = this.landed.length + this.killed.length;
    if (done >= most) return { deaths: [], shots: [] };
    const middle = most - Math.min(END_KILLS, Math.ceil(most / 3));
    const turn = done < middle ? middle * number + this.turn++ : undefined;
    const endTurn = this.atEnd < END_KILLS ? this.atEnd : undefined;
    // what misses is as good a test, but the first runs are to meet every stage
    return planKill({ next, outbox, turn, endTurn, sure: number <= 2 });
  }

  /* The next process has read its first input, or found that there is nothing more to read. */
  private hears(line: string): void {
    if (line === '+ read' || line === '+ count') this.wentOn();
  }

  private wentOn(): void {
    const { number, log } = this.config;
    for (const { stage, at } of this.killed.splice(0)) {
      const wentOnMs = Date.now() - at;
      this.landed.push({ stage, wentOnMs });
      log(`run ${number} kill ${this.landed.length}: ${stage}; went on after ${wentOnMs} ms`);
    }
  }

  private falls(stage: Stage): void {
    this.killed.push({ stage, at: Date.now() });
    if (stage === 'final commit' || stage === 'closing') this.atEnd++;
  }

  private get last(): string {
    const last = this.killed.at(-1)?.stage ?? this.landed.at(-1)?.stage;
    return last === undefined ? 'no kill' : `a kill in ${last}`;
  }
}

/* Kills it from outside when it tells of a step, or when its time has come. */
function shoot(one: Worked, { shots }: KillPlan): () => void {
  const timers: NodeJS.Timeout[] = [];
  const stops = shots.map(({ step, k, afterMs }) => {
    const fire = () => timers.push(setTimeout(() => one.kill(), afterMs));
    if (step === undefined) {
      fire();
      return () => {};
    }
    let heard = 0;
    return one.listen((line) => line === `+ ${step}` && ++heard === k && fire());
  });
  return () => {
    for (const timer of timers) clearTimeout(timer);
    for (const stop of stops) stop();
  };
}
