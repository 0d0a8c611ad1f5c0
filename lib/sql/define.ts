/** Creates what is missing, and nothing else: a role that may only read and write can use what another has created. */
import type { SqlClient } from './client.js';

/* Any number that nobody else locks. */
const TURN = '7451882336';

/** Runs the statements, each `if not exists`, unless all these tables are there. */
export async function define(
  client: SqlClient,
  tables: readonly string[],
  create: readonly string[],
): Promise<void> {
  const found = await client.query(
    `select count(*)::text as n from unnest($1::text[]) as t(name) where to_regclass(t.name) is not null`,
    [`{${tables.map((table) => JSON.stringify(table)).join(',')}}`],
  );
  if (found.rows[0]?.n === String(tables.length)) return;
  await inTurn(client, create);
}

/** Runs statements that create things, alone: at once, two `if not exists` may both find nothing, and one fails. */
export function inTurn(client: SqlClient, statements: readonly string[]): Promise<void> {
  return client.transaction(async (tx) => {
    await tx.query(`select pg_advisory_xact_lock(${TURN})`);
    for (const statement of statements) await tx.query(statement);
  });
}
