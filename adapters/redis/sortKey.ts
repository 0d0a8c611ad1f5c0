/** Keys and orders as bytes that compare, byte by byte, as lib/keptRows and lib/order compare them. */
import { type Key, keyText } from '../../lib/key.js';
import type { Ordered } from '../../lib/order.js';

/* Ranks of the types of a column that holds several: by the name of the type, as in lib/keptRows. */
const BOOLEAN = 1;
const NUMBER = 2;
const TUPLE = 3;
const TEXT = 4;

/** The bytes by which a key stands in the index of its table. */
export function sortKey(key: readonly unknown[]): Buffer {
  return Buffer.concat(key.flatMap((part) => partBytes(part as Key | Date)));
}

function partBytes(part: Key | Date): Buffer[] {
  if (part instanceof Date) return [Buffer.of(NUMBER), numberBytes(part.getTime())];
  switch (typeof part) {
    case 'boolean':
      return [Buffer.of(BOOLEAN, part ? 1 : 0)];
    case 'number':
      return [Buffer.of(NUMBER), numberBytes(part)];
    case 'bigint':
      return [Buffer.of(NUMBER), ...bigBytes(part)];
    case 'string':
      return [Buffer.of(TEXT), textBytes(part)];
    default:
      return [Buffer.of(TUPLE), textBytes(keyText(part))];
  }
}

/** The bytes of an order: no order begins with another, and of two tuples a prefix is lower. */
export function orderBytes({ revision, timestamp }: Ordered): Buffer {
  const parts: Buffer[] = [];
  for (const x of revision) parts.push(Buffer.of(1), doubleBytes(x));
  return Buffer.concat([...parts, Buffer.of(0), doubleBytes(timestamp)]);
}

/* A double whose bits, with the sign turned round, compare as the numbers do. */
function doubleBytes(x: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleBE(x + 0);
  const negative = ((bytes[0] ?? 0) & 0x80) !== 0;
  for (const [i, byte] of bytes.entries()) {
    if (negative) bytes[i] = byte ^ 0xff;
    else if (i === 0) bytes[i] = byte ^ 0x80;
  }
  return bytes;
}

/* A number is followed by 0, which is what a bigint of its value leaves over. */
function numberBytes(x: number): Buffer {
  return x === 0 ? doubleBytes(0) : Buffer.concat([doubleBytes(x), doubleBytes(0)]);
}

/* The nearest double, then that of the rest, until nothing is left. */
function bigBytes(x: bigint): Buffer[] {
  const parts: Buffer[] = [];
  let rest = x;
  while (rest !== 0n) {
    const near = Number(rest);
    if (!Number.isFinite(near)) throw new RangeError(`a key beyond ${Number.MAX_VALUE}`);
    parts.push(doubleBytes(near));
    rest -= BigInt(near);
  }
  return [...parts, doubleBytes(0)];
}

const lone = /\p{Cs}/u;

/* UTF-8 is in the order of code points; NUL is escaped, so that two of them end the text. */
function textBytes(text: string): Buffer {
  const bytes = lone.test(text) ? loneBytes(text) : Buffer.from(text);
  if (!bytes.includes(0)) return Buffer.concat([bytes, Buffer.of(0, 0)]);
  const out: number[] = [];
  for (const byte of bytes) {
    out.push(byte);
    if (byte === 0) out.push(0xff);
  }
  return Buffer.from([...out, 0, 0]);
}

/*
 * A lone high surrogate comes just before the pairs that begin with it, a lone low one after all
 * pairs: where lib/columns puts them.
 */
function loneBytes(text: string): Buffer {
  const parts: Buffer[] = [];
  for (const c of text) {
    const unit = c.charCodeAt(0);
    if (c.length > 1 || unit < 0xd800 || unit > 0xdfff) parts.push(Buffer.from(c));
    else if (unit >= 0xdc00) parts.push(Buffer.of(0xf5, unit >> 8, unit & 0xff));
    else {
      const first = Buffer.from(String.fromCharCode(unit, 0xdc00));
      first[3] = 0x7f;
      parts.push(first);
    }
  }
  return Buffer.concat(parts);
}
