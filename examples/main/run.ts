/** Runs a pipeline as a job, from opening its store to writing its results. */
import { formatInstant, type Job, job } from 'tidemark';
import type { LineCounts } from 'tidemark/files';
import type { Store, TableStore } from 'tidemark/memory';
import { processOwner } from 'tidemark/process';
import { openStore } from './openStore.js';
import { isDurable } from './options.js';
import { outlast, restartRule, watchOutage } from './outage.js';
import { type LateRow, Meters } from './parts.js';
import { STANDARD } from './paths.js';
import { HINT, positionOf, unread } from './positions.js';
import type { Context, Counts, Pipeline, Program, Stop } from './program.js';
import { showResults, writeResults, writesTo } from './results.js';
import { progressLine, showProgress } from './screen.js';
import type { InputName, Rejected } from './sources.js';
import { openWhenFree, watchStandby } from './standby.js';
import type { Summary } from './summary.js';
import { DoorFile, type Streams } from './writers.js';

/** A standby takes over so soon after the owner has said nothing more. */
const LEASE = '3s';
/** Whoever sends SIGTERM sends SIGKILL ten seconds later, or thirty. */
const STOP_TIMEOUT = '8s';

/** Runs to the end; the result is the exit code. Throws what made it fail. */
export async function run(program: Program, streams: Streams, stop?: Stop): Promise<number> {
  const { options, name } = program;
  const open = () => openStore(options, streams);
  const waits = (holder: string) => tellWait(program, streams, holder);
  const store = options.standby ? await openWhenFree(open, { stop, waits }) : await open();
  if (store === undefined) {
    if (!options.quiet) streams.stderr.write(`${name}: stopped while it waited\n`);
    return 0;
  }
  try {
    return await runOn(store, program, streams, stop);
  } finally {
    await store.close();
  }
}

/** Runs on a store that is open, and stays so. */
export function runOn(
  store: Store,
  program: Program,
  streams: Streams,
  stop?: Stop,
): Promise<number> {
  return new Run(program, store, streams).toEnd(stop);
}

function tellWait({ name, options }: Program, { stderr }: Streams, holder: string): void {
  if (!options.quiet) stderr.write(`${name}: waits as a standby; ${holder} is at work\n`);
}

class Run {
  private readonly meters = new Meters();
  private readonly tables: readonly TableStore[];
  private readonly rejected: DoorFile;
  private readonly late: DoorFile;
  private readonly pipeline: Pipeline;
  private readonly startedAt = performance.now();
  private linesBefore: number | undefined;
  private poisoned = 0;
  private firstPoison: unknown;
  private task: Job | undefined;
  private fallback: string | undefined;

  constructor(
    private readonly program: Program,
    private readonly store: Store,
    private readonly streams: Streams,
  ) {
    const { options, tables } = program;
    this.rejected = new DoorFile(options.rejected, streams.stdout);
    this.late = new DoorFile(options.late, streams.stdout);
    this.tables = tables.map(({ name, config }) => store.table(name, config));
    this.pipeline = program.build(this.context());
  }

  async toEnd(stop: Stop | undefined): Promise<number> {
    const task = this.job();
    this.task = task;
    const stopped = await this.work(task, stop);
    this.checkInputs(task);
    this.rejected.close();
    this.late.close();
    if (stopped !== undefined) return this.stopped(stopped);
    const { program, tables, streams } = this;
    const outlasting = <T>(act: () => Promise<T>) =>
      outlast(program.options.store, act, (sentence) => this.say(sentence));
    const summary = await outlasting(() => this.summary(task));
    const results = { program, tables, summary, streams };
    // what has gone to standard output cannot be taken back
    await (writesTo(program, STANDARD)
      ? writeResults(results)
      : outlasting(() => writeResults(results)));
    if (!this.program.options.quiet) await showResults(results);
    return this.verdict(task);
  }

  /* Damage is what nobody may overlook: it is told when the inputs open, and of a run that opens none at its end. */
  private tellFallback(): void {
    const { fallback } = this.task?.status() ?? {};
    if (fallback === undefined || fallback === this.fallback) return;
    this.fallback = fallback;
    this.streams.stderr.write(`${this.program.name}: ${fallback}\n`);
  }

  /* A source that was read to its end by a run before is not opened: nothing else looks at its origin. */
  private checkInputs(task: Job): void {
    for (const { name, origin } of this.pipeline.inputs) {
      const was = positionOf(task, name)?.input;
      if (was === undefined || was === origin) continue;
      throw new Error(`the checkpoint has read ${name} from ${was}, not from ${origin}; ${HINT}`);
    }
  }

