/** Looks at a server before it is used: what cannot work is refused, what may lose data is said. */
import { messageOf, StoreError, show } from '../../lib/errors.js';
import { type SqlClient, storeError } from '../../lib/sql/client.js';
import { inTurn } from '../../lib/sql/define.js';

const OLDEST = 120_000;

const look = `select current_setting('server_version_num') as version, current_setting('server_encoding') as encoding,
 current_setting('synchronous_commit') as commits, current_setting('fsync') as fsync, pg_is_in_recovery()::text as standby`;

/** @throws StoreError when there is no such server, or it cannot hold what is to be written */
export async function checkServer(
  client: SqlClient,
  warn: (message: string) => void,
): Promise<void> {
  const { rows } = await client.query(look).catch((thrown: unknown) => {
    const silent = /connection timeout/i.test(messageOf(thrown));
    const why = silent ? ', as nothing there answers like a PostgreSQL server' : '';
    throw storeError(`postgresStore: cannot connect${why}`, thrown);
  });
  const { version, encoding, commits, fsync, standby } = rows[0];
  const refuse = (why: string) => new StoreError('refused', `postgresStore: the server ${why}`);
  if (Number(version) < OLDEST) throw refuse(`is older than PostgreSQL ${OLDEST / 10_000}`);
  if (encoding !== 'UTF8') throw refuse(`has a database in ${encoding}; create one in UTF8`);
  if (standby === 'true') throw refuse('is a standby, which cannot be written');
  const warning = (setting: string) =>
    warn(`postgresStore: ${setting} is off: a crash of the server loses what was acknowledged`);
  if (fsync === 'off') warning('fsync');
  if (commits === 'off') warning('synchronous_commit');
}

/** Creates a schema where there is none. */
export async function ensureSchema(client: SqlClient, schema: string): Promise<void> {
  const failed = (thrown: unknown) => {
    throw storeError(`postgresStore: schema ${show(schema)}`, thrown);
  };
  const there = await client
    .query('select to_regnamespace($1)::text as found', [`"${schema}"`])
    .catch(failed);
  if (there.rows[0].found !== null) return;
  await inTurn(client, [`create schema if not exists "${schema}"`]).catch(failed);
}
