/**
 * Harm to the server of a running main job, of which the job knows nothing: SIGKILL and a new start, or a
 * connection that loses a request or only its reply. The job goes on, or does when it is run again.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Home, openPlace, type Place, storesOf } from './places.js';
import { compare, inputOf, random, reference, rowsIn, sleep } from './runs.js';
import type { Stage } from './stages.js';
import { add, type Landed, nothing, type Report } from './tally.js';
import { Worked } from './worked.js';

export interface OutageOptions {
  readonly kind: 'restart' | 'cut';
  readonly faults: number;
  readonly seed: number;
  /** A server that is started for this alone. */
  readonly store: string;
  readonly events?: number;
  readonly log?: (line: string) => void;
}

/** `again`: how often the job had ended, and was run again. */
export interface OutageReport extends Report {
  readonly again: number;
}

const FAULTS_A_RUN = 5;
const EVENTS = 15_000;
const RATE = 5000;
const LIMIT_MS = 180_000;
const AWAY_MS = 2000;
const MISSES = 5;
/** Steps at which the harm is done, or soon after. */
const AIMS = ['+ commit', '+ capture', '+ apply', '- commit', '+ read', '+ final', '+ take'];

export async function outageRuns(options: OutageOptions): Promise<OutageReport> {
  const { faults, seed, store, events = EVENTS, kind } = options;
  const dir = mkdtempSync(join(tmpdir(), 'tidemark-outages-'));
  const place = await openPlace(store, { proxied: kind === 'cut' });
  let report: OutageReport = { ...nothing, again: 0 };
  let idle = 0;
  const from = Date.now();
  try {
    const undisturbed = await reference(dir, seed, events);
    for (let number = 1; report.kills < faults; number++) {
      const most = Math.min(FAULTS_A_RUN, faults - report.kills);
      const home = join(dir, `run-${number}`);
      const run = new OutageRun(options, { number, home, place, most });
      const landed = await run.toEnd();
      const found = compare(undisturbed, rowsIn(`${home}.out`));
      const elapsedMs = Date.now() - from;
      report = {
        ...report,
        ...add(report, landed, found),
        again: report.again + run.again,
        elapsedMs,
      };
      options.log?.(
        `run ${number}: ${landed.length} faults; ${undisturbed.length} rows, ` +
          `${found.lost} lost, ${found.doubled} doubled, ${found.wrong} wrong`,
      );
      idle = landed.length === 0 ? idle + 1 : 0;
      if (idle > MISSES) throw new Error('runs end before they can be harmed: raise --events');
    }
    return report;
  } finally {
    await place.close();
    rmSync(dir, { recursive: true, force: true });
  }
}

interface RunConfig {
  readonly number: number;
  readonly home: string;
  readonly place: Place;
  readonly most: number;
}

/* One run over one store: its process is started again where it ended, and harmed until it may end. */
class OutageRun {
  again = 0;
  private readonly landed: Landed[] = [];
  private readonly next: () => number;
  private one!: Worked;
  private readonly stores: Home;

  constructor(
    private readonly options: OutageOptions,
    private readonly config: RunConfig,
  ) {
    this.next = random(options.seed * 104729 + config.number);
    this.stores = storesOf(config.number, config.place, config.home);
  }

  async toEnd(): Promise<readonly Landed[]> {
    try {
      await this.start();
      let over = false;
      while (!over && this.landed.length < this.config.most) over = await this.harm();
      await this.end();
      return this.landed;
    } finally {
      this.one.kill();
      await this.one.over;
    }
  }

  private async start(): Promise<void> {
    const { seed, store, events = EVENTS } = this.options;
    const { table, checkpoints } = this.stores;
    this.one = new Worked(store);
    const pace = ['--rate', String(RATE), '--checkpoint-every', '100ms'];
    const where = ['--store', table, '--out', `${this.config.home}.out`];
    const args = [...inputOf(seed, events), ...pace, ...where];
    const errand = { args, deaths: [], ...(checkpoints !== undefined && { checkpoints }) };
    await this.one.send(errand, LIMIT_MS);
  }

  /* True where the process has ended well before anything could be done to it. */
  private async harm(): Promise<boolean> {
    const aim = AIMS[Math.floor(this.next() * AIMS.length)] as string;
    let left = 1 + Math.floor(this.next() * 3);
    const there = await Promise.race([
      this.one.tells((line) => line.startsWith(aim) && --left === 0),
      sleep(500 + this.next() * 1000).then(() => true), // some steps come only once
    ]);
    if (!there) return this.endedWell();
    await sleep(this.next() * 10);
    const stage = this.options.kind === 'restart' ? await this.restart() : await this.cut();
    if (stage === undefined) return this.endedWell();
    const at = Date.now();
    await this.goesOn();
    const wentOnMs = Date.now() - at;
    this.landed.push({ stage, wentOnMs });
    const { number } = this.config;
    this.options.log?.(
      `run ${number} ${this.options.kind} ${this.landed.length}: ${stage}; went on after ${wentOnMs} ms`,
    );
    return false;
  }

  private async restart(): Promise<Stage> {
    const { server } = this.config.place;
    if (server === undefined) throw new Error('there is no server to start again');
    const { stage } = this.one;
    await server.kill();
    await sleep(this.next() * AWAY_MS);
    await server.start();
    return stage;
  }

  /* Undefined where the process sends nothing more. */
  private async cut(): Promise<Stage | undefined> {
    const { proxy } = this.config.place;
    if (proxy === undefined) throw new Error('there is no proxy to cut');
    const fate = this.next() < 0.5 ? 'loseRequest' : 'loseReply';
    let left = Math.floor(this.next() * 8);
    const cut = new Promise<Stage>((resolve) => {
      proxy.fate = () => {
        if (left-- > 0) return 'pass';
        proxy.fate = () => 'pass';
        resolve(this.one.stage);
        return fate;
      };
    });
    const stage = await Promise.race([cut, this.one.over.then(() => undefined)]);
    proxy.fate = () => 'pass';
    return stage;
  }

  /* A checkpoint after the harm, or the end; one that ended in a failure is run again. */
  private async goesOn(): Promise<void> {
    for (let tries = 0; ; tries++) {
      if (await this.one.tells((line) => /^- (commit|final) (ok|duplicate)/.test(line))) return;
      if (await this.endedWell()) return;
      if (tries === MISSES) throw new Error(`it did not go on: ${(await this.one.over).error}`);
      await this.runAgain();
    }
  }

  private async end(): Promise<void> {
    for (let tries = 0; !(await this.endedWell()); tries++) {
      if (tries === MISSES) throw new Error(`it did not end: ${(await this.one.over).error}`);
      await this.runAgain();
    }
  }

  private async endedWell(): Promise<boolean> {
    const { code } = await this.one.over;
    if (this.one.stalled) throw new Error(`the job stalled in the stage ${this.one.stage}`);
    return code === 0;
  }

  private async runAgain(): Promise<void> {
    const { code, error } = await this.one.over;
    this.options.log?.(`  ended with ${code}, and is run again: ${error.split('\n').at(-1)}`);
    if (code !== 1) throw new Error(`the job ended with ${code}: ${error}`);
    this.again++;
    await this.start();
  }
}
