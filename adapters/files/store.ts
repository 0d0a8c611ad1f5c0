/** Tables and checkpoints in a directory, without a database: one append-only log that survives a crash of the machine. */
import { resolve } from 'node:path';
import { setImmediate as pause } from 'node:timers/promises';
import { configError } from '../../lib/errors.js';
import type { FileSystem } from '../../lib/log/fileSystem.js';
import type { Recovery } from '../../lib/log/recovery.js';
import { type LogStatus, LogStore } from '../../lib/log/store.js';
import type { Clock, Store } from '../../lib/ports.js';
import { nodeFiles } from './fileSystem.js';

/** Configures `fileStore`. */
export interface FileStoreConfig {
  /** Where the log lives; made if missing. */
  readonly dir: string;
  /** Gives the arrival time of writes. @default the wall clock */
  readonly clock?: Clock;
  /** Where files are kept. @default the disks of this machine */
  readonly fs?: FileSystem;
  /** Bytes below which the log is not compacted. @default 1 MiB */
  readonly compactAbove?: number;
  /**
   * What to do about damage that valid records follow, which no crash leaves behind: `'refuse'` it,
   * or go back to the `'previous'` checkpoints, where only checkpoints follow; their sources must
   * still have what came since. @default 'refuse'
   */
  readonly onDamage?: 'refuse' | 'previous';
  /** Is told what was left out of a log when it was opened. */
  readonly recovered?: (what: Recovery) => void;
}

/** An open file store. */
export interface FileStore extends Store {
  status(): LogStatus;
}

/**
 * Opens a store in files of a directory.
 *
 * Tables and checkpoints share one append-only log: a commit is a record with its rows, state and
 * positions, where these are many with parts in front that mean nothing without it. It is forced to
 * the disk before it is answered, so it is there whole or not at all, also after a crash of the
 * machine. Tables are held in memory and rebuilt when the store is opened. When less than half of the
 * log is alive, it is written anew beside and takes the place of the old one.
 *
 * One process at a time holds a directory; the epoch inside each record refuses an owner that another
 * has taken over from. A last record that a crash has cut short is left out, and `recovered` is told.
 * When a write fails, as on a full disk, nothing of it stays; the next one may succeed. After an end
 * without `close`, or a sync that failed, the log is written anew before it is gone on from.
 *
 * State: all rows, one tombstone per deleted key until `forget`, and one encoded checkpoint per task.
 *
 * @throws StoreError when the directory cannot be used, is in use, damaged, or of a newer format
 * @example
 * ```ts
 * const store = await fileStore({ dir: './data' });
 * const table = store.table('user_metrics', { key: ['window_start', 'user_id'] });
 * // ... idempotentSink({ store: table, ... }), job({ checkpoints: store.checkpoints(), ... })
 * await store.close();
 * ```
 */
export async function fileStore(config: FileStoreConfig): Promise<FileStore> {
  const { dir, clock = { now: () => Date.now() }, fs = nodeFiles } = config;
  const { compactAbove = 2 ** 20, onDamage = 'refuse', recovered = () => {} } = config;
  const wrong = (option: string, rule: string, got: unknown) =>
    configError('fileStore', option, rule, got);
  if (typeof dir !== 'string' || dir === '') throw wrong('dir', 'the path of a directory', dir);
  if (!Number.isSafeInteger(compactAbove) || compactAbove < 0) {
    throw wrong('compactAbove', 'a whole number of bytes >= 0', compactAbove);
  }
  if (onDamage !== 'refuse' && onDamage !== 'previous') {
    throw wrong('onDamage', "'refuse' or 'previous'", onDamage);
  }
  const path = fs === nodeFiles ? resolve(dir) : dir;
  return LogStore.open({ fs, dir: path, clock, compactAbove, onDamage, recovered, pause });
}
