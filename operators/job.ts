/** `job`: runs pipelines over replayable sources, with checkpoints and an exactly-once effect. */
import {
  asyncScheduler,
  type Observable,
  config as rxConfig,
  type SchedulerLike,
  Subject,
} from 'rxjs';
import { classOf, guaranteeOf, type SinkClass } from '../lib/delivery.js';
import { guardedDoor } from '../lib/doors.js';
import { type Duration, durationOption } from '../lib/duration.js';
import { type Element, type Member, type Membership, restoreWith } from '../lib/element.js';
import { configError, JobError } from '../lib/errors.js';
import { Beginning, type StartConfig } from '../lib/job/beginning.js';
import { JobRun } from '../lib/job/jobRun.js';
import { type MigrateConfig, Migration } from '../lib/job/migration.js';
import { leaseOf, type OwnerConfig, type OwnerSettings, ownerSettings } from '../lib/job/owner.js';
import { Quarantine } from '../lib/job/quarantine.js';
import {
  type RestartConfig,
  type RestartSettings,
  Restarts,
  restartSettings,
} from '../lib/job/restarts.js';
import type { Runtime } from '../lib/job/runtime.js';
import { type Outcome, TaskRun, type TaskRunConfig } from '../lib/job/taskRun.js';
import type { CheckpointStore, Source } from '../lib/ports.js';

/** What a topology is built with. */
export interface Task {
  /** The stream of a source; the same one however often it is asked for. Goes into `watermark`. */
  source<T>(source: Source<T>): Observable<Element<T>>;
  /** A pipeline that ends in a sink; the job subscribes to it. */
  sink(acks$: Observable<unknown>): void;
}

export interface JobConfig {
  /** Names the job in the checkpoint store. */
  readonly id: string;
  /** Where checkpoints live: of the same store as the tables of the sinks. */
  readonly checkpoints: CheckpointStore;
  /** Time between checkpoints. */
  readonly every: Duration;
  /** The most events between two checkpoints: the cost of a replay. @default 10_000 */
  readonly everyEvents?: number;
  /**
   * Events inside asynchronous stages and rows on their way to a table, at which the sources are held
   * until half of them are done. @default 10_000
   */
  readonly maxPending?: number;
  /** How long a checkpoint may wait for an operator before it is given up. @default '1m' */
  readonly timeout?: Duration;
  /** How far a source may run ahead of the least active one, in event time. @default '10m' */
  readonly maxDrift?: Duration;
  /** Arrival time and timers. @default asyncScheduler */
  readonly clock?: SchedulerLike;
  /** How long `stop` and `drain` may take before the job fails instead. @default '30s' */
  readonly stopTimeout?: Duration;
  /** Who runs the job, and what it does while another runs it. */
  readonly owner?: OwnerConfig;
  /** What follows a failure. */
  readonly restart?: RestartConfig;
  /** One instance owns everything. @default 'single' */
  readonly tasks?: 'single';
  /** Where a job begins that has no checkpoint yet. @default each source at its beginning */
  readonly start?: StartConfig;
  /** What of the checkpoint may be given up since the configuration has changed. @default nothing: it is refused */
  readonly migrate?: MigrateConfig;
  /** Builds the pipelines. */
  readonly topology: (t: Task) => void;
}

export type JobStatus = ReturnType<JobRun['status']>;

/** A job that has not run, runs, or has ended. */
export interface Job {
  /** What it promises, as the weakest of its sinks; asked for before `run`, it builds the topology once more. */
  readonly guarantee: string;
  /** Runs until every source has finished, or `stop` or `drain`; rejects when it fails for good. */
  run(): Promise<Outcome>;
  /** Checkpoints and ends, within `stopTimeout`; open windows are not flushed, and the next run goes on from here. */
  stop(): Promise<Outcome>;
  /** Ends time: every window fires, then a last checkpoint. What is drained takes no new input. */
  drain(): Promise<Outcome>;
  /** Counters, positions, what holds the sources, and which owner a standby waits for, now. */
  status(): JobStatus;
}

