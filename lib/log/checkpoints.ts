/** Checkpoints in a log, with their rows; only what changed is written. */
import { checkRestorable, checkTransaction, rejection } from '../checkpointRules.js';
import { JobError, messageOf, show } from '../errors.js';
import { HeldLeases } from '../heldLeases.js';
import { restored } from '../heldTask.js';
import { keyText } from '../key.js';
import type {
  Checkpoint,
  CheckpointStore,
  Commit,
  CommitAnswer,
  LeaseStore,
  Ownership,
} from '../ports.js';
import { commitRecords, type Rows } from './commitRecords.js';
import type { LogHome } from './home.js';
import type { ImageTask } from './image.js';
import type { Log } from './log.js';
import { connectionLost } from './problem.js';
import type { LogTable } from './table.js';

export class LogCheckpoints implements CheckpointStore {
  readonly name = 'file';

  /* A directory is of one process, so that its leases need not outlive it. */
  readonly leases: LeaseStore;

  private readonly told = new WeakMap<Log, Set<string>>();

  constructor(private readonly home: LogHome) {
    this.leases = new HeldLeases({ now: () => home.clock.now() });
  }

  get transaction(): object {
    return this.home.transaction;
  }

  acquire(job: string, task: string, fingerprint: string | undefined): Promise<Ownership> {
    return this.home.run(async (log) => {
      const held = log.image.task(job, task);
      checkRestorable(job, fingerprint, held);
      const checkpoint = checkpointOf(held);
      const epoch = held.epoch + 1;
      const { outcome } = await log.append({ kind: 'acquire', job, task, epoch });
      if (outcome !== 'ok') throw connectionLost(`another has taken over job "${job}" just now`);
      const fallback = this.left(log, held);
      return { epoch, checkpoint, ...(fallback === undefined ? {} : { fallback }) };
    });
  }

  async commit(commit: Commit): Promise<CommitAnswer> {
    checkTransaction(commit.rows, this.transaction);
    return this.home.run((log) => this.write(log, commit));
  }

  lastCommitted(job: string, task: string): Promise<{ epoch: number; n: number }> {
    return this.home.run(({ image }) => {
      const { epoch, n } = image.task(job, task);
      return { epoch, n };
    });
  }

  read(job: string, task: string): Promise<Checkpoint | undefined> {
    return this.home.run(({ image }) => checkpointOf(image.task(job, task)));
  }

  /* Damage is told to the first owner of each task: what a later one goes on from was written since. */
  private left(log: Log, { job, task, n }: ImageTask): string | undefined {
    const told = this.told.get(log) ?? new Set();
    this.told.set(log, told);
    if (told.size === told.add(keyText([job, task])).size || log.damage === undefined) return;
    const from = n === 0 ? 'begins anew' : `goes on from checkpoint ${n}`;
    return `${log.damage}; job ${show(job)} ${from}`;
  }

  private async write(log: Log, commit: Commit): Promise<CommitAnswer> {
    const { job, task } = commit;
    const held = log.image.task(job, task);
    const rejected = rejection(commit, held.epoch === 0 ? undefined : held);
    if (rejected !== undefined) return rejected;
    const checked: Rows[] = [];
    for (const { store, rows } of commit.rows) {
      const table = store as LogTable;
      checked.push({ table, rows: await table.check(log, rows) });
    }
    return log.appendAll(commitRecords(commit, checked));
  }
}

/* The log has the newest only: where that is damaged there is nothing to go on from. */
function checkpointOf(held: ImageTask): Checkpoint | undefined {
  if (held.n === 0) return undefined;
  try {
    return restored(held);
  } catch (thrown) {
    const what = `its checkpoint ${held.n} is damaged (${messageOf(thrown)})`;
    throw new JobError(held.job, `${what}; restore a copy of the log, or start a new job id`, {
      cause: thrown,
    });
  }
}
