/** Checkpoints in a log: each is one record, with its rows; only what changed is written. */
import {
  CHECKPOINT_FORMAT,
  checkRestorable,
  checkTransaction,
  rejection,
} from '../checkpointRules.js';
import { JobError, messageOf } from '../errors.js';
import { HeldLeases } from '../heldLeases.js';
import { restored } from '../heldTask.js';
import type {
  Checkpoint,
  CheckpointStore,
  Commit,
  CommitAnswer,
  LeaseStore,
  Ownership,
  Piece,
} from '../ports.js';
import type { PieceName, TableWrite } from './entry.js';
import type { LogHome } from './home.js';
import type { ImageTask } from './image.js';
import type { Log, Part } from './log.js';
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
    const pages = [...pagesOf(commit.changed)];
    const last = pages.pop() ?? [];
    const raw = last.map(({ bytes }) => bytes);
    const tables = checked.map(({ table, rows }) => table.pack(rows, raw));
    const entry = { ...entryOf(commit, tables), parts: pages.length, changed: namesOf(last) };
    return log.append(entry, raw, partsOf(commit, pages));
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

function entryOf(commit: Commit, tables: readonly TableWrite[]) {
  const { job, task, epoch, n, prev, positions, fingerprint, drained, operators } = commit;
  return {
    kind: 'commit' as const,
    ...{ job, task, epoch, n, prev, positions, fingerprint, drained, pieces: commit.pieces },
    format: CHECKPOINT_FORMAT,
    operators,
    dropped: commit.dropped.map(({ operator, chunk }) => [operator, chunk] as const),
    tables,
  };
}

/** What one record takes of pieces; a larger one has a record of its own. */
const PART_BYTES = 2 ** 20;

function* pagesOf(pieces: readonly Piece[]): Generator<readonly Piece[]> {
  let page: Piece[] = [];
  let size = 0;
  for (const piece of pieces) {
    if (size > 0 && size + piece.bytes.length > PART_BYTES) {
      yield page;
      [page, size] = [[], 0];
    }
    page.push(piece);
    size += piece.bytes.length;
  }
  yield page;
}

function* partsOf(commit: Commit, pages: readonly (readonly Piece[])[]): Generator<Part> {
  const { job, task, epoch, n } = commit;
  for (const [i, page] of pages.entries()) {
    const entry = { kind: 'part' as const, job, task, epoch, n, i, changed: namesOf(page) };
    yield { entry, pieces: page.map(({ bytes }) => bytes) };
  }
}

function namesOf(pieces: readonly Piece[]): PieceName[] {
  return pieces.map(({ operator, chunk, bytes }) => [operator, chunk, bytes.length]);
}
