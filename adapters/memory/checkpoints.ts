/** Checkpoints in memory, encoded like durable ones. State: one checkpoint per task. */
import {
  CHECKPOINT_FORMAT,
  checkRestorable,
  checkTransaction,
  rejection,
} from '../../lib/checkpointRules.js';
import { encode } from '../../lib/codec.js';
import { HeldLeases } from '../../lib/heldLeases.js';
import { type HeldState, type HeldTask, restored, UNTOUCHED } from '../../lib/heldTask.js';
import { keyText } from '../../lib/key.js';
import type {
  Checkpoint,
  CheckpointStore,
  Commit,
  CommitAnswer,
  LeaseStore,
  Ownership,
  UpsertResult,
} from '../../lib/ports.js';
import type { Sliced } from '../../lib/turns.js';
import type { MemoryHome, MemoryTable } from './table.js';

const nothing: HeldTask = { ...UNTOUCHED, state: new Map() };

export class MemoryCheckpoints implements CheckpointStore {
  readonly name = 'memory';
  readonly leases: LeaseStore;
  private readonly tasks = new Map<string, HeldTask>();

  constructor(private readonly home: MemoryHome) {
    this.leases = new HeldLeases(home.clock);
  }

  get transaction(): object {
    return this.home.transaction;
  }

  acquire(job: string, task: string, fingerprint: string | undefined): Promise<Ownership> {
    return this.home.turns.alone(() => {
      const held = this.held(job, task);
      checkRestorable(job, fingerprint, held);
      const checkpoint = checkpointOf(held);
      const owned = { ...held, epoch: held.epoch + 1 };
      this.tasks.set(keyText([job, task]), owned);
      return { epoch: owned.epoch, checkpoint };
    });
  }

  async commit(commit: Commit): Promise<CommitAnswer> {
    checkTransaction(commit.rows, this.transaction);
    return this.home.turns.run(() => this.committing(commit));
  }

  lastCommitted(job: string, task: string): Promise<{ epoch: number; n: number }> {
    return this.home.turns.alone(() => {
      const { epoch, n } = this.held(job, task);
      return { epoch, n };
    });
  }

  read(job: string, task: string): Promise<Checkpoint | undefined> {
    return this.home.turns.alone(() => checkpointOf(this.held(job, task)));
  }

  private *committing(commit: Commit): Sliced<CommitAnswer> {
    const id = keyText([commit.job, commit.task]);
    const held = this.tasks.get(id);
    const rejected = rejection(commit, held);
    if (held === undefined || rejected !== undefined) return rejected ?? { outcome: 'fenced' };
    const next = { ...held, ...header(commit), state: stateAfter(held.state, commit) };
    const plans: (() => Sliced<UpsertResult>)[] = [];
    for (const { store, rows } of commit.rows) {
      plans.push(yield* (store as MemoryTable).plan(rows));
    }
    // nothing has changed before this line, and nothing after it can fail
    this.tasks.set(id, next);
    const results: UpsertResult[] = [];
    for (const apply of plans) results.push(yield* apply());
    return { outcome: 'ok', results };
  }

  private held(job: string, task: string): HeldTask {
    return this.tasks.get(keyText([job, task])) ?? nothing;
  }
}

function checkpointOf(held: HeldTask): Checkpoint | undefined {
  return held.n === 0 ? undefined : restored(held);
}

function header(commit: Commit) {
  const { n, fingerprint, drained, pieces, positions } = commit;
  return {
    n,
    fingerprint,
    drained,
    pieces,
    positions: encode(positions),
    format: CHECKPOINT_FORMAT,
  };
}

/* Operators share what did not change with the checkpoint before. */
function stateAfter(before: HeldState, { operators, changed, dropped }: Commit): HeldState {
  const touched = new Map<string, Map<string, Uint8Array>>();
  const own = (operator: string): Map<string, Uint8Array> => {
    const chunks = touched.get(operator) ?? new Map(before.get(operator));
    touched.set(operator, chunks);
    return chunks;
  };
  for (const { operator, chunk } of dropped) own(operator).delete(chunk);
  for (const { operator, chunk, bytes } of changed) own(operator).set(chunk, bytes);
  return new Map(operators.map((id) => [id, touched.get(id) ?? before.get(id) ?? new Map()]));
}
