/** The outbox of a table in memory. State: one position per owner. */
import { keyText } from '../../lib/key.js';
import { fenceStep, type OutboxPosition, outboxStep } from '../../lib/outboxPosition.js';
import type {
  FenceAnswer,
  OutboxAnswer,
  OutboxBatch,
  OutboxOwner,
  OutboxRun,
  OutboxTarget,
  Upsert,
  UpsertResult,
} from '../../lib/ports.js';

export class MemoryOutbox implements OutboxTarget {
  private readonly positions = new Map<string, OutboxPosition>();

  /** @param plan checks rows; what it gives back cannot fail */
  constructor(private readonly plan: (rows: readonly Upsert[]) => () => UpsertResult) {}

  async fence(owner: OutboxOwner, epoch: number, run?: OutboxRun): Promise<FenceAnswer> {
    const id = idOf(owner);
    const step = fenceStep(epoch, this.positions.get(id), run);
    if ('answer' in step) return step.answer;
    this.positions.set(id, step.position);
    return 'ok';
  }

  async apply(batch: OutboxBatch): Promise<OutboxAnswer> {
    const id = idOf(batch.owner);
    const step = outboxStep(batch, this.positions.get(id));
    if ('answer' in step) return step.answer;
    const write = this.plan(step.rows);
    // nothing has changed before this line, and nothing after it can fail
    this.positions.set(id, step.position);
    return { outcome: 'ok', result: write() };
  }
}

function idOf({ job, task, sink }: OutboxOwner): string {
  return keyText([job, task, sink]);
}
