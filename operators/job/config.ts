/** How a job is configured, and what its options come to. */
import { asyncScheduler, type Observable, type SchedulerLike } from 'rxjs';
import { type Duration, durationOption } from '../../lib/duration.js';
import type { Element } from '../../lib/element.js';
import { configError, optionsOf } from '../../lib/errors.js';
import { type OwnerConfig, type OwnerSettings, ownerSettings } from '../../lib/job/owner/owner.js';
import {
  type RestartConfig,
  type RestartSettings,
  restartSettings,
} from '../../lib/job/restarts.js';
import type { Runtime } from '../../lib/job/runtime.js';
import { Beginning, type StartConfig } from '../../lib/job/start/beginning.js';
import { type MigrateConfig, Migration } from '../../lib/job/start/migration.js';
import type { TaskRunConfig } from '../../lib/job/taskConfig.js';
import type { CheckpointStore, Source } from '../../lib/ports.js';

/** What a topology is built with. */
export interface Task {
  /** The stream of a source; the same one however often it is asked for. Goes into `watermark`. */
  source<T>(source: Source<T>): Observable<Element<T>>;
  /** A pipeline that ends in a sink; the job subscribes to it. */
  sink(acks$: Observable<unknown>): void;
}

export interface JobConfig {
  /** Names the job in the checkpoint store; not empty. */
  readonly id: string;
  /** Where checkpoints live; rows of tables of the same store are written in their transaction. */
  readonly checkpoints: CheckpointStore;
  /** Arrival time between checkpoints, above 0; none is written where no event came. */
  readonly every: Duration;
  /** The most events between two checkpoints, at least 1: the cost of a replay. @default 10_000 */
  readonly everyEvents?: number;
  /**
   * Events inside asynchronous stages and rows on their way to a table, at which the sources are held
   * until half of them are done; at least 1. @default 10_000
   */
  readonly maxPending?: number;
  /** How long a checkpoint may wait for an operator before it is given up; the third in a row fails the job. @default '1m' */
  readonly timeout?: Duration;
  /** How far the watermark of a source may run ahead of the least active one, in event time, above 0. @default '10m' */
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

/** The options in units, with defaults. */
export type Settings = Omit<TaskRunConfig, 'sources' | 'quarantine' | 'mark'> &
  Pick<JobConfig, 'topology'> & {
    readonly restart: RestartSettings;
    readonly owner: OwnerSettings;
    readonly stopMs: number;
  };

/** Checks what a user gave. @throws TypeError */
export function settingsOf(config: JobConfig): Settings {
  optionsOf('job', 'config', config ?? (null as never));
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
  if (typeof scheduler?.schedule !== 'function' || typeof scheduler.now !== 'function') {
    throw configError('job', 'clock', 'a scheduler', scheduler);
  }
  return {
    now: () => scheduler.now(),
    after: (ms, fn) => {
      const timer = scheduler.schedule(() => fn(), Math.min(ms, 2 ** 31 - 1));
      return () => timer.unsubscribe();
    },
  };
}
