/** What is asked of a server before anything is kept in it. */
import { messageOf, StoreError } from '../../lib/errors.js';
import type { Connection } from './connection.js';

const OLDEST = 7;

/**
 * Refuses a database that the server does not have: the client goes on in the first one then.
 * @throws StoreError
 */
export async function checkDatabase(connection: Connection): Promise<void> {
  const wanted = connection.database;
  if (wanted === 0) return;
  await connection.ask('SELECT', String(wanted)).catch((thrown: unknown) => {
    const why = `redis: the server has no database ${wanted}: ${messageOf(thrown)}`;
    throw new StoreError('refused', why, { cause: thrown });
  });
}

/** Refuses a server that is too old or throws keys away; warns of one that forgets. @throws StoreError */
export async function checkServer(
  connection: Connection,
  warn: (message: string) => void,
): Promise<void> {
  const info = fields(String(await connection.ask('INFO')));
  const version = info.get('redis_version') ?? '';
  if (!(Number.parseInt(version, 10) >= OLDEST)) {
    const got = version === '' ? 'a server that names no version' : version;
    throw new StoreError(
      'refused',
      `redis: the server must be Redis ${OLDEST} or newer; got ${got}`,
    );
  }
  const policy = info.get('maxmemory_policy') ?? 'noeviction';
  if (policy !== 'noeviction') {
    throw new StoreError(
      'refused',
      `redis: \`maxmemory-policy\` must be noeviction, as an evicted key is lost state; got ${policy}`,
    );
  }
  if (info.get('aof_enabled') === '0') {
    warn(
      'redis: the append-only file is off, so a restart of the server loses what came after its last snapshot; set `appendonly yes`',
    );
  }
}

function fields(info: string): Map<string, string> {
  const lines = info.split(/\r?\n/).filter((line) => line.includes(':'));
  return new Map(
    lines.map((line) => {
      const at = line.indexOf(':');
      return [line.slice(0, at), line.slice(at + 1)] as const;
    }),
  );
}
