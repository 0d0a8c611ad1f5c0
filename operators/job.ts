/** `job`: runs pipelines over replayable sources, with checkpoints and an exactly-once effect. */
import { guardedDoor } from '../lib/doors.js';
import { JobError } from '../lib/errors.js';
import { JobRun } from '../lib/job/jobRun.js';
import { leaseOf } from '../lib/job/owner/owner.js';
import { Restarts } from '../lib/job/restarts.js';
import { Quarantine } from '../lib/job/sources/quarantine.js';
import type { Outcome } from '../lib/job/taskConfig.js';
import { type JobConfig, settingsOf } from './job/config.js';
import { promiseOf } from './job/promise.js';
import { start } from './job/start.js';

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
  const settings = settingsOf(config);
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
    run: rejecting(() => {
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
    }),
    stop: rejecting(() => {
      running().stop();
      return running().outcome;
    }),
    drain: rejecting(() => {
      running().drain();
      return running().outcome;
    }),
    status: () => running().status(),
  };
}

/* No `async`: all of them give the promise of the run itself, so that to handle one is to handle each. */
function rejecting(ask: () => Promise<Outcome>): () => Promise<Outcome> {
  return () => {
    try {
      return ask();
    } catch (thrown) {
      return Promise.reject(thrown);
    }
  };
}
