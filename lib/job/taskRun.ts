/** One run of a task: acquires, restores, lets the sources go, checkpoints, and ends in one of four ways. */
import type { Restore } from '../element.js';
import { JobError, SettingsError, StateError, show } from '../errors.js';
import type { JobClock } from '../membership.js';
import type { Position } from '../ports.js';
import type { Capture } from './checkpoint/coordinator.js';
import { captureOf, settleRows } from './checkpoint/ending.js';
import { Timers } from './runtime.js';
import type { Quarantined } from './sources/quarantine.js';
import type { SavedSource } from './sources/sourceRun.js';
import { Sources } from './sources/sources.js';
import { type Taken, takeOver } from './takeOver.js';
import type { Outcome, TaskRunConfig } from './taskConfig.js';
import { type TaskParts, taskParts } from './taskParts.js';
import { taskStatus } from './taskStatus.js';

export class TaskRun {
  readonly outcome: Promise<Outcome>;
  private settle!: { resolve(o: Outcome): void; reject(thrown: unknown): void };
  private readonly timers: Timers;
  private readonly sources: Sources;
  /** Undefined before the run owns its task. */
  private parts: TaskParts | undefined;
  /** The answer of the store to the request for the task. */
  private asked: Promise<unknown> | undefined;
  private draining = false;
  private stopping = false;
  private registered = false;
  private ended = false;
  /** What fails while operators register: all of them do, before one fault ends the run. */
  private faults: unknown[] | undefined;
  /** The event in whose turn the run failed. */
  culprit: Quarantined | undefined;

  constructor(private readonly config: TaskRunConfig) {
    this.outcome = new Promise((resolve, reject) => {
      this.settle = { resolve, reject };
    });
    this.outcome.catch(() => {});
    this.timers = new Timers(config.runtime);
    this.sources = new Sources(config);
  }

  /** Starts; failures reject `outcome`. */
  async start(): Promise<void> {
    try {
      const taken = await takeOver(this.config, {
        ended: () => this.ended,
        asks: (answer) => {
          this.asked = answer;
        },
      });
      if (taken === undefined || this.ended) return;
      const { checkpoint, reopened } = taken;
      const parts = this.begin(taken);
      this.restore(parts);
      if (this.ended) return;
      const final = checkpoint?.drained === true && !reopened ? checkpoint : undefined;
      // whoever stops or drains what is final waits for its rows, and takes no other checkpoint
      if (final !== undefined) parts.coordinator.end();
      await parts.commits.after(taken.adopt());
      if (this.ended) return;
      await parts.deliveries.fence(checkpoint?.n ?? 0);
      if (this.ended) return;
      if (final === undefined) this.go(parts);
      else this.conclude(captureOf(final), 'completed');
      if (this.draining) this.drain();
    } catch (thrown) {
      this.fail(thrown);
    }
  }

  /** Barrier, commit, end; open windows are not flushed. */
  stop(): void {
    if (this.ended) return;
    this.stopping = true;
    if (this.parts === undefined) {
      this.finish('stopped');
      return;
    }
    const { coordinator } = this.parts;
    this.sources.hold('stop');
    this.sources.between.after(() => coordinator.stop());
  }

  /** Ends time at every source, so that everything fires; then barrier, commit, complete. */
  drain(): void {
    // after a stop, which checkpoints no end of time
    if (this.ended || this.stopping) return;
    this.draining = true;
    const { parts } = this;
    if (parts === undefined) return;
    this.sources.hold('stop');
    const end = () => {
      if (this.ended) return;
      this.sources.end();
      parts.coordinator.request();
    };
    this.sources.between.after(() => parts.reading.whenRead(end));
  }

  /** What a run that is to end still waits for, in words. */
  get lacks(): string {
    const { standby } = this.config.lease ?? {};
    if (standby !== undefined) return `${show(standby.holder)} to end`;
    if (this.parts === undefined) return 'the store to hand the job over';
    const { coordinator, deliveries } = this.parts;
    return coordinator.lacks ?? deliveries.lacks ?? 'its sources';
  }

