/** What the stores ask of a Postgres client, and what its errors mean. */
import { CodecError, JobError, messageOf, StoreError } from '../errors.js';

/** One session at a time on a Postgres: a server or one inside this process. */
export interface SqlClient {
  /** Runs one statement; parameters are texts or null, and results come back as texts. */
  query(text: string, params?: readonly (string | null)[]): Promise<{ readonly rows: any[] }>;
  /** Runs `fn` in one transaction: committed when it resolves, rolled back when it rejects. */
  transaction<T>(fn: (tx: SqlClient) => Promise<T>): Promise<T>;
  /** Lets what waits in the event loop have its turn. */
  pause?(): Promise<void>;
}

/**
 * What an error of Postgres is about. `session`: this connection or server, so another try may do.
 * `table`: the statement itself, which is the same for all rows. `rows`: some row; also whatever is
 * not known here, since a trigger may raise any code. `either`: a statement without rows tells.
 */
export type Subject = 'session' | 'table' | 'rows' | 'either';

/*
 * By class or whole code of SQLSTATE; the longer one counts. Rows: 09, 2F, 38, 39, P0 functions and
 * triggers, 21 cardinality, 22 data, 23 constraints, 44 check option, 54 limits, and every other.
 */
const subjects: ReadonlyMap<string, Subject> = new Map([
  ...entries('session', [
    ...['03', '08', '0B', '0L', '0P', '0Z'],
    ...['24', '25', '26', '28', '2B', '2D', '34', '3B', '3D', '40'],
    ...['53', '55', '57', '58', '72', 'F0', 'HV', 'XX'],
  ]),
  // syntax, names and types: 42P01 no table, 42P10 no unique key, 42703 no column, 3F000 no schema
  ...entries('table', ['42', '3F']),
  // a feature that a type or a table lacks; a view that is not writable
  ...entries('either', ['0A', '55000']),
  // a right on the table, or row-level security; a column that is always generated is set by some rows only
  ...entries('either', ['42501']),
  ...entries('rows', ['428C9']),
]);

function entries(subject: Subject, codes: readonly string[]) {
  return codes.map((code) => [code, subject] as const);
}

/** What an error is about. */
export function subjectOf(thrown: unknown): Subject {
  const code = sqlState(thrown);
  if (code === undefined) return 'session';
  return subjects.get(code) ?? subjects.get(code.slice(0, 2)) ?? 'rows';
}

/** Whether some row of the batch may be to blame. */
export function isRefusal(thrown: unknown): boolean {
  return subjectOf(thrown) === 'rows' || subjectOf(thrown) === 'either';
}

/** The five letters with which Postgres names an error. */
export function sqlState(thrown: unknown): string | undefined {
  const code = (thrown as { code?: unknown } | null | undefined)?.code;
  // EPIPE and its like are codes of the operating system
  return typeof code === 'string' && /^(?!E[A-Z]{4})[0-9A-Z]{5}$/.test(code) ? code : undefined;
}

/** An error of a client as an error of ours; errors of ours stay as they are. */
export function storeError(what: string, thrown: unknown): Error {
  if (thrown instanceof StoreError || thrown instanceof JobError) return thrown;
  if (thrown instanceof CodecError) return thrown;
  const kind = subjectOf(thrown) === 'session' ? 'connection' : 'unusable';
  const short = shortages.get(sqlState(thrown) ?? '');
  const why = short === undefined ? '' : `${short}, and it goes on: `;
  return new StoreError(kind, `${what}: ${why}${messageOf(thrown)}`, { cause: thrown });
}

/* What the server has none of; it has undone the transaction. */
const shortages = new Map([
  ['53100', 'the disk of the server is full; free some space there'],
  ['53200', 'the memory of the server is full; give it some'],
  ['53300', 'the server has no connection left; close some, or raise `max_connections`'],
]);
