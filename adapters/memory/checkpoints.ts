/** Checkpoints in memory, encoded like durable ones. State: one checkpoint per task. */
import {
  CHECKPOINT_FORMAT,
  checkRestorable,
  checkTransaction,
  rejection,
} from '../../lib/checkpointRules.js';
import { ChunkDiff, type Diff } from '../../lib/chunkDiff.js';
import { encode } from '../../lib/codec.js';
import { type HeldState, type HeldTask, restored, UNTOUCHED } from '../../lib/heldTask.js';
import { keyText } from '../../lib/key.js';
import type { CheckpointStore, Commit, CommitAnswer, Ownership } from '../../lib/ports.js';
import type { MemoryTable } from './table.js';

interface Held extends HeldTask {
  readonly diff: ChunkDiff;
}

const nothing: Omit<Held, 'diff'> = { ...UNTOUCHED, state: new Map() };

export class MemoryCheckpoints implements CheckpointStore {
  readonly name = 'memory';
  readonly written = { chunks: 0, bytes: 0 };
  private readonly tasks = new Map<string, Held>();

  constructor(readonly transaction: object) {}

  async acquire(job: string, task: string, fingerprint: string): Promise<Ownership> {
    const id = keyText([job, task]);
    const held = this.tasks.get(id) ?? { ...nothing, diff: new ChunkDiff() };
    checkRestorable(job, fingerprint, held);
    const owned = { ...held, epoch: held.epoch + 1 };
    const checkpoint = owned.n === 0 ? undefined : restored(owned);
    this.tasks.set(id, owned);
    return { epoch: owned.epoch, checkpoint };
  }

  async commit(commit: Commit): Promise<CommitAnswer> {
    checkTransaction(commit.rows, this.transaction);
    const id = keyText([commit.job, commit.task]);
    const held = this.tasks.get(id);
    const rejected = rejection(commit, held);
    if (held === undefined || rejected !== undefined) return rejected ?? { outcome: 'fenced' };
    const changes = held.diff.compare(commit.state);
    const next = { ...held, ...header(commit), state: stateAfter(held.state, commit, changes) };
    const plans = commit.rows.map(({ store, rows }) => (store as MemoryTable).plan(rows));
    // nothing has changed before this line, and nothing after it can fail
    this.tasks.set(id, next);
    held.diff.accept(changes);
    this.written.chunks += changes.changed.length;
    for (const { bytes } of changes.changed) this.written.bytes += bytes.length;
    return { outcome: 'ok', results: plans.map((apply) => apply()) };
  }

  async lastCommitted(job: string, task: string): Promise<{ epoch: number; n: number }> {
    const { epoch, n } = this.tasks.get(keyText([job, task])) ?? nothing;
    return { epoch, n };
  }
}

function header(commit: Commit) {
  const { n, fingerprint, drained, positions } = commit;
  return { n, fingerprint, drained, positions: encode(positions), format: CHECKPOINT_FORMAT };
}

function stateAfter(before: HeldState, { state }: Commit, { changed }: Diff): HeldState {
  const now = new Map<string, Map<string, Uint8Array>>();
  for (const { operator, chunk, bytes } of changed) {
    now.set(operator, (now.get(operator) ?? new Map()).set(chunk, bytes));
  }
  for (const [operator, chunks] of state) {
    const own = now.get(operator) ?? new Map<string, Uint8Array>();
    now.set(operator, own);
    for (const chunk of chunks.keys()) {
      const bytes = own.get(chunk) ?? before.get(operator)?.get(chunk);
      if (bytes !== undefined) own.set(chunk, bytes);
    }
  }
  return now;
}
