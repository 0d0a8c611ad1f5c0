/** Checkpoints in a log: each is one record, with its rows; only what changed is written. */
import {
  CHECKPOINT_FORMAT,
  checkRestorable,
  checkTransaction,
  rejection,
} from '../checkpointRules.js';
import { ChunkDiff, type Diff, type Piece } from '../chunkDiff.js';
import { restored } from '../heldTask.js';
import type { CheckpointStore, Commit, CommitAnswer, Ownership } from '../ports.js';
import type { CommitEntry, TableWrite } from './entry.js';
import type { LogHome } from './home.js';
import type { ImageTask } from './image.js';
import type { Log } from './log.js';
import { connectionLost } from './problem.js';
import type { LogTable } from './table.js';

export class LogCheckpoints implements CheckpointStore {
  readonly name = 'file';
  readonly written = { chunks: 0, bytes: 0 };
  /* By what the image holds: where another has written, that is another object. */
  private readonly diffs = new WeakMap<ImageTask, ChunkDiff>();

  constructor(private readonly home: LogHome) {}

  get transaction(): object {
    return this.home.transaction;
  }

  acquire(job: string, task: string, fingerprint: string): Promise<Ownership> {
    return this.home.run(async (log) => {
      const held = log.image.task(job, task);
      checkRestorable(job, fingerprint, held);
      const checkpoint = held.n === 0 ? undefined : restored(held);
      const diff = this.diffOf(held);
      const epoch = held.epoch + 1;
      const { outcome } = await log.append({ kind: 'acquire', job, task, epoch });
      if (outcome !== 'ok') throw connectionLost(`another has taken over job "${job}" just now`);
      this.diffs.set(log.image.task(job, task), diff);
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

  private async write(log: Log, commit: Commit): Promise<CommitAnswer> {
    const { job, task } = commit;
    const held = log.image.task(job, task);
    const rejected = rejection(commit, held.epoch === 0 ? undefined : held);
    if (rejected !== undefined) return rejected;
    const checked = commit.rows.map(({ store, rows }) => {
      const table = store as LogTable;
      return { table, rows: table.check(log, rows) };
    });
    const diff = this.diffOf(held);
    const changes = diff.compare(commit.state);
    const raw = changes.changed.map(({ bytes }) => bytes);
    const tables = checked.map(({ table, rows }) => table.pack(rows, raw));
    const answer = await log.append(entryOf(commit, changes, tables), raw);
    if (answer.outcome !== 'ok') return answer;
    diff.accept(changes);
    this.diffs.set(log.image.task(job, task), diff);
    this.written.chunks += changes.changed.length;
    for (const { bytes } of changes.changed) this.written.bytes += bytes.length;
    return answer;
  }

  private diffOf(held: ImageTask): ChunkDiff {
    return this.diffs.get(held) ?? new ChunkDiff(pieces(held));
  }
}

function entryOf(commit: Commit, changes: Diff, tables: readonly TableWrite[]): CommitEntry {
  const { job, task, epoch, n, prev, positions, fingerprint, drained, state } = commit;
  return {
    kind: 'commit',
    ...{ job, task, epoch, n, prev, positions, fingerprint, drained },
    format: CHECKPOINT_FORMAT,
    operators: [...state.keys()],
    changed: changes.changed.map(({ operator, chunk, bytes }) => [operator, chunk, bytes.length]),
    vanished: changes.vanished.map(({ operator, chunk }) => [operator, chunk]),
    tables,
  };
}

function* pieces({ state }: ImageTask): Generator<Piece> {
  for (const [operator, chunks] of state) {
    for (const [chunk, bytes] of chunks) yield { operator, chunk, bytes };
  }
}
