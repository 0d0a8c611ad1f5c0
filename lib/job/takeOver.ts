/** How a run becomes the owner of its task: after whoever has it, with sources that fit, under a new epoch. */
import { JobError, show } from '../errors.js';
import type { Ownership } from '../ports.js';
import type { SavedSource } from './sources/sourceRun.js';
import type { Began } from './start/beginning.js';
import type { TaskRunConfig } from './taskConfig.js';

export interface Taken extends Ownership, Pick<Began, 'adopt'> {
  readonly fingerprint: string;
  /** Where sources begin that the checkpoint does not know. */
  readonly positions: ReadonlyMap<string, SavedSource>;
  /** What is at or before it is late. */
  readonly floor: number | undefined;
  /** What was final takes new input: no state is given back. */
  readonly reopened: boolean;
}

const nothing = async () => {};

/** The run that takes over. */
export interface Taking {
  readonly ended: () => boolean;
  /** The store has been asked: whoever comes after this run must not be overtaken by what it does. */
  readonly asks: (answer: Promise<unknown>) => void;
}

/**
 * Waits for the lease, and takes the task over; undefined where the run has `ended` meanwhile.
 * @throws JobError where another is at work, or the checkpoint does not fit
 */
export async function takeOver(
  config: TaskRunConfig,
  { ended, asks }: Taking,
): Promise<Taken | undefined> {
  const { job, task, store, sources, migration, beginning, lease } = config;
  const names = sources.map(({ source }) => source.name);
  const fingerprint = `sources ${names.join()}`;
  if (lease !== undefined) await lease.take();
  if (ended()) return undefined;
  const expected = migration.expected(fingerprint);
  if (expected === undefined) {
    // before the task is taken over: what is refused here has changed nothing
    migration.checkSources(await store.read(job, task), names);
    if (ended()) return undefined;
  }
  const asked = store.acquire(job, task, expected);
  asks(asked);
  const owned = await asked;
  if (ended()) return undefined;
  const taken = { ...owned, fingerprint };
  if (owned.checkpoint === undefined) {
    return { ...taken, ...(await beginning.of(config, owned, fingerprint)), reopened: false };
  }
  const reopened = await reopens(config, owned);
  const floor = reopened ? migration.floor : undefined;
  return { ...taken, positions: new Map(), floor, reopened, adopt: nothing };
}

/* What is drained is final: there is nothing to do, unless there is input that it has not seen. */
async function reopens(config: TaskRunConfig, { checkpoint }: Ownership): Promise<boolean> {
  if (checkpoint?.drained !== true) return false;
  const { job, sources, migration } = config;
  for (const { source } of sources) {
    const saved = checkpoint.positions.get(source.name) as SavedSource | undefined;
    if (!(await source.more?.(saved?.at))) continue;
    if (migration.reopens) return true;
    throw new JobError(
      job,
      `source ${show(source.name)} has input after its end; what is drained is final, start a new job id, or say by \`migrate.reopen\` where its time begins`,
    );
  }
  return false;
}
