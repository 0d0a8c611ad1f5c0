/** The outbox of a table in a log: rows and position are one record. */
import type { CheckedRows } from '../keptRows.js';
import { compareOutbox, fenceStep, outboxStep } from '../outboxPosition.js';
import type {
  FenceAnswer,
  OutboxAnswer,
  OutboxBatch,
  OutboxOwner,
  OutboxRun,
  OutboxTarget,
  Upsert,
} from '../ports.js';
import type { Prepared } from '../tableLayout.js';
import type { TableWrite } from './entry.js';
import type { LogHome } from './home.js';
import type { Log } from './log.js';
import { connectionLost } from './problem.js';

/** The table that rows go to. */
export interface OutboxTable {
  readonly name: string;
  check(log: Log, batch: readonly Upsert[]): Promise<CheckedRows>;
  pack(rows: Iterable<Prepared>, raw: Uint8Array[]): TableWrite;
}

export class LogOutbox implements OutboxTarget {
  constructor(
    private readonly home: LogHome,
    private readonly table: OutboxTable,
  ) {}

  fence(owner: OutboxOwner, epoch: number, run?: OutboxRun): Promise<FenceAnswer> {
    const table = this.table.name;
    return this.home.run(async (log): Promise<FenceAnswer> => {
      const held = log.image.outboxAt(table, owner);
      const step = fenceStep(epoch, held, run);
      if ('answer' in step) return step.answer;
      const { position } = step;
      if (held === undefined || compareOutbox(held, position) !== 0)
        await log.append({ kind: 'outbox', table, owner, position, tables: [] });
      return 'ok';
    });
  }

  apply(batch: OutboxBatch): Promise<OutboxAnswer> {
    const { owner } = batch;
    const table = this.table.name;
    return this.home.run(async (log): Promise<OutboxAnswer> => {
      const step = outboxStep(batch, log.image.outboxAt(table, owner));
      if ('answer' in step) return step.answer;
      const raw: Uint8Array[] = [];
      const rows = await this.table.check(log, step.rows);
      const tables = [this.table.pack(rows.values(), raw)];
      const { position } = step;
      const answer = await log.append({ kind: 'outbox', table, owner, position, tables }, raw);
      if (answer.outcome === 'ok' && answer.results[0])
        return { outcome: 'ok', result: answer.results[0] };
      throw connectionLost('another has written this outbox just now');
    });
  }
}
