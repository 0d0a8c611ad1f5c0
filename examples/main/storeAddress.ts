/** Reads the store that `--store` names; what is wrong with an address is said before anything is opened, and without its password. */
import type { Values } from './command.js';

export type StoreAddress =
  | { readonly kind: 'memory' }
  | { readonly kind: 'pglite'; readonly dir?: string }
  | { readonly kind: 'file'; readonly dir: string }
  | { readonly kind: 'postgres'; readonly url: string; readonly schema?: string }
  | { readonly kind: 'redis'; readonly url: string; readonly prefix?: string };

const STORES =
  'pglite:DIR, pglite:, file:DIR, postgres://HOST:PORT/DB, redis://HOST:PORT/DB or memory:';
const ENCODED =
  'an address with a port up to 65535, whose user and password have %40 for @, %2F for /, %3F for ?, %23 for # and %25 for %';
const SERVER = /^(postgres(?:ql)?|rediss?):\/\/./;

/** @throws UsageError */
export function readStoreAddress(values: Values): StoreAddress {
  const text = values.text('store') ?? '';
  if (text === 'memory:') return { kind: 'memory' };
  if (text === 'pglite:') return { kind: 'pglite' };
  if (text.startsWith('pglite:')) return { kind: 'pglite', dir: text.slice('pglite:'.length) };
  const [, dir] = /^file:(.+)/s.exec(text) ?? [];
  if (dir !== undefined) return { kind: 'file', dir };
  const [, scheme] = SERVER.exec(text) ?? [];
  if (scheme === undefined) throw values.wrong('store', STORES);
  const url = addressOf(values, text);
  return scheme.startsWith('redis') ? redisOf(values, text, url) : postgresOf(values, text, url);
}

function addressOf(values: Values, text: string): URL {
  if (!URL.canParse(text)) throw values.wrong('store', text.includes('@') ? ENCODED : STORES);
  const url = new URL(text);
  // what stands there belongs to a password that has cut the address in two
  const torn = url.hash !== '' || /@/.test(url.pathname + url.search);
  if (torn || !decodes(url.username + url.password)) throw values.wrong('store', ENCODED);
  return url;
}

function decodes(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

function redisOf(values: Values, text: string, { pathname, searchParams }: URL): StoreAddress {
  for (const database of [pathname.slice(1), searchParams.get('db') ?? '']) {
    if (!/^\d*$/.test(database)) {
      throw values.wrong('store', 'an address whose database is a number');
    }
  }
  const prefix = searchParams.get('prefix');
  if (prefix === null) return { kind: 'redis', url: text };
  if (/^[\w-]+$/.test(prefix)) return { kind: 'redis', url: text, prefix };
  throw values.wrong('store', 'an address whose prefix is of letters, digits, _ and -');
}

/* The schema is ours: the server is not told of it. */
function postgresOf(values: Values, text: string, url: URL): StoreAddress {
  const { searchParams } = url;
  const schema = searchParams.get('schema');
  if (schema !== null && !/^[A-Za-z_][A-Za-z0-9_]{0,62}$/.test(schema)) {
    throw values.wrong('store', 'an address whose schema is a name of letters, digits and _');
  }
  // of these the client takes each for the last, and warns at length that it will not always
  const alike = /^(prefer|require|verify-ca)$/.test(searchParams.get('sslmode') ?? '');
  const named = alike && !searchParams.has('uselibpqcompat');
  if (schema === null && !named) return { kind: 'postgres', url: text };
  searchParams.delete('schema');
  if (named) searchParams.set('sslmode', 'verify-full');
  return { kind: 'postgres', url: url.href, ...(schema !== null && { schema }) };
}