  /** The run is over; nothing more is committed. */
  fail(thrown: unknown): void {
    if (this.ended) return;
    if (this.faults !== undefined) {
      this.faults.push(thrown);
      return;
    }
    this.culprit = this.sources.culprit(thrown);
    const reject = () => this.settle.reject(thrown);
    this.close().then(reject, reject);
  }

  /** What its sinks promise; undefined before they have registered. */
  get guarantee(): string | undefined {
    return this.registered ? this.parts?.deliveries.guarantee : undefined;
  }

  status() {
    return taskStatus(this.sources, this.parts);
  }

  private begin(taken: Taken): TaskParts {
    const { timers, sources, config } = this;
    const parts = taskParts(config, taken, {
      ...{ timers, sources },
      done: (last) => {
        const ended = this.draining ? 'drained' : 'completed';
        this.conclude(last, last.final ? ended : 'stopped');
      },
      failed: (thrown) => this.fail(thrown),
    });
    this.parts = parts;
    const positions: ReadonlyMap<string, Position> = taken.checkpoint?.positions ?? taken.positions;
    sources.begin((source) => {
      const saved = positions.get(source.name) as SavedSource | undefined;
      return config.migration.position(source, saved, taken.reopened);
    });
    return parts;
  }

  private restore(parts: TaskParts): void {
    const faults: unknown[] = [];
    this.faults = faults;
    this.sources.restore((source) => this.registrar(parts, source));
    this.faults = undefined;
    if (this.ended) return;
    // an id that two operators have explains state that does not fit, not the other way round
    const fault = faults.find((thrown) => !isOfState(thrown)) ?? faults[0];
    if (fault instanceof StateError)
      throw new JobError(this.config.job, fault.message, { cause: fault });
    if (fault !== undefined) throw fault;
    parts.roster.close();
    this.registered = true;
  }

  private registrar(
    { roster, reading, coordinator }: TaskParts,
    source: number,
  ): Restore['register'] {
    const { sources, config } = this;
    const timing = reading.clock(config.runtime, () => sources.heldMs(source));
    const clock: JobClock = {
      ...timing,
      after: (ms, fn) => timing.after(ms, () => sources.between.during(fn)),
    };
    return (member) => {
      const aligned = member.time ? sources.watermark(source) : () => {};
      const advanced = (w: number, idle: boolean) => {
        // what a restore gives back is in the checkpoint
        if (this.registered) coordinator.timeMoved();
        aligned(w, idle);
      };
      const pending = (count: number) => sources.pressure.set(`events in ${member.id}`, count);
      return roster.register(member, { advanced, clock, pending });
    };
  }

  private go({ coordinator }: TaskParts): void {
    const { sources } = this;
    sources.open({
      over: () => this.ended,
      passed: () => coordinator.eventPassed(),
      finished: () => coordinator.request(),
      failed: (thrown) => this.fail(thrown),
    });
    if (this.ended) return;
    if (sources.finished) coordinator.request();
    this.tick();
    sources.release('start');
  }

  private tick(): void {
    this.timers.after(this.config.everyMs, () => {
      this.parts?.coordinator.due();
      this.tick();
    });
  }

  private conclude(last: Capture, outcome: Outcome): void {
    const { deliveries, roster, commits } = this.parts as TaskParts;
    settleRows(last, { deliveries, roster, commits, over: () => this.ended }).then(
      () => this.ended || this.finish(outcome),
      (thrown) => this.fail(thrown),
    );
  }

  private finish(outcome: Outcome): void {
    const closed = this.close();
    if (outcome !== 'stopped') this.sources.complete();
    closed.then(() => this.settle.resolve(outcome), this.settle.reject);
  }

  private close(): Promise<unknown> {
    this.ended = true;
    this.parts?.end();
    this.timers.end();
    return Promise.all([this.sources.close(), this.asked?.catch(() => {})]);
  }
}

function isOfState(thrown: unknown): boolean {
  return thrown instanceof SettingsError || thrown instanceof StateError;
}
