/** Tables and checkpoints in memory, with the rules of the durable stores: for tests and for what may be lost. */
import type { CheckpointStore, Clock, Store, TableConfig, TableStore } from '../../lib/ports.js';
import { checkTable, declaredColumns, TableLayout } from '../../lib/tableLayout.js';
import { OneAtATime } from '../../lib/turns.js';
import { MemoryCheckpoints } from './checkpoints.js';
import { type MemoryHome, MemoryTable } from './table.js';

export type { CheckpointStore, Row, Store, TableConfig, TableStore } from '../../lib/ports.js';

/** Configures `memoryStore`. */
export interface MemoryStoreConfig {
  /** Gives the arrival time of writes. @default the wall clock */
  readonly clock?: Clock;
}

/**
 * Makes a store that lives as long as this object.
 *
 * Tables and checkpoints share one transaction: a commit with rows is applied whole or not at all.
 * `table` gives the same table for the same name. State: all rows, one tombstone per deleted key
 * until `forget`, and one encoded checkpoint per task.
 *
 * @throws TypeError from `table` when the name or the configuration is wrong
 * @example
 * ```ts
 * const store = memoryStore();
 * const table = store.table('user_metrics', { key: ['window_start', 'user_id'], audit: 'last_updated' });
 * // ... idempotentSink({ store: table, ... }), job({ checkpoints: store.checkpoints(), ... })
 * for await (const row of table.rows()) console.log(row);
 * ```
 */
export function memoryStore(config: MemoryStoreConfig = {}): Store {
  const clock = config.clock ?? { now: () => Date.now() };
  const home: MemoryHome = { transaction: {}, clock, turns: new OneAtATime(turn) };
  const tables = new Map<string, MemoryTable>();
  const checkpoints = new MemoryCheckpoints(home);
  return {
    table(name: string, layout: TableConfig): TableStore {
      checkTable('memoryStore', name, layout);
      const known = tables.get(name);
      if (known !== undefined) return known;
      const columns = declaredColumns(layout);
      const made = new MemoryTable(home, new TableLayout(name, layout, columns));
      tables.set(name, made);
      return made;
    },
    checkpoints: (): CheckpointStore => checkpoints,
    close: async () => {},
  };
}

/* A turn of the event loop, wherever this runs. */
function turn(): Promise<void> {
  const next = (globalThis as { setImmediate?: (fn: () => void) => unknown }).setImmediate;
  return new Promise((resolve) => (next === undefined ? setTimeout(resolve, 0) : next(resolve)));
}
