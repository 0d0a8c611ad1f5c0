/** Tables and checkpoints in a Postgres inside this process: durable, and nothing to install or to run. */
import { configError } from '../../lib/errors.js';
import type { CheckpointStore, Clock, Store, TableConfig, TableStore } from '../../lib/ports.js';
import { SqlStore } from '../../lib/sql/store.js';
import { openDirectory } from './directory.js';
import { startPostgres } from './postgres.js';

export type { CheckpointStore, Row, Store, TableConfig, TableStore } from '../../lib/ports.js';

/** Configures `embeddedStore`. */
export interface EmbeddedStoreConfig {
  /** Where the data lives; made if missing. @default a temporary directory, removed by `close` */
  readonly dir?: string;
  /** Gives the arrival time of writes. @default the wall clock */
  readonly clock?: Clock;
}

/**
 * Opens a store on disk, in a Postgres that runs inside this process (PGlite).
 *
 * Tables and checkpoints share one transaction, so rows and the checkpoint that made them are
 * written together or not at all, also when the process is killed at any moment. One process at a
 * time holds a directory. What it does not survive is a crash of the machine: the files are written,
 * but not forced to the disk.
 *
 * @returns the open store; `close` it, or a temporary directory stays behind
 * @throws StoreError when the directory cannot be used, is in use, or PGlite is not installed
 * @example
 * ```ts
 * const store = await embeddedStore({ dir: './data' });
 * const table = store.table('user_metrics', {
 *   key: ['window_start', 'user_id'],
 *   columns: { window_start: 'timestamptz', user_id: 'text', count: 'int8', sum: 'float8' },
 *   audit: 'last_updated',
 * });
 * // ... idempotentSink({ store: table, ... }), job({ checkpoints: store.checkpoints(), ... })
 * await store.close();
 * ```
 */
export async function embeddedStore(config: EmbeddedStoreConfig = {}): Promise<Store> {
  const { dir, clock = { now: () => Date.now() } } = config;
  if (dir !== undefined && (typeof dir !== 'string' || dir === '')) {
    throw configError('embeddedStore', 'dir', 'the path of a directory', dir);
  }
  const directory = openDirectory(dir);
  const client = await startPostgres(directory).catch((thrown: unknown) => {
    directory.release();
    throw thrown;
  });
  const store = new SqlStore(client, { operator: 'embeddedStore', clock });
  let closing: Promise<void> | undefined;
  return {
    table: (name: string, layout: TableConfig): TableStore => store.table(name, layout),
    checkpoints: (): CheckpointStore => store.checkpoints(),
    close: () => (closing ??= client.close().finally(() => directory.release())),
  };
}
