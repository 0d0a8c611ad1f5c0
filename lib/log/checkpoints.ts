/** Checkpoints in a log: each is one record, with its rows; only what changed is written. */
import {
  CHECKPOINT_FORMAT,
  checkRestorable,
  checkTransaction,
  rejection,
} from '../checkpointRules.js';
import { HeldLeases } from '../heldLeases.js';
import { restored } from '../heldTask.js';
import type {
  Checkpoint,
  CheckpointStore,
  Commit,
  CommitAnswer,
  LeaseStore,
  Ownership,
} from '../ports.js';
import type { CommitEntry, TableWrite } from './entry.js';
import type { LogHome } from './home.js';
import type { ImageTask } from './image.js';
import type { Log } from './log.js';
import { connectionLost } from './problem.js';
import type { LogTable } from './table.js';

export class LogCheckpoints implements CheckpointStore {
  readonly name = 'file';

  /* A directory is of one process, so that its leases need not outlive it. */
  readonly leases: LeaseStore;

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
      return { epoch, checkpoint };
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

  private async write(log: Log, commit: Commit): Promise<CommitAnswer> {
    const { job, task } = commit;
    const held = log.image.task(job, task);
    const rejected = rejection(commit, held.epoch === 0 ? undefined : held);
    if (rejected !== undefined) return rejected;
    const checked = commit.rows.map(({ store, rows }) => {
      const table = store as LogTable;
      return { table, rows: table.check(log, rows) };
    });
    const raw = commit.changed.map(({ bytes }) => bytes);
    const tables = checked.map(({ table, rows }) => table.pack(rows, raw));
    return log.append(entryOf(commit, tables), raw);
  }
}

function checkpointOf(held: ImageTask): Checkpoint | undefined {
  return held.n === 0 ? undefined : restored(held);
}

function entryOf(commit: Commit, tables: readonly TableWrite[]): CommitEntry {
  const { job, task, epoch, n, prev, positions, fingerprint, drained, operators } = commit;
  return {
    kind: 'commit',
    ...{ job, task, epoch, n, prev, positions, fingerprint, drained },
    format: CHECKPOINT_FORMAT,
    operators,
    changed: commit.changed.map(({ operator, chunk, bytes }) => [operator, chunk, bytes.length]),
    dropped: commit.dropped.map(({ operator, chunk }) => [operator, chunk]),
    tables,
  };
}
