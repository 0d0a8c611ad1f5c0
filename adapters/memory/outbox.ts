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
import type { OneAtATime, Sliced } from '../../lib/turns.js';

export class MemoryOutbox implements OutboxTarget {
  private readonly positions = new Map<string, OutboxPosition>();

  /** @param plan checks rows; what it gives back cannot fail */
  constructor(
    private readonly turns: OneAtATime,
    private readonly plan: (rows: readonly Upsert[]) => Sliced<() => Sliced<UpsertResult>>,
  ) {}

  fence(owner: OutboxOwner, epoch: number, run?: OutboxRun): Promise<FenceAnswer> {
    return this.turns.alone(() => {
      const id = idOf(owner);
      const step = fenceStep(epoch, this.positions.get(id), run);
      if ('answer' in step) return step.answer;
      this.positions.set(id, step.position);
      return 'ok';
    });
  }

  apply(batch: OutboxBatch): Promise<OutboxAnswer> {
    return this.turns.run(() => this.applying(batch));
  }

  private *applying(batch: OutboxBatch): Sliced<OutboxAnswer> {
    const id = idOf(batch.owner);
    const step = outboxStep(batch, this.positions.get(id));
    if ('answer' in step) return step.answer;
    const write = yield* this.plan(step.rows);
    // nothing has changed before this line, and nothing after it can fail
    this.positions.set(id, step.position);
    return { outcome: 'ok', result: yield* write() };
  }
}

function idOf({ job, task, sink }: OutboxOwner): string {
  return keyText([job, task, sink]);
}
