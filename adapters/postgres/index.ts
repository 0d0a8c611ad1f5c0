/** Tables and checkpoints on a PostgreSQL server: rows, state, positions and epoch in one transaction. */
import { type Duration, durationOption } from '../../lib/duration.js';
import { configError } from '../../lib/errors.js';
import type { CheckpointStore, Clock, Store, TableConfig, TableStore } from '../../lib/ports.js';
import { SqlStore } from '../../lib/sql/store.js';
import { PostgresClient, type SessionLimits } from './client.js';
import { connectPool, type PostgresPool } from './pool.js';
import { redactorFor, shownUrl } from './secrets.js';
import { checkServer, ensureSchema } from './server.js';

export type { CheckpointStore, Row, Store, TableConfig, TableStore } from '../../lib/ports.js';
export type { PostgresPool, PostgresQuery, PostgresSession } from './pool.js';

/** Configures `postgresStore`. */
export interface PostgresStoreConfig {
  /** `postgres://user:password@host:port/database`; needs the package `pg`. This, or `pool`. */
  readonly url?: string;
  /** A `Pool` of `pg`, which stays open when the store is closed. */
  readonly pool?: PostgresPool;
  /** Where tables without a schema of their own and checkpoints live; made if missing. @default 'public' */
  readonly schema?: string;
  /** Gives the arrival time of writes. @default the wall clock */
  readonly clock?: Clock;
  /** How long the server lets a session of ours wait; a process that hangs holds a task no longer than `idle`. */
  readonly timeouts?: {
    /** For a lock of another session; longer than `idle`. @default '15s' */
    readonly lock?: Duration;
    /** In a transaction, for our next statement. @default '10s' */
    readonly idle?: Duration;
    /** For one statement to end. @default '1m' */
    readonly statement?: Duration;
    /** How much longer than that this process waits for an answer, and for a connection. @default '5s' */
    readonly answer?: Duration;
  };
  /** Told of what may lose data, and of idle sessions that failed. @default nobody */
  readonly warn?: (message: string) => void;
}

/**
 * Opens a store on a PostgreSQL server (12 or later).
 *
 * Tables and checkpoints share one transaction, so rows and the checkpoint that made them are
 * written together or not at all, whatever is killed, process or server. The epoch of the owner is
 * checked inside that transaction. Serialisation failures and deadlocks repeat the whole
 * transaction; a commit whose answer is lost rejects with a `StoreError` of kind `'connection'`, and
 * `lastCommitted` then says what became of it. The password is left out of every error.
 *
 * @returns the open store; `close` it, or its connections keep the process alive
 * @throws TypeError when an option is wrong
 * @throws StoreError when the server cannot be reached or used, or `pg` is not installed
 * @example
 * ```ts
 * const store = await postgresStore({ url: 'postgres://etl:secret@db.example:5432/metrics' });
 * const table = store.table('user_metrics', {
 *   key: ['window_start', 'user_id'],
 *   columns: { window_start: 'timestamptz', user_id: 'text', count: 'int8', sum: 'float8' },
 *   audit: 'last_updated',
 * });
 * // ... idempotentSink({ store: table, ... }), job({ checkpoints: store.checkpoints(), ... })
 * await store.close();
 * ```
 */
export async function postgresStore(config: PostgresStoreConfig): Promise<Store> {
  const { url, clock = { now: () => Date.now() }, schema = 'public', warn = () => {} } = config;
  const limits = check(config);
  const pool = config.pool ?? (await connectPool(url as string, limits.graceMs));
  const { password, connectionString } = (pool as Described).options ?? {};
  const redact = redactorFor(url ?? connectionString, password);
  const client = new PostgresClient({ pool, limits, redact });
  const onError = (error: Error) =>
    warn(`postgresStore: an idle session failed: ${redact(error).message}`);
  pool.on('error', onError);
  const release = async () => {
    client.close();
    if (config.pool === undefined) await pool.end();
    pool.removeListener('error', onError);
  };
  try {
    await checkServer(client, warn);
    await ensureSchema(client, schema);
  } catch (thrown) {
    await release();
    throw thrown;
  }
  const store = new SqlStore(client, { operator: 'postgresStore', clock, schema });
  let closing: Promise<void> | undefined;
  return {
    table: (name: string, layout: TableConfig): TableStore => store.table(name, layout),
    checkpoints: (): CheckpointStore => store.checkpoints(),
    close: () => (closing ??= release()),
  };
}

/* What `pg` lets a pool tell of itself. */
interface Described {
  readonly options?: { readonly password?: unknown; readonly connectionString?: string };
}

function check({ url, pool, schema, timeouts = {} }: PostgresStoreConfig): SessionLimits {
  const wrong = (option: string, rule: string, got: unknown) =>
    configError('postgresStore', option, rule, got);
  if ((url === undefined) === (pool === undefined)) {
    throw wrong('url', 'given, or `pool`, and not both', url === undefined ? url : shownUrl(url));
  }
  if (url !== undefined && !isPostgresUrl(url)) {
    const shown = typeof url === 'string' ? shownUrl(url) : url;
    throw wrong('url', 'an address such as postgres://user:password@host:5432/database', shown);
  }
  if (pool !== undefined && typeof pool.connect !== 'function') {
    throw wrong('pool', 'a Pool of pg', typeof pool);
  }
  if (schema !== undefined && !/^[A-Za-z_][A-Za-z0-9_]{0,62}$/.test(schema)) {
    throw wrong('schema', 'a name of letters, digits and _', schema);
  }
  const ms = (name: keyof typeof timeouts, usual: Duration) =>
    durationOption('postgresStore', `timeouts.${name}`, timeouts[name] ?? usual, 'positive');
  const limits = {
    lockMs: ms('lock', '15s'),
    idleMs: ms('idle', '10s'),
    statementMs: ms('statement', '1m'),
    graceMs: ms('answer', '5s'),
  };
  if (limits.lockMs > limits.idleMs) return limits;
  throw wrong('timeouts.lock', 'longer than `timeouts.idle`', timeouts.lock ?? '15s');
}

function isPostgresUrl(url: unknown): url is string {
  return typeof url === 'string' && /^postgres(ql)?:\/\//.test(url) && URL.canParse(url);
}