  private context(): Context {
    const { tables, meters, rejected, late } = this;
    const write = (row: Rejected) => rejected.write(row);
    return {
      tables,
      meters,
      inputDoors: {
        stdin: this.streams.stdin,
        rejected: write,
        opened: (input, from) => this.opened(input, from),
      },
      doors: { rejected: write, late: (row: LateRow) => late.write(row) },
      poison: ({ error }) => {
        this.poisoned++;
        this.firstPoison ??= error;
      },
    };
  }

  /* All inputs open in one turn, before the first row. */
  private opened(input: InputName, from: LineCounts | undefined): void {
    if (input === 'events') this.linesBefore ??= from?.lines ?? 0;
    this.tellFallback();
    this.rejected.begin(from !== undefined);
    this.late.begin(from !== undefined);
  }

  private job(): Job {
    const { options, name } = this.program;
    const checkpoints = this.store.checkpoints();
    // a directory is for one process: who has opened it has waited for it
    const standby = options.standby && checkpoints.leases !== undefined;
    return job({
      id: `${name} ${options.table}`,
      checkpoints,
      every: options.checkpointEveryMs,
      everyEvents: options.checkpointEveryEvents,
      owner: { ...processOwner(), lease: LEASE, standby },
      stopTimeout: STOP_TIMEOUT,
      restart: restartRule(options.store),
      topology: this.pipeline.topology,
    });
  }

  private async work(task: Job, stop: Stop | undefined): Promise<string | undefined> {
    const { stderr } = this.streams;
    const live = !this.program.options.quiet && stderr.isTTY === true;
    const waits = (holder: string) => tellWait(this.program, this.streams, holder);
    const watched = this.program.options.standby ? watchStandby(task, waits) : () => {};
    const told = watchOutage(task, (sentence) => this.say(sentence));
    const hide = live ? showProgress(stderr, () => this.progress(task)) : () => {};
    let signal = 'request';
    stop?.requested
      .then((by) => {
        signal = by;
        return task.stop();
      })
      .catch(() => {}); // what makes it fail is told by the run
    try {
      return (await task.run()) === 'stopped' ? signal : undefined;
    } finally {
      this.tellFallback();
      hide();
      told();
      watched();
    }
  }

  private progress(task: Job): string {
    return progressLine(this.counts(task).events, this.watermark());
  }

  private counts(task: Job): Counts {
    return this.pipeline.counts((input) => positionOf(task, input) ?? unread);
  }

  private watermark(): string | null {
    const { watermark } = this.meters;
    return watermark === -Infinity ? null : formatInstant(watermark);
  }

  private async summary(task: Job): Promise<Summary> {
    const { events, profiles, windows, peak } = this.counts(task);
    const elapsedMs = Math.round(performance.now() - this.startedAt);
    const read = events.lines - (this.linesBefore ?? events.lines);
    return {
      events,
      ...(profiles === undefined ? {} : { profiles }),
      windows,
      rows: (await this.tables[0]?.count()) ?? 0,
      guarantee: task.guarantee,
      peak,
      watermark: this.watermark(),
      elapsedMs,
      eventsPerSecond: Math.round((read * 1000) / Math.max(1, elapsedMs)),
    };
  }

  private verdict(task: Job): number {
    for (const { name } of this.pipeline.inputs) {
      const damage = positionOf(task, name)?.damage;
      if (damage === undefined) continue;
      const { line, reason } = damage;
      return this.failure(`${damage.input} is damaged after line ${line}: ${reason}`);
    }
    if (this.poisoned === 0) return 0;
    const { message } = this.firstPoison as Error;
    return this.failure(`${this.poisoned} rows were refused by the store, the first: ${message}`);
  }

  /* A stop is no failure where the same command goes on from it. */
  private stopped(signal: string): number {
    if (!isDurable(this.program.options.store))
      return this.failure(`stopped by ${signal}; its store is gone with it`);
    this.say(`stopped by ${signal} at a checkpoint; the same command goes on from it`);
    return 0;
  }

  /* What is no error. */
  private say(sentence: string): void {
    const { name, options } = this.program;
    if (!options.quiet) this.streams.stderr.write(`${name}: ${sentence}\n`);
  }

  private failure(sentence: string): number {
    this.streams.stderr.write(`${this.program.name}: ${sentence}\n`);
    return 1;
  }
}
