/** What the stores ask of a Postgres client, and what its errors mean. */
import { CodecError, JobError, messageOf, StoreError } from '../errors.js';

/** One session at a time on a Postgres: a server or one inside this process. */
export interface SqlClient {
  /** Runs one statement; parameters are texts or null, and results come back as texts. */
  query(text: string, params?: readonly (string | null)[]): Promise<{ readonly rows: any[] }>;
  /** Runs `fn` in one transaction: committed when it resolves, rolled back when it rejects. */
  transaction<T>(fn: (tx: SqlClient) => Promise<T>): Promise<T>;
  /** Lets what waits in the event loop have its turn, where something other than this process does the work. */
  pause?(): Promise<void>;
}

/* Classes of SQLSTATE that speak of the statement or its data, not of the session. */
const refusing = new Set(['0A', '21', '22', '23', '42', '44', '54']);

/** Whether an error says that these rows will never be taken. */
export function isRefusal(thrown: unknown): boolean {
  const code = sqlState(thrown);
  return code !== undefined && refusing.has(code.slice(0, 2));
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
  const kind = isRefusal(thrown) ? 'refused' : 'connection';
  return new StoreError(kind, `${what}: ${messageOf(thrown)}`, { cause: thrown });
}
