/** Transactions on a PostgreSQL server: one session each, again as a whole where that helps, and an unknown commit is called so. */
import { messageOf, StoreError } from '../../lib/errors.js';
import { type SqlClient, sqlState, subjectOf } from '../../lib/sql/client.js';
import type { PostgresPool, PostgresSession } from './pool.js';
import type { Redact } from './secrets.js';

/** How long the server lets a session wait, in ms. */
export interface SessionLimits {
  readonly lockMs: number;
  readonly idleMs: number;
  readonly statementMs: number;
  /** The client waits this much longer for the end of a statement: the server can say why it gave up. */
  readonly graceMs: number;
}

export interface PostgresClientConfig {
  readonly pool: PostgresPool;
  readonly limits: SessionLimits;
  readonly redact: Redact;
}

const ATTEMPTS = 6;
const FIRST_DELAY_MS = 50;
/** So long a server that takes no connection is asked again; who uses the store has a longer patience of its own. */
const UNREACHED_MS = 9000;

/* Another try of the whole transaction may do: serialisation, deadlock; a server that goes, comes, or only reads. */
const transient = new Set(['40001', '40P01', '25006', '57P01', '57P02', '57P03']);
/* After such an error a COMMIT has surely done nothing. */
function undoes(thrown: unknown): boolean {
  return subjectOf(thrown) !== 'session' || sqlState(thrown)?.startsWith('40') === true;
}

const asText = () => (text: string) => text;

export class PostgresClient implements SqlClient {
  private readonly begin: string;
  private closed = false;

  constructor(private readonly config: PostgresClientConfig) {
    this.begin = beginning(config.limits);
  }

  /** One statement that may be repeated: it reads, or does nothing the second time. */
  query(
    text: string,
    params?: readonly (string | null)[],
  ): Promise<{ readonly rows: readonly any[] & any[] }> {
    return this.repeat((tx) => tx.query(text, params), { unknown: 'again' });
  }

  transaction<T>(fn: (tx: SqlClient) => Promise<T>): Promise<T> {
    return this.repeat(fn, { unknown: 'reject' });
  }

  /** Lets what waits in the event loop have its turn. */
  pause(): Promise<void> {
    return new Promise((resolve) => setImmediate(resolve));
  }

  /** From now on every use is refused. */
  close(): void {
    this.closed = true;
  }

  private async repeat<T>(
    fn: (tx: SqlClient) => Promise<T>,
    { unknown }: { readonly unknown: 'again' | 'reject' },
  ): Promise<T> {
    const since = Date.now();
    for (let attempt = 1; ; attempt++) {
      if (this.closed) throw new StoreError('connection', 'postgresStore: the store is closed');
      const session = new Session(this.config);
      try {
        return await session.run(this.begin, fn);
      } catch (thrown) {
        const helps = session.lost || transient.has(sqlState(thrown) ?? '');
        const safe = unknown === 'again' || !session.unknown;
        const unreached = !session.reached && Date.now() - since >= UNREACHED_MS;
        if (!helps || !safe || unreached || attempt === ATTEMPTS) throw thrown;
      }
      await delay(FIRST_DELAY_MS * 2 ** (attempt - 1) * (0.5 + Math.random()));
    }
  }
}

/* One transaction on one session. */
class Session {
  /** The connection failed, or was never there. */
  lost = false;
  /** COMMIT was sent, and nobody knows what became of it. */
  unknown = false;
  private session: PostgresSession | undefined;

  constructor(private readonly config: PostgresClientConfig) {}

  /** There was a connection. */
  get reached(): boolean {
    return this.session !== undefined;
  }

  async run<T>(begin: string, fn: (tx: SqlClient) => Promise<T>): Promise<T> {
    const session = await this.connect();
    // without a listener, an error between two statements would end the process
    const onError = () => {
      this.lost = true;
    };
    session.on('error', onError);
    try {
      await this.send(begin);
      const tx: SqlClient = {
        query: (text, params) => this.send(text, params ?? []),
        transaction: (inner) => inner(tx),
        pause: () => new Promise((resolve) => setImmediate(resolve)),
      };
      const result = await fn(tx);
      await this.commit();
      return result;
    } catch (thrown) {
      await this.rollBack(thrown);
      throw thrown;
    } finally {
      session.removeListener('error', onError);
      session.release(this.lost);
    }
  }

  private async connect(): Promise<PostgresSession> {
    try {
      return (this.session = await this.config.pool.connect());
    } catch (thrown) {
      // a wrong password or database is an answer; that nobody answers may pass
      this.lost = sqlState(thrown) === undefined;
      throw this.config.redact(reasonOf(thrown));
    }
  }

  private async send(text: string, params?: readonly (string | null)[]): Promise<{ rows: any[] }> {
    const { limits, redact } = this.config;
    const query = {
      text,
      types: { getTypeParser: asText },
      query_timeout: limits.statementMs + limits.graceMs,
    };
    try {
      const whole = params === undefined || params.length === 0;
      return await this.session!.query(whole ? query : { ...query, values: params as any[] });
    } catch (thrown) {
      const state = sqlState(thrown);
      this.lost ||= state === undefined || endsSession(state);
      throw redact(thrown);
    }
  }

  private async commit(): Promise<void> {
    let answer: { readonly command?: string };
    try {
      answer = (await this.send('commit')) as { command?: string };
    } catch (thrown) {
      if (undoes(thrown)) throw thrown;
      this.unknown = true;
      this.lost = true;
      const why = `whether a commit was applied is not known: ${messageOf(thrown)}`;
      throw new StoreError('connection', `postgresStore: ${why}`, { cause: thrown });
    }
    // of a failed transaction, COMMIT is a rollback without an error
    if (answer.command === 'ROLLBACK') throw new Error('the transaction had failed before its end');
  }

  private async rollBack(thrown: unknown): Promise<void> {
    if (sqlState(thrown) === '25006') this.lost = true;
    if (this.lost) return;
    await this.send('rollback').catch(() => {
      this.lost = true;
    });
  }
}

/* Of a host with two addresses, the error for both says nothing itself. */
function reasonOf(thrown: unknown): unknown {
  const { message, errors } = thrown as { message?: string; errors?: readonly unknown[] };
  return message === '' && errors !== undefined ? errors[0] : thrown;
}

/* Everything that a session may have been set to otherwise, and that changes what our statements mean. */
function beginning({ lockMs, idleMs, statementMs }: SessionLimits): string {
  const settings = {
    search_path: 'pg_catalog, pg_temp',
    lock_timeout: lockMs,
    idle_in_transaction_session_timeout: idleMs,
    statement_timeout: statementMs,
    datestyle: "'ISO, MDY'",
    extra_float_digits: 1,
    bytea_output: "'hex'",
    standard_conforming_strings: 'on',
  };
  const lines = Object.entries(settings).map(([name, value]) => `set local ${name} = ${value}`);
  return ['begin isolation level read committed read write', ...lines].join('; ');
}

/* Read-only after a fail-over: another connection may find the new primary. */
function endsSession(state: string): boolean {
  return (
    state.startsWith('08') || state.startsWith('57P') || state === '25006' || state === '25P03'
  );
}

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
