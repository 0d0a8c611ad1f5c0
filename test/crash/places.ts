/** Where the runs of a crash command keep their tables: directories, or a server of its own or of others. */
import { basename } from 'node:path';
import { startPostgres } from '../servers/postgres.js';
import { startProxy, type TestProxy } from '../servers/proxy.js';
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
  /** What runs here alone, and may be harmed. */
  readonly server?: Killable;
  readonly proxy?: TestProxy;
}

interface Killable {
  readonly url: string;
  kill(): Promise<void>;
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** Where table and checkpoints of one run are; the latter undefined where both are in one store. */
export interface Home {
  readonly table: string;
  readonly checkpoints: string | undefined;
}

/** Of three runs one has all in the store, and two have one half in files: their rows go through an outbox. */
export function storesOf(number: number, place: Place, home: string): Home {
  const store = place.storeOf(home);
  const files = `file:${home}-apart`;
  if (number % 3 === 1) return { table: store, checkpoints: undefined };
  if (number % 3 === 0) return { table: store, checkpoints: files };
  return { table: files, checkpoints: store };
}

export function isStore(text: string): boolean {
  return all.includes(text) || /^(rediss?|postgres(ql)?):\/\/./.test(text);
}

/** Starts what the stores need; `proxied`: a server that is reached through a proxy. */
export async function openPlace(store: string, o: { proxied?: boolean } = {}): Promise<Place> {
  if (store === 'redis:') return ownServer(await startRedis({ killable: true }), prefixed, o);
  if (store === 'postgres:') return ownServer(await startPostgres({ killable: true }), inSchema, o);
  if (/^postgres(ql)?:/.test(store)) return schemasOf(store);
  const close = async () => {};
  if (/^rediss?:/.test(store)) return { storeOf: (home) => prefixed(store, home), close };
  return { storeOf: (home) => store + home, close };
}

async function ownServer(
  server: Killable,
  apart: (url: string, home: string) => string,
  { proxied = false }: { readonly proxied?: boolean },
): Promise<Place> {
  if (!proxied) {
    return { server, storeOf: (home) => apart(server.url, home), close: () => server.stop() };
  }
  const proxy = await startProxy(Number(new URL(server.url).port));
  const close = async () => {
    await proxy.close();
    await server.stop();
  };
  return { server, proxy, storeOf: (home) => apart(proxy.through(server.url), home), close };
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
