/** What a run works with from the moment at which it owns its task. */
import { CheckpointActions } from './checkpoint/actions.js';
import { Commits } from './checkpoint/commits.js';
import type { Capture, Coordinator } from './checkpoint/coordinator.js';
import { Reading } from './checkpoint/reading.js';
import { Roster } from './checkpoint/roster.js';
import type { Timers } from './runtime.js';
import { Deliveries } from './sinks/deliveries.js';
import type { Sources } from './sources/sources.js';
import type { Taken } from './takeOver.js';
import type { TaskRunConfig } from './taskConfig.js';

export interface TaskParts {
  readonly epoch: number;
  readonly fallback: string | undefined;
  readonly reading: Reading;
  readonly deliveries: Deliveries;
  readonly roster: Roster;
  readonly commits: Commits;
  readonly coordinator: Coordinator;
  /** Ends them all. */
  end(): void;
}

/** The run that they are parts of. */
export interface Whole {
  readonly timers: Timers;
  readonly sources: Sources;
  readonly done: (last: Capture) => void;
  readonly failed: (thrown: unknown) => void;
}

/** Makes the parts of a run that goes on from what was taken over. */
export function taskParts(config: TaskRunConfig, taken: Taken, run: Whole): TaskParts {
  const { job, task, store, migration, everyEvents, timeoutMs } = config;
  const { epoch, fallback, fingerprint, checkpoint } = taken;
  const { timers, sources, failed } = run;
  const reading = new Reading({
    later: (fn) => timers.after(0, fn),
    done: () => actions.coordinator.reported(),
    failed,
  });
  const deliveries = deliveriesOf(config, epoch, run);
  const roster = new Roster(job, deliveries, checkpoint, {
    captured: (id, state) => reading.take(id, state),
    left: () => {
      reading.read();
      actions.coordinator.reported();
    },
    migration: migration.forRun(taken.floor),
  });
  const wait = (ms: number) => new Promise<void>((resolve) => timers.after(ms, resolve));
  const owner = { job, task, epoch, fingerprint, store };
  const commits = new Commits({ ...owner, roster, deliveries, wait }, checkpoint?.state);
  const n = checkpoint?.n ?? 0;
  const parts = { reading, deliveries, roster, commits };
  const actions = new CheckpointActions({
    ...{ job, n, everyEvents, timeoutMs, timers, sources },
    ...{ ...parts, done: run.done, failed },
  });
  const end = () => {
    commits.end();
    roster.end();
    deliveries.end();
    actions.end();
    reading.end();
  };
  return { epoch, fallback, ...parts, coordinator: actions.coordinator, end };
}

function deliveriesOf(
  { job, task, store, mark, runtime, outageMs }: TaskRunConfig,
  epoch: number,
  { timers, sources, failed }: Whole,
): Deliveries {
  const after = (ms: number, fn: () => void) => timers.after(ms, fn);
  return new Deliveries({
    ...{ job, task, epoch, mark, outageMs, failed },
    owns: async () => (await store.lastCommitted(job, task)).epoch === epoch,
    transaction: store.transaction,
    timing: { now: () => runtime.now(), after },
    pending: (id, rows) => sources.pressure.set(`rows of ${id}`, rows),
  });
}
