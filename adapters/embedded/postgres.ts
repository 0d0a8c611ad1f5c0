/** A Postgres inside this process (PGlite), kept small: what a server does in the background is done here in turn. */
import type { PGlite, PGliteOptions } from '@electric-sql/pglite';
import { messageOf, StoreError } from '../../lib/errors.js';
import type { SqlClient } from '../../lib/sql/client.js';
import type { DataDirectory } from './directory.js';

/** How many characters are sent before the log is cut and dead rows are freed. */
const UPKEEP_EVERY = 32 * 2 ** 20;

/** An open Postgres. */
export interface EmbeddedPostgres extends SqlClient {
  close(): Promise<void>;
}

/** Starts Postgres on a directory. @throws StoreError when PGlite is missing or the directory is damaged */
export async function startPostgres(directory: DataDirectory): Promise<EmbeddedPostgres> {
  const { PGlite } = await loadPglite();
  const options: PGliteOptions = { dataDir: directory.path };
  try {
    const db = await PGlite.create(options).catch((thrown: unknown) => {
      if (!directory.isNew) throw thrown;
      directory.empty();
      return PGlite.create(options);
    });
    directory.filled();
    return clientOf(db);
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

function clientOf(db: PGlite): EmbeddedPostgres {
  let sent = 0;
  type Session = Pick<PGlite, 'query'>;
  const query = (session: Session) => (text: string, params?: readonly (string | null)[]) => {
    for (const param of params ?? []) sent += param?.length ?? 0;
    return session.query<any>(text, params as any[]);
  };
  // alone in its process, Postgres neither cuts its log nor frees dead rows by itself
  const upkeep = async () => {
    if (sent < UPKEEP_EVERY) return;
    sent = 0;
    await db.query('vacuum');
    await db.query('checkpoint');
  };
  const client: EmbeddedPostgres = {
    query: query(db),
    async transaction(fn) {
      const result = await db.transaction((tx) => {
        const session: SqlClient = { query: query(tx), transaction: (inner) => inner(session) };
        return fn(session);
      });
      await upkeep();
      return result;
    },
    close: () => db.close(),
  };
  return client;
}
