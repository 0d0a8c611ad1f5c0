/** Tables and checkpoints in Redis: written together by scripts, durable as far as its append-only file is. */
import { type Duration, durationOption } from '../../lib/duration.js';
import { configError } from '../../lib/errors.js';
import type { CheckpointStore, Clock, Store, TableConfig, TableStore } from '../../lib/ports.js';
import { checkTable, declaredColumns, TableLayout } from '../../lib/tableLayout.js';
import { RedisCheckpoints } from './checkpoints.js';
import { connect, type RedisClient } from './connection.js';
import { Names } from './names.js';
import { checkDatabase, checkServer } from './server.js';
import { RedisTable } from './table.js';
import { Writes } from './writes.js';

export type { CheckpointStore, Row, Store, TableConfig, TableStore } from '../../lib/ports.js';
export type { RedisClient } from './connection.js';

/** Configures `redisStore`. */
export interface RedisStoreConfig {
  /** `redis://user:password@host:port/database`, or `rediss://`; needs the package `ioredis`. This, or `client`. */
  readonly url?: string;
  /** A `Redis` or `Cluster` of `ioredis`: the store opens a connection of its own that is like it. */
  readonly client?: RedisClient;
  /** Begins every key, in braces. Stores of other prefixes know nothing of each other. @default 'tidemark' */
  readonly prefix?: string;
  /** How long a command may take, and how long a lost server is waited for. @default '5s' */
  readonly timeout?: Duration;
  /** Gives the arrival time of writes. @default the wall clock */
  readonly clock?: Clock;
  /** Told when the server runs without its append-only file. @default nobody */
  readonly warn?: (message: string) => void;
}

/**
 * Opens a store on a Redis server (7.0 or later).
 *
 * Rows and the checkpoint that made them are written together or not at all: by one script where
 * they are few, else staged, committed by one small script, and then applied portion by portion;
 * whoever reads or writes next first finishes what is left, so that this store never shows half of a
 * commit. No script works on more than 500 pieces and rows. The epoch of the owner is checked inside
 * the script. No command is sent twice: where its answer is lost it rejects with a `StoreError` of
 * kind `'connection'`, and `lastCommitted` then says what became of it.
 *
 * A row is a hash of its own, `{prefix}:table:NAME:KEY`, that other programs can read; while a large
 * commit is applied they may see some of its rows before others. All keys of a prefix have one hash
 * tag: in a cluster they lie on one node, which is what makes them atomic, and jobs of several
 * prefixes spread over the nodes.
 *
 * What is promised holds as long as the data of the primary survives. With `appendfsync everysec` a
 * machine that dies, or a server that is killed while it waits for its disk, may lose the commits of
 * its last two seconds, and a replica that takes over may lack the newest ones: the rows and the
 * checkpoint go back together, and the job goes on from there. `appendfsync always` loses none.
 *
 * State: a hash and an index entry for each row, a tombstone for each deleted key until `forget`, and
 * of each task the newest checkpoint and what it replaced.
 *
 * @returns the open store; `close` it, or its connection keeps the process alive
 * @throws TypeError when an option is wrong
 * @throws StoreError when the server cannot be reached, is too old or evicts keys, or `ioredis` is not installed
 * @example
 * ```ts
 * const store = await redisStore({ url: 'redis://:secret@cache.example:6379/0', prefix: 'clicks' });
 * const table = store.table('user_metrics', {
 *   key: ['window_start', 'user_id'],
 *   columns: { window_start: 'timestamptz', user_id: 'text', count: 'int8', sum: 'float8' },
 *   audit: 'last_updated',
 * });
 * // ... idempotentSink({ store: table, ... }), job({ checkpoints: store.checkpoints(), ... })
 * await store.close();
 * ```
 */
export async function redisStore(config: RedisStoreConfig): Promise<Store> {
  const { prefix = 'tidemark', clock = { now: () => Date.now() }, warn = () => {} } = config;
  const timeoutMs = check(config, prefix);
  const connection = await connect(config, timeoutMs);
  try {
    await checkDatabase(connection);
    await checkServer(connection, warn);
  } catch (thrown) {
    connection.close();
    throw thrown;
  }
  const home = { writes: new Writes(connection, new Names(prefix)), clock, transaction: {} };
  const tables = new Map<string, RedisTable>();
  const checkpoints = new RedisCheckpoints(home);
  return {
    table(name: string, layout: TableConfig): TableStore {
      checkTable('redisStore', name, layout);
      const known = tables.get(name);
      if (known !== undefined) return known;
      const made = new RedisTable(home, new TableLayout(name, layout, declaredColumns(layout)));
      tables.set(name, made);
      return made;
    },
    checkpoints: (): CheckpointStore => checkpoints,
    close: async () => connection.close(),
  };
}

function check({ url, client, timeout = '5s' }: RedisStoreConfig, prefix: unknown): number {
  if ((url === undefined) === (client === undefined)) {
    throw configError('redisStore', 'url', 'given, or else `client`, and not both', shown(url));
  }
  if (url !== undefined && !isRedisUrl(url)) {
    const rule =
      'redis://user:password@host:port/database, or rediss://, its parts percent-encoded and its database a number';
    throw configError('redisStore', 'url', rule, shown(url));
  }
  if (typeof prefix !== 'string' || prefix === '') {
    throw configError('redisStore', 'prefix', 'a text that is not empty', prefix);
  }
  return durationOption('redisStore', 'timeout', timeout, 'positive');
}

/* The client would say less of what is wrong, or ask for the database NaN. */
function isRedisUrl(given: unknown): boolean {
  if (typeof given !== 'string' || !/^rediss?:\/\//.test(given) || !URL.canParse(given))
    return false;
  const { username, password, pathname, hash } = new URL(given);
  try {
    decodeURIComponent(username + password);
  } catch {
    return false;
  }
  return hash === '' && /^\/?\d*$/.test(pathname);
}

/* An address carries a password: only its kind is shown. */
function shown(url: unknown): unknown {
  return typeof url === 'string' ? url.replace(/^([a-z]*:)?.*$/is, '$1...') : url;
}