/**
 * Makes a job out of sources, operators and sinks.
 *
 * ```text
 * source    a@1  b@2  |1|  c@3       |2|  d@4
 * operator  a@1  b@2  |1|  c@3       |2|  d@4      state is captured at |n|
 * store                    commit 1       commit 2  state + positions + rows, one transaction
 * ```
 * A barrier passes every source in one synchronous turn; a checkpoint is complete only when every
 * operator with an `id` has reported, and is one atomic write of state, positions, owner epoch and
 * rows. After a failure the job builds its topology anew and goes on from the newest one, and so does
 * the next `run` after a crash: rows of the table are as if nothing had happened.
 *
 * *Owners.* One at a time holds a lease; another is refused, or as a `standby` takes over at most 1.2
 * leases after the last renewal. That is politeness: each take-over raises the epoch, which each write
 * checks, so that an owner that was asleep writes nothing more and fails with `FencedError`.
 *
 * *Delivery.* Exactly-once effect on tables of the store that has the checkpoints, and by an outbox on
 * those of another that has one: rows are part of the checkpoint and applied after it. What else a sink
 * may promise says its `delivery`. At-least-once to doors.
 *
 * *State.* One checkpoint under way and one waiting; sources are held while both are taken.
 * @throws TypeError on a wrong option; `run` rejects with `JobError`, `SettingsError`, `FencedError` or what failed
 * @example
 * const metrics = job({
 *   id: 'metrics', checkpoints: store.checkpoints(), every: '5s',
 *   topology(t) {
 *     t.sink(t.source(events).pipe(
 *       watermark({ id: 'time', timestamp: (e: Click) => e.at }),
 *       eventTimeWindow({ id: 'perUser', key: (e) => e.user, window: tumbling('5m'), aggregate: { n: count() } }),
 *       idempotentSink({ id: 'out', store: table, key: (r) => [r.window.start, r.key], row: (r) => r.value }),
 *     ));
 *   },
 * });
 */
export function job(config: JobConfig): Job {
  const settings = check(config);
  let run: JobRun | undefined;
  let promise: string | undefined;
  const running = (): JobRun => {
    if (run === undefined)
      throw new JobError(config.id, 'it has not been started; call run() first');
    return run;
  };
  return {
    get guarantee() {
      promise = run?.guarantee ?? promise ?? promiseOf(settings);
      return promise;
    },
    run: () => {
      if (run !== undefined) throw new JobError(config.id, 'it runs only once; build it again');
      const { topology, restart, stopMs, owner, ...own } = settings;
      const { job, runtime } = own;
      const restarts = new Restarts(job, restart);
      const quarantine = new Quarantine(
        guardedDoor('job', 'quarantine', config.restart?.quarantine),
      );
      const lease = leaseOf(own, owner);
      const make = () => start({ ...own, quarantine, lease }, topology);
      const next = new JobRun({ job, stopMs, restarts, quarantine, lease, runtime, make });
      next.start();
      run = next;
      return run.outcome;
    },
    stop: () => {
      running().stop();
      return running().outcome;
    },
    drain: () => {
      running().drain();
      return running().outcome;
    },
    status: () => running().status(),
  };
}

type Settings = Omit<TaskRunConfig, 'sources' | 'quarantine'> &
  Pick<JobConfig, 'topology'> & {
    readonly restart: RestartSettings;
    readonly owner: OwnerSettings;
    readonly stopMs: number;
  };

function check(config: JobConfig): Settings {
  const { id, checkpoints, topology, everyEvents = 10_000, tasks = 'single' } = config;
  if (typeof id !== 'string' || id === '') throw configError('job', 'id', 'a non-empty string', id);
  if (typeof checkpoints?.acquire !== 'function') {
    throw configError('job', 'checkpoints', 'a CheckpointStore', checkpoints);
  }
  if (typeof topology !== 'function') throw configError('job', 'topology', 'a function', topology);
  const { maxPending = 10_000 } = config;
  for (const [option, n] of Object.entries({ everyEvents, maxPending })) {
    if (!(Number.isInteger(n) && n > 0)) throw configError('job', option, 'an integer > 0', n);
  }
  if (config.owner?.standby === true && checkpoints.leases === undefined) {
    throw configError('job', 'owner.standby', 'left out for a store without leases', true);
  }
  const restart = restartSettings(config.restart);
  if (tasks !== 'single') throw configError('job', 'tasks', "'single'", tasks);
  return {
    job: id,
    task: '0',
    store: checkpoints,
    everyMs: durationOption('job', 'every', config.every, 'positive'),
    everyEvents,
    maxPending,
    maxDriftMs: durationOption('job', 'maxDrift', config.maxDrift ?? '10m', 'positive'),
    timeoutMs: durationOption('job', 'timeout', config.timeout ?? '1m', 'positive'),
    runtime: runtimeOf(config.clock ?? asyncScheduler),
    stopMs: durationOption('job', 'stopTimeout', config.stopTimeout ?? '30s', 'positive'),
    restart,
    outageMs: restart.outageMs,
    migration: new Migration(id, config.migrate),
    beginning: new Beginning(config.start),
    owner: ownerSettings(config.owner, `owner ${globalThis.crypto.randomUUID()}`),
    topology,
  };
}

