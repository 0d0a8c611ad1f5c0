/** What is asked of `pg`, by shape: this package loads it only to connect to an address. */
import { messageOf, StoreError } from '../../lib/errors.js';

/** A session of a pool, as `pg` gives it. */
export interface PostgresSession {
  query(query: PostgresQuery): Promise<any>;
  on(event: 'error', listener: (error: Error) => void): unknown;
  removeListener(event: 'error', listener: (error: Error) => void): unknown;
  /** Gives it back, or ends it. */
  release(destroy?: boolean): void;
}

/** One query of a session: values are texts, and results come back as texts. */
export interface PostgresQuery {
  readonly text: string;
  values?: any[];
  readonly types?: { getTypeParser(): (text: any) => any };
  readonly query_timeout?: number;
}

/** A `Pool` of `pg` 8. */
export interface PostgresPool {
  connect(): Promise<PostgresSession>;
  on(event: 'error', listener: (error: Error) => void): unknown;
  removeListener(event: 'error', listener: (error: Error) => void): unknown;
  end(): Promise<void>;
}

/** Sessions of a pool of our own: commits, tables, leases, and what is read beside. */
const SESSIONS = 4;

/** Makes a pool of sessions on an address. @throws StoreError when `pg` is not installed */
export async function connectPool(url: string, connectMs: number): Promise<PostgresPool> {
  const { Pool } = await loadPg();
  return new Pool({
    connectionString: url,
    max: SESSIONS,
    connectionTimeoutMillis: connectMs,
    keepAlive: true,
    application_name: 'tidemark',
  });
}

async function loadPg(): Promise<typeof import('pg')> {
  try {
    const loaded = await import('pg');
    return loaded.Pool === undefined ? (loaded as any).default : loaded;
  } catch (thrown) {
    const why = `postgresStore: needs the package pg; npm install pg (${messageOf(thrown)})`;
    throw new StoreError('refused', why, { cause: thrown });
  }
}
