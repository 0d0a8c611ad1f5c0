/** Keys: values that are equal by type and content, and the one form under which maps hold them. */

/** A string, safe number, bigint, boolean, or a tuple of keys. */
export type Key = string | number | bigint | boolean | readonly Key[];

/** What a `Map` holds in place of a key: equal exactly when the keys are. Never undefined. */
export type KeyId = string | number | bigint | boolean;

const MARK = '\u0000';
const MAX_DEPTH = 64;

/**
 * The map form of a key, or undefined when it is no key (undefined, null, NaN, ±Infinity, an unsafe
 * number, symbol, object, a tuple of such). Primitives stand for themselves, which a `Map` compares
 * as we want (1 ≠ '1', −0 = 0); a tuple becomes a marked, length-prefixed string.
 */
export function keyId(key: unknown): KeyId | undefined {
  switch (typeof key) {
    case 'string':
      return key.charCodeAt(0) === 0 ? `${MARK}s${key}` : key;
    case 'number':
      return safeNumber(key) ? key : undefined;
    case 'bigint':
    case 'boolean':
      return key;
    default: {
      const inner = Array.isArray(key) ? encode(key, 0) : undefined;
      return inner === undefined ? undefined : MARK + inner;
    }
  }
}

function safeNumber(x: number): boolean {
  return x >= -Number.MAX_SAFE_INTEGER && x <= Number.MAX_SAFE_INTEGER;
}

function encode(key: unknown, depth: number): string | undefined {
  switch (typeof key) {
    case 'string':
      return `s${key.length}:${key}`;
    case 'number':
      return safeNumber(key) ? `n${key + 0};` : undefined;
    case 'bigint':
      return `i${key};`;
    case 'boolean':
      return key ? 't' : 'f';
    default:
      return Array.isArray(key) && depth < MAX_DEPTH ? encodeTuple(key, depth) : undefined;
  }
}

function encodeTuple(parts: readonly unknown[], depth: number): string | undefined {
  let text = `a${parts.length}:`;
  for (const part of parts) {
    const one = encode(part, depth + 1);
    if (one === undefined) return undefined;
    text += one;
  }
  return text;
}

/** One string for any valid key, equal exactly when the keys are: for stores, which know only text. */
export function keyText(key: Key): string {
  const text = encode(key, 0);
  if (text === undefined) throw new TypeError('not a key');
  return text;
}
