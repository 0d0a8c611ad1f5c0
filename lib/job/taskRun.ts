/** One run of a task: acquires, restores, lets the sources go, checkpoints, and ends in one of four ways. */
import { type Restore, restoreWith } from '../element.js';
import { JobError, show } from '../errors.js';
import { sendBarrier } from './checkpoint/barriers.js';
import { Commits } from './checkpoint/commits.js';
import { type Capture, Coordinator } from './checkpoint/coordinator.js';
import { captureOf, settleRows } from './checkpoint/ending.js';
import { Reading } from './checkpoint/reading.js';
import { Roster } from './checkpoint/roster.js';
import { Timers } from './runtime.js';
import { Deliveries } from './sinks/deliveries.js';
import { Drift } from './sources/drift.js';
import { Pressure } from './sources/pressure.js';
import type { Quarantined } from './sources/quarantine.js';
import { holdAll, type SavedSource, SourceRun } from './sources/sourceRun.js';
import { takeOver } from './takeOver.js';
import type { Outcome, TaskRunConfig } from './taskConfig.js';
import { taskStatus } from './taskStatus.js';

export type { Outcome, TaskRunConfig } from './taskConfig.js';

export class TaskRun {
  readonly outcome: Promise<Outcome>;
  private settle!: { resolve(o: Outcome): void; reject(thrown: unknown): void };
  private sources: readonly SourceRun[] = [];
  private roster: Roster | undefined;
  private coordinator: Coordinator | undefined;
  private commits: Commits | undefined;
  private deliveries: Deliveries | undefined;
  private readonly drift: Drift;
  private readonly timers: Timers;
  private readonly reading: Reading;
  private readonly pressure: Pressure;
  private draining = false;
  private registered = false;
  private ended = false;
  private epoch = 0;
  private fallback: string | undefined;
  /** The event in whose turn the run failed. */
  culprit: Quarantined | undefined;

  constructor(private readonly config: TaskRunConfig) {
    this.outcome = new Promise((resolve, reject) => {
      this.settle = { resolve, reject };
    });
    this.outcome.catch(() => {});
    const { sources, maxDriftMs, runtime } = config;
    this.timers = new Timers(runtime);
    this.reading = new Reading({
      later: (fn) => this.timers.after(0, fn),
      done: () => this.coordinator?.reported(),
      failed: (thrown) => this.fail(thrown),
    });
    this.pressure = new Pressure(config.maxPending, (hold) => {
      holdAll(this.sources, 'pressure', hold);
    });
    this.drift = new Drift(sources.length, maxDriftMs, (i, wait) => {
      const gate = this.sources[i]?.gate;
      if (wait) gate?.hold('drift');
      else gate?.release('drift');
    });
  }

  /** Starts; failures reject `outcome`. */
  async start(): Promise<void> {
    try {
      const { job, task, store, sources, runtime, quarantine, migration } = this.config;
      const taken = await takeOver(this.config, () => this.ended);
      if (taken === undefined || this.ended) return;
      const { fingerprint, epoch, checkpoint, reopened } = taken;
      this.epoch = epoch;
      this.fallback = taken.fallback;
      const { reading } = this;
      const deliveries = this.deliveriesOf(epoch);
      this.deliveries = deliveries;
      const roster = new Roster(job, deliveries, checkpoint, {
        captured: (id, state) => reading.take(id, state),
        left: () => {
          reading.read();
          this.coordinator?.reported();
        },
        migration: migration.forRun(taken.floor),
      });
      this.roster = roster;
      const wait = (ms: number) => new Promise<void>((resolve) => this.timers.after(ms, resolve));
      const names = { job, task, epoch, fingerprint, store, roster, deliveries };
      this.commits = new Commits({ ...names, restored: checkpoint, wait });
      const { everyEvents } = this.config;
      this.coordinator = new Coordinator(checkpoint?.n ?? 0, everyEvents, this.actions(roster));
      this.sources = sources.map(({ source, feed }) => {
        const last = checkpoint?.positions ?? taken.positions;
        const at = last.get(source.name) as SavedSource | undefined;
        const saved = migration.position(source, at, reopened);
        return new SourceRun(source, feed, saved, quarantine, () => runtime.now());
      });
      this.restore(roster);
      if (this.ended) return;
      await deliveries.fence(checkpoint?.n ?? 0);
      if (this.ended) return;
      if (checkpoint?.drained === true && !reopened) {
        this.conclude(captureOf(checkpoint), 'completed');
      } else this.go();
      if (this.draining) this.drain();
    } catch (thrown) {
      this.fail(thrown);
    }
  }

  /** Barrier, commit, end; open windows are not flushed. */
  stop(): void {
    if (this.ended) return;
    if (this.coordinator === undefined) {
      this.finish('stopped');
      return;
    }
    holdAll(this.sources, 'stop');
    this.coordinator.stop();
  }

  /** Ends time at every source, so that everything fires; then barrier, commit, complete. */
  drain(): void {
    this.draining = true;
    if (this.ended || this.coordinator === undefined) return;
    holdAll(this.sources, 'stop');
    this.reading.whenRead(() => this.endTime());
  }

  private endTime(): void {
    if (this.ended) return;
    for (const [i, source] of this.sources.entries()) {
      source.end();
      this.drift.finish(i);
    }
    this.coordinator?.request();
  }

  /** What a run that is to end still waits for, in words. */
  get lacks(): string {
    const { standby } = this.config.lease ?? {};
    if (standby !== undefined) return `${show(standby.holder)} to end`;
    if (this.coordinator === undefined) return 'the store to hand the job over';
    return this.coordinator.lacks ?? this.deliveries?.lacks ?? 'its sources';
  }

