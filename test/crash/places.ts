/** Where the runs of a crash command keep their tables: directories, or a server of its own or of others. */
import { basename } from 'node:path';
import { startRedis } from '../servers/redis.js';

/** Kinds of durable stores that need no server, and those for which one is started. */
export const kinds = ['pglite:', 'file:'] as const;
export const serverKinds = ['redis:'] as const;
const all: readonly string[] = [...kinds, ...serverKinds];

/** What `--store` of a crash command takes. */
export const rule = `${all.join(', ')} or redis://HOST:PORT/DB`;

export interface Place {
  /** The store of one run, which no other run has. */
  storeOf(home: string): string;
  close(): Promise<void>;
}

export function isStore(text: string): boolean {
  return all.includes(text) || /^rediss?:\/\/./.test(text);
}

/** Starts what the stores need. */
export async function openPlace(store: string): Promise<Place> {
  if (store === 'redis:') {
    const server = await startRedis({ killable: true });
    return { storeOf: (home) => prefixed(server.url, home), close: () => server.stop() };
  }
  const close = async () => {};
  if (/^rediss?:/.test(store)) return { storeOf: (home) => prefixed(store, home), close };
  return { storeOf: (home) => store + home, close };
}

/* Other runs, and those of other times, have their own keys on the same server. */
function prefixed(url: string, home: string): string {
  const prefix = `crash-${process.pid}-${Date.now()}-${basename(home)}`;
  return `${url}${url.includes('?') ? '&' : '?'}prefix=${prefix}`;
}
