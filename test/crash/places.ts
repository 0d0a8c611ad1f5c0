/** Where the runs of a crash command keep their tables: directories, or a server of its own or of others. */
import { basename } from 'node:path';
import { startPostgres } from '../servers/postgres.js';
import { startRedis } from '../servers/redis.js';

/** Kinds of durable stores that need no server, and those for which one is started. */
export const kinds = ['pglite:', 'file:'] as const;
export const serverKinds = ['postgres:', 'redis:'] as const;
const all: readonly string[] = [...kinds, ...serverKinds];

/** What `--store` of a crash command takes. */
export const rule = `${all.join(', ')}, postgres://HOST:PORT/DB or redis://HOST:PORT/DB`;

export interface Place {
  /** The store of one run, which no other run has. */
  storeOf(home: string): string;
  close(): Promise<void>;
}

export function isStore(text: string): boolean {
  return all.includes(text) || /^(rediss?|postgres(ql)?):\/\/./.test(text);
}

/** Starts what the stores need. */
export async function openPlace(store: string): Promise<Place> {
  if (store === 'redis:') {
    const server = await startRedis({ killable: true });
    return { storeOf: (home) => prefixed(server.url, home), close: () => server.stop() };
  }
  if (store === 'postgres:') {
    const server = await startPostgres();
    return { storeOf: (home) => inSchema(server.url, home), close: () => server.stop() };
  }
  if (/^postgres(ql)?:/.test(store)) return schemasOf(store);
  const close = async () => {};
  if (/^rediss?:/.test(store)) return { storeOf: (home) => prefixed(store, home), close };
  return { storeOf: (home) => store + home, close };
}

/* Other runs, and those of other times, have their own keys on the same server. */
function prefixed(url: string, home: string): string {
  const prefix = `crash-${process.pid}-${Date.now()}-${basename(home)}`;
  return `${url}${url.includes('?') ? '&' : '?'}prefix=${prefix}`;
}

/* A schema for each run; they are dropped at the end, as the server is that of others. */
function schemasOf(url: string): Place {
  const made: string[] = [];
  return {
    storeOf(home) {
      const store = inSchema(url, home);
      made.push(new URL(store).searchParams.get('schema') as string);
      return store;
    },
    async close() {
      const { Client } = await import('pg');
      const client = new Client({ connectionString: url });
      await client.connect();
      for (const schema of made) await client.query(`drop schema if exists ${schema} cascade`);
      await client.end();
    },
  };
}

function inSchema(url: string, home: string): string {
  const schema = `crash_${process.pid}_${Date.now()}_${basename(home).replaceAll('-', '_')}`;
  return `${url}${url.includes('?') ? '&' : '?'}schema=${schema}`;
}