function runtimeOf(scheduler: SchedulerLike): Runtime {
  return {
    now: () => scheduler.now(),
    after: (ms, fn) => {
      const timer = scheduler.schedule(() => fn(), Math.min(ms, 2 ** 31 - 1));
      return () => timer.unsubscribe();
    },
  };
}

function build(job: string, topology: JobConfig['topology']) {
  const feeds = new Map<Source<any>, Subject<any>>();
  const sinks: Observable<unknown>[] = [];
  topology({
    source: (source) => {
      const feed = feeds.get(source) ?? new Subject<any>();
      feeds.set(source, feed);
      return feed;
    },
    sink: (acks$) => sinks.push(acks$),
  });
  checkTopology(job, [...feeds.keys()], sinks);
  return { sources: [...feeds].map(([source, feed]) => ({ source, feed })), sinks };
}

function start(settings: Omit<TaskRunConfig, 'sources'>, topology: JobConfig['topology']): TaskRun {
  const { sources, sinks } = build(settings.job, topology);
  const run = new TaskRun({ ...settings, sources });
  const watch = watchUnhandled((thrown) => run.fail(thrown));
  const subscriptions = sinks.map((acks$) => acks$.subscribe({ error: (e) => run.fail(e) }));
  const end = () => {
    watch.end();
    for (const s of subscriptions) s.unsubscribe();
  };
  run.outcome.then(end, end);
  run.start();
  return run;
}

/* The topology is built once more, and asked for its sinks; nothing is read and nothing is written. */
function promiseOf({ job, store, runtime, topology }: Settings): string {
  const { sources, sinks } = build(job, topology);
  const classes: SinkClass[] = [];
  const failed = (thrown: unknown): never => {
    throw thrown;
  };
  const subscriptions = sinks.map((acks$) => acks$.subscribe({ error: failed }));
  const register = ({ id, sink }: Member): Membership => {
    const { transaction } = store;
    if (sink !== undefined) classes.push(classOf(job, id ?? '', { sink, transaction }));
    const clock = { now: runtime.now, running: runtime.now };
    const [restored, nothing] = [undefined, () => {}];
    return { restored, finished: nothing, advanced: nothing, pending: nothing, clock };
  };
  for (const { feed } of sources) feed.next(restoreWith(register));
  for (const s of subscriptions) s.unsubscribe();
  return guaranteeOf(classes);
}

/*
 * An observer that throws reaches nobody in RxJS but this one hook: nothing may be committed after it.
 * Whose stream it was cannot be told, so every running job fails; after the end it is not ours.
 */
function watchUnhandled(fail: (thrown: unknown) => void): { end(): void } {
  const before = rxConfig.onUnhandledError;
  let running = true;
  const mine = (thrown: unknown): void => {
    if (running) fail(thrown);
    if (before !== null) before(thrown);
    else if (!running) queueMicrotask(() => raise(thrown));
  };
  rxConfig.onUnhandledError = mine;
  return {
    end() {
      running = false;
      if (rxConfig.onUnhandledError === mine) rxConfig.onUnhandledError = before;
    },
  };
}

function raise(thrown: unknown): never {
  throw thrown;
}

function checkTopology(job: string, sources: Source<any>[], sinks: readonly unknown[]): void {
  if (sources.length === 0) throw new JobError(job, 'its topology has no source');
  if (sinks.length === 0) throw new JobError(job, 'its topology has no sink');
  const names = new Set<string>();
  for (const { name } of sources) {
    if (names.has(name)) throw new JobError(job, `two sources are called ${JSON.stringify(name)}`);
    names.add(name);
  }
}
