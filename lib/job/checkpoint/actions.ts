/** What the coordinator decides, done: barriers are sent, captures committed, silent operators waited for. */
import { JobError } from '../../errors.js';
import type { Timers } from '../runtime.js';
import type { Deliveries } from '../sinks/deliveries.js';
import type { Sources } from '../sources/sources.js';
import { sendBarrier } from './barriers.js';
import type { Commits } from './commits.js';
import { type Actions, type Capture, Coordinator } from './coordinator.js';
import type { Reading } from './reading.js';
import type { Roster } from './roster.js';

export interface CheckpointActionsConfig {
  readonly job: string;
  /** That of the checkpoint that the run begins with; 0 where there is none. */
  readonly n: number;
  readonly everyEvents: number;
  /** How long a checkpoint may wait for its reports. */
  readonly timeoutMs: number;
  readonly timers: Timers;
  readonly sources: Sources;
  readonly reading: Reading;
  readonly roster: Roster;
  readonly deliveries: Deliveries;
  readonly commits: Commits;
  /** Everything up to here is durable: the run is over. */
  readonly done: (last: Capture) => void;
  readonly failed: (thrown: unknown) => void;
}

export class CheckpointActions implements Actions {
  readonly coordinator: Coordinator;
  private ended = false;

  constructor(private readonly config: CheckpointActionsConfig) {
    this.coordinator = new Coordinator(config.n, config.everyEvents, this);
  }

  hold(reason: 'barrier'): void {
    this.config.sources.hold(reason);
  }

  release(reason: 'barrier'): void {
    this.config.sources.release(reason);
  }

  emitBarrier(capture: Capture): void {
    const { roster, reading, sources, timers, timeoutMs } = this.config;
    const { coordinator } = this;
    sendBarrier(capture, sources.all, { roster, coordinator, reading });
    if (this.silent(capture).length === 0) return;
    timers.after(timeoutMs, () => this.overdue(capture));
  }

  silent(capture: Capture): string[] {
    return this.config.roster.silent(capture.reports);
  }

  reading(): boolean {
    return this.config.reading.busy;
  }

  complete({ n, reports }: Capture): void {
    const { roster, deliveries } = this.config;
    roster.complete(reports);
    deliveries.take(n, (id) => reports.get(id)?.rows ?? []);
  }

  commit(capture: Capture, prev: number): void {
    this.config.commits.write(capture, prev).then(
      () => this.ended || this.coordinator.durable(capture),
      (thrown) => this.config.failed(thrown),
    );
  }

  carry({ reports }: Capture): void {
    for (const [id, { rows }] of reports) this.config.roster.carry(id, rows);
  }

  done(capture: Capture): void {
    this.config.done(capture);
  }

  fail(message: string): void {
    this.config.failed(new JobError(this.config.job, message));
  }

  allFinished(): boolean {
    return this.config.sources.finished;
  }

  /** The run is over: nothing more is taken or committed. */
  end(): void {
    this.ended = true;
    this.coordinator.end();
  }

  /* While a table is away its rows are waited for, not given up: how long, the outage decides. */
  private overdue(capture: Capture): void {
    if (!this.coordinator.waitsFor(capture.n)) return;
    const { deliveries, timers, timeoutMs } = this.config;
    if (!deliveries.away(this.silent(capture))) this.coordinator.decline(capture.n);
    else timers.after(timeoutMs, () => this.overdue(capture));
  }
}