  /** The run is over; nothing more is committed. */
  fail(thrown: unknown): void {
    if (this.ended) return;
    const at = this.sources.find((s) => s.turn !== undefined);
    if (at?.turn !== undefined) {
      this.culprit = { source: at.name, ...at.turn, position: at.save().at, error: thrown };
    }
    const reject = () => this.settle.reject(thrown);
    this.close().then(reject, reject);
  }

  /** What its sinks promise; undefined before they have registered. */
  get guarantee(): string | undefined {
    return this.registered ? this.deliveries?.guarantee : undefined;
  }

  status() {
    const { epoch, fallback, coordinator, commits, deliveries } = this;
    const { roster, pressure, sources, drift } = this;
    return taskStatus({
      ...{ epoch, fallback, coordinator, commits, deliveries },
      ...{ roster, pressure, sources, drift },
    });
  }

  private restore(roster: Roster): void {
    for (const [i, source] of this.sources.entries()) {
      source.send(restoreWith(this.registrar(roster, i)));
    }
    if (this.ended) return;
    roster.close();
    this.registered = true;
  }

  private registrar(roster: Roster, source: number): Restore['register'] {
    const { runtime } = this.config;
    const heldMs = () => this.sources[source]?.gate.heldMs() ?? 0;
    const clock = this.reading.clock(runtime, heldMs);
    return (member) => {
      const advanced = member.time ? this.drift.add(source) : () => {};
      const pending = (count: number) => this.pressure.set(`events in ${member.id}`, count);
      return roster.register(member, { advanced, clock, pending });
    };
  }

  private go(): void {
    for (const [i, source] of this.sources.entries()) {
      // a source may fail as it opens: the run is over, and nothing may begin after its end
      if (this.ended) return;
      if (source.finished) this.drift.finish(i);
      source.open({
        passed: () => this.coordinator?.eventPassed(),
        failed: (thrown) => this.fail(thrown),
        finished: () => {
          this.drift.finish(i);
          if (this.sources.every((s) => s.finished)) this.coordinator?.request();
        },
      });
    }
    if (this.ended) return;
    if (this.sources.every((s) => s.finished)) this.coordinator?.request();
    this.tick();
    for (const { gate } of this.sources) gate.release('start');
  }

  private tick(): void {
    this.timers.after(this.config.everyMs, () => {
      if ((this.coordinator?.uncommitted ?? 0) > 0) this.coordinator?.request();
      this.tick();
    });
  }

  private actions(roster: Roster): ConstructorParameters<typeof Coordinator>[2] {
    return {
      hold: (reason) => holdAll(this.sources, reason),
      release: (reason) => holdAll(this.sources, reason, false),
      emitBarrier: (capture) => this.emitBarrier(capture, roster),
      silent: (capture) => roster.silent(capture.reports),
      carry: (capture) => {
        for (const [id, { rows }] of capture.reports) roster.carry(id, rows);
      },
      reading: () => this.reading.busy,
      complete: (capture) => {
        roster.complete(capture.reports);
        this.deliveries?.take(capture.n, (id) => capture.reports.get(id)?.rows ?? []);
      },
      commit: (capture, prev) => this.commit(capture, prev),
      done: (capture) => {
        const ended = this.draining ? 'drained' : 'completed';
        this.conclude(capture, capture.final ? ended : 'stopped');
      },
      fail: (message) => this.fail(new JobError(this.config.job, message)),
      allFinished: () => this.sources.every((s) => s.finished),
    };
  }

  private emitBarrier(capture: Capture, roster: Roster): void {
    const { coordinator, reading } = this;
    sendBarrier(capture, this.sources, { roster, coordinator, reading });
    if (roster.silent(capture.reports).length === 0) return;
    this.timers.after(this.config.timeoutMs, () => this.overdue(capture, roster));
  }

  /* While a table is away its rows are waited for, not given up: how long, the outage decides. */
  private overdue(capture: Capture, roster: Roster): void {
    if (!this.coordinator?.waitsFor(capture.n)) return;
    if (this.deliveries?.away(roster.silent(capture.reports)) !== true) {
      this.coordinator.decline(capture.n);
    } else this.timers.after(this.config.timeoutMs, () => this.overdue(capture, roster));
  }

  private commit(capture: Capture, prev: number): void {
    this.commits?.write(capture, prev).then(
      () => this.ended || this.coordinator?.durable(capture),
      (thrown) => this.fail(thrown),
    );
  }

  private conclude(last: Capture, outcome: Outcome): void {
    const { deliveries, commits } = this;
    if (deliveries === undefined || commits === undefined) return;
    settleRows(last, { deliveries, commits, over: () => this.ended }).then(
      () => this.ended || this.finish(outcome),
      (thrown) => this.fail(thrown),
    );
  }

  private deliveriesOf(epoch: number): Deliveries {
    const { job, task, store, runtime, outageMs } = this.config;
    const after = (ms: number, fn: () => void) => this.timers.after(ms, fn);
    return new Deliveries({
      ...{ job, task, epoch, outageMs },
      transaction: store.transaction,
      timing: { now: () => runtime.now(), after },
      pending: (id, rows) => this.pressure.set(`rows of ${id}`, rows),
      failed: (thrown) => this.fail(thrown),
    });
  }

  private finish(outcome: Outcome): void {
    const closed = this.close();
    if (outcome !== 'stopped') for (const { feed } of this.sources) feed.complete();
    closed.then(() => this.settle.resolve(outcome), this.settle.reject);
  }

  private close(): Promise<unknown> {
    this.ended = true;
    this.roster?.end();
    this.deliveries?.end();
    this.coordinator?.end();
    this.reading.end();
    this.timers.clear();
    holdAll(this.sources, 'stop');
    return Promise.all(this.sources.map((s) => s.close()));
  }
}
