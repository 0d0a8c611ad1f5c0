/** An outbox target over a table in memory, whose every step a test can see and spoil. */

import { memoryStore } from '../../../../adapters/memory/index.js';
import { StoreError } from '../../../../lib/errors.js';
import type {
  OutboxBatch,
  OutboxTarget,
  Row,
  SinkStore,
  TableStore,
} from '../../../../lib/ports.js';

/** What happens to a batch: nothing unusual, never sent, applied with an error or no answer, or held until told. */
export type Fate = 'ok' | 'lost' | 'unanswered' | 'stuck' | Promise<void>;

export interface Watched {
  readonly store: SinkStore;
  readonly table: TableStore;
  /** What was sent, as `epoch/n/i+rows`, and fences as `fence epoch`. */
  readonly log: string[];
  rows(): Promise<Row[]>;
}

/** @param fate of each batch, by the number of batches before it */
export function watched(fate: (batch: OutboxBatch, nth: number) => Fate = () => 'ok'): Watched {
  const columns = { k: 'int8', v: 'int8' };
  const table = memoryStore().table('t', { key: ['k'], columns });
  const inner = table.outbox as OutboxTarget;
  const log: string[] = [];
  let nth = 0;
  const outbox: OutboxTarget = {
    fence(owner, epoch, run) {
      log.push(`fence ${epoch}`);
      return inner.fence(owner, epoch, run);
    },
    async apply(batch) {
      const { epoch, n, i, rows } = batch;
      log.push(`${epoch}/${n}/${i}+${rows.length}`);
      const end = fate(batch, nth++);
      if (end === 'lost') throw new StoreError('connection', 'gone');
      if (typeof end === 'object') await end;
      const answer = await inner.apply(batch);
      if (end === 'unanswered') throw new StoreError('connection', 'no answer');
      return end === 'stuck' ? new Promise(() => {}) : answer;
    },
  };
  const store: SinkStore = {
    name: 't',
    transaction: {},
    outbox,
    upsert: (rows) => table.upsert(rows),
    forget: (timestamp) => table.forget?.(timestamp) ?? Promise.resolve(),
  };
  const rows = async () => {
    const all: Row[] = [];
    for await (const row of table.rows()) all.push(row);
    return all;
  };
  return { store, table, log, rows };
}
