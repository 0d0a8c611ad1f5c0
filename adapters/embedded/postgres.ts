/** A Postgres inside this process (PGlite), kept small: what a server does in the background is done here in turn. */
import { statfsSync } from 'node:fs';
import { setImmediate as turn } from 'node:timers/promises';
import type { PGlite, PGliteOptions } from '@electric-sql/pglite';
import { messageOf, StoreError, show } from '../../lib/errors.js';
import type { SqlClient } from '../../lib/sql/client.js';
import type { DataDirectory } from './directory.js';

/** How many characters are sent before the log is cut and dead rows are freed. */
const UPKEEP_EVERY = 32 * 2 ** 20;
/** So much of the disk stays free, and this many times what a statement brings: Postgres writes it into log, table and index. */
const SPARE = 16 * 2 ** 20;
const COPIES = 4;
/** Characters of a statement after which others have a turn. */
const LONG = 2 ** 14;
const OWN_TABLES = `select format('%I.%I', schemaname, tablename) as name from pg_tables
 where schemaname not in ('pg_catalog', 'information_schema')`;

/** An open Postgres. */
export interface EmbeddedPostgres extends SqlClient {
  close(): Promise<void>;
}

/** Starts Postgres on a directory. @throws StoreError when PGlite is missing or the directory is damaged */
export async function startPostgres(directory: DataDirectory): Promise<EmbeddedPostgres> {
  const { PGlite } = await loadPglite();
  const options: PGliteOptions = { dataDir: directory.path };
  checkRoom(directory.path, 0);
  try {
    const db = await PGlite.create(options).catch((thrown: unknown) => {
      if (!directory.isNew) throw thrown;
      directory.empty();
      return PGlite.create(options);
    });
    directory.filled();
    return clientOf(db, directory.path);
  } catch (thrown) {
    const why = `embeddedStore: Postgres does not start on ${directory.path}: ${messageOf(thrown)}`;
    throw new StoreError('refused', why, { cause: thrown });
  }
}

async function loadPglite(): Promise<typeof import('@electric-sql/pglite')> {
  try {
    return await import('@electric-sql/pglite');
  } catch (thrown) {
    const why =
      'embeddedStore: needs the package @electric-sql/pglite; npm install @electric-sql/pglite';
    throw new StoreError('refused', why, { cause: thrown });
  }
}

/*
 * A Postgres that meets the end of the disk panics, and inside this process it then never comes back:
 * it is stopped before.
 */
function checkRoom(path: string, length: number): void {
  const { bavail, bsize } = statfsSync(path);
  if (bavail * bsize >= SPARE + COPIES * length) return;
  throw new StoreError(
    'connection',
    `embeddedStore: cannot write to ${show(path)}: the disk is full; free some space, and it goes on`,
  );
}

function clientOf(db: PGlite, path: string): EmbeddedPostgres {
  let sent = 0;
  type Session = Pick<PGlite, 'query'>;
  const query = (session: Session) => async (text: string, params?: readonly (string | null)[]) => {
    const length = (params ?? []).reduce((sum, param) => sum + (param?.length ?? 0), 0);
    sent += length;
    if (length > 0) checkRoom(path, length);
    const result = await session.query<any>(text, params as any[]);
    // it was worked off in this very turn, and so would the next one be
    if (length > LONG) await turn();
    return result;
  };
  // alone in its process, Postgres neither cuts its log nor frees dead rows by itself
  const upkeep = async () => {
    if (sent < UPKEEP_EVERY) return;
    sent = 0;
    for (const { name } of (await db.query<{ name: string }>(OWN_TABLES)).rows) {
      await turn();
      await db.query(`vacuum ${name}`);
    }
    await turn();
    await db.query('checkpoint');
  };
  const client: EmbeddedPostgres = {
    query: query(db),
    pause: () => turn(),
    async transaction(fn) {
      const result = await db.transaction((tx) => {
        const session: SqlClient = {
          query: query(tx),
          transaction: (inner) => inner(session),
          pause: () => turn(),
        };
        return fn(session);
      });
      await upkeep();
      return result;
    },
    close: () => db.close(),
  };
  return client;
}
