/** The outbox of a table in Redis: its position moves in the script that writes the rows, or commits them. */
import { StoreError, show } from '../../lib/errors.js';
import { fenceStep, type OutboxPosition, outboxStep } from '../../lib/outboxPosition.js';
import type {
  FenceAnswer,
  OutboxAnswer,
  OutboxBatch,
  OutboxOwner,
  OutboxRun,
  OutboxTarget,
  Upsert,
} from '../../lib/ports.js';
import type { Item, Place } from './items.js';
import * as scripts from './scripts.js';
import type { Writes } from './writes.js';

/** Checks rows; what it gives back packs them. */
export type Checked = (rows: readonly Upsert[]) => Promise<(place: Place) => Iterable<Item>>;

/* Between reading and writing another may have moved the position; each time one of both goes on. */
const TRIES = 100;

export class RedisOutbox implements OutboxTarget {
  constructor(
    private readonly writes: Writes,
    private readonly table: string,
    private readonly checked: Checked,
  ) {}

  async fence(owner: OutboxOwner, epoch: number, run?: OutboxRun): Promise<FenceAnswer> {
    const key = this.writes.names.outbox(this.table, owner);
    for (let i = 0; i < TRIES; i++) {
      const was = await this.read(key);
      const step = fenceStep(epoch, positionOf(was), run);
      if ('answer' in step) return step.answer;
      const args = [was, textOf(step.position)];
      if ((await this.writes.connection.run(scripts.MOVE_OUTBOX, [key], args)) === 1) return 'ok';
    }
    throw this.busy();
  }

  async apply(batch: OutboxBatch): Promise<OutboxAnswer> {
    const key = this.writes.names.outbox(this.table, batch.owner);
    for (let i = 0; i < TRIES; i++) {
      const was = await this.read(key);
      const step = outboxStep(batch, positionOf(was));
      if ('answer' in step) return step.answer;
      const items = await this.checked(step.rows);
      const move = { keys: [key], args: [was, textOf(step.position)] };
      const written = await this.writes.write({
        items: () => items({ sink: 0, table: 0 }),
        tables: [this.table],
        whole: { script: scripts.OUTBOX, ...move },
        turn: { script: scripts.SWITCH_OUTBOX, ...move },
        sinks: 1,
      });
      const [result] = written.outcome === 'ok' ? written.results : [];
      if (result !== undefined) return { outcome: 'ok', result };
    }
    throw this.busy();
  }

  private async read(key: string): Promise<string> {
    const text: Buffer | null = await this.writes.connection.ask('GET', key);
    return text === null ? '' : String(text);
  }

  private busy(): StoreError {
    return new StoreError(
      'connection',
      `redis: others write to the outbox of ${show(this.table)} all the time`,
    );
  }
}

function textOf({ epoch, n, i }: OutboxPosition): string {
  return [epoch, n, i].join(' ');
}

function positionOf(text: string): OutboxPosition | undefined {
  if (text === '') return undefined;
  const [epoch = 0, n = 0, i = 0] = text.split(' ').map(Number);
  return { epoch, n, i };
}
