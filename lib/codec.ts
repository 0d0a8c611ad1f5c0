/** The state codec: plain data to checksummed bytes and back; no code, no class names, bounded depth and size. */

import type { Chunks, Data } from './chunks.js';
import { crc32 } from './crc32.js';
import { CodecError, messageOf } from './errors.js';
import { MAX_BYTES, MAX_DEPTH, tag, untag } from './tagged.js';

/** The format that this version writes; older ones are read, newer ones refused. */
const DATA_FORMAT = 1;

/*
 * Bytes: `tidemark/1 `, p or t, the CRC-32 of that letter and the JSON in 8 hex digits, a line feed,
 * JSON. p: plain JSON, nothing to undo. t: tagged, see lib/tagged.
 */
const START = `tidemark/${DATA_FORMAT} `;
const HEADER = START.length + 10;
const header = /^tidemark\/([1-9]\d{0,8}) ([pt])([0-9a-f]{8})\n$/;
const version = /^tidemark\/([1-9]\d{0,8}) /;
const utf8 = new TextEncoder();
const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Writes plain data: null, booleans, strings (lone surrogates too), numbers (NaN, ±Infinity, −0 too),
 * bigint, undefined, arrays, plain objects, Map, Set and Date. A hole in an array becomes undefined.
 * @throws CodecError naming the path of a function, symbol or class instance, of a cycle or of what is too deep or long
 */
export function encode(data: Data): Uint8Array {
  const { tree, tagged } = tag(data);
  const flag = tagged ? 't' : 'p';
  let json: string;
  try {
    json = JSON.stringify(tree);
  } catch (thrown) {
    throw new CodecError(`the data cannot be written: ${messageOf(thrown)}`, { cause: thrown });
  }
  const bytes = utf8.encode(`${START}${flag}00000000\n${json}`);
  if (bytes.length > MAX_BYTES) throw tooLong(bytes.length);
  utf8.encodeInto(checksum(bytes, flag), bytes.subarray(START.length + 1));
  return bytes;
}

function checksum(bytes: Uint8Array, flag: string): string {
  const sum = crc32(bytes, HEADER, crc32(utf8.encode(flag)));
  return sum.toString(16).padStart(8, '0');
}

/** Encodes every chunk of the state of an operator. @throws CodecError naming the chunk's path */
export function encodeChunks(chunks: Chunks): Map<string, Uint8Array> {
  const encoded = new Map<string, Uint8Array>();
  for (const [name, data] of chunks) encoded.set(name, encode(data));
  return encoded;
}

/** The chunks that `encodeChunks` wrote. @throws CodecError */
export function decodeChunks(encoded: ReadonlyMap<string, Uint8Array>): Map<string, Data> {
  const chunks = new Map<string, Data>();
  for (const [name, bytes] of encoded) chunks.set(name, decode(bytes));
  return chunks;
}

/** Checks header and checksum, and reads nothing. @throws CodecError as `decode` does */
export function verify(bytes: Uint8Array): void {
  checkHeader(bytes);
}

/**
 * Reads what `encode` wrote.
 * @throws CodecError when the bytes are not ours, of a newer format, or damaged
 */
export function decode(bytes: Uint8Array): Data {
  const tagged = checkHeader(bytes) === 't';
  checkDepth(bytes, tagged ? 2 * MAX_DEPTH + 1 : MAX_DEPTH);
  try {
    const tree: unknown = JSON.parse(text.decode(bytes.subarray(HEADER)));
    return tagged ? untag(tree) : tree;
  } catch (thrown) {
    throw new CodecError('the checksum is right but the data is not', { cause: thrown });
  }
}

function checkHeader(bytes: Uint8Array): string {
  if (bytes.length > MAX_BYTES) throw tooLong(bytes.length);
  const head = String.fromCharCode(...bytes.subarray(0, HEADER));
  const format = Number(version.exec(head)?.[1] ?? 0);
  if (format === 0) throw new CodecError('these bytes are not state of ours, or are damaged');
  if (format > DATA_FORMAT) {
    throw new CodecError(
      `the data has format ${format}; this version reads up to ${DATA_FORMAT}: run the version that wrote it`,
      { newer: true },
    );
  }
  const [, , flag, stated] = header.exec(head) ?? [];
  if (flag === undefined) throw new CodecError('the data is cut short, or damaged in its header');
  const sum = checksum(bytes, flag);
  if (sum === stated) return flag;
  throw new CodecError(`the data is damaged: its checksum is ${sum}, but it states ${stated}`);
}

function tooLong(length: number): CodecError {
  return new CodecError(`the data has ${length} bytes; at most ${MAX_BYTES} are allowed`);
}

/* `JSON.parse` would take any depth; what comes after it would not. */
function checkDepth(bytes: Uint8Array, max: number): void {
  let depth = 0;
  let inString = false;
  for (let i = HEADER; i < bytes.length; i++) {
    const b = bytes[i];
    if (inString) {
      if (b === 0x5c) i++;
      else if (b === 0x22) inString = false;
    } else if (b === 0x22) inString = true;
    else if (b === 0x5b || b === 0x7b) {
      if (++depth > max) throw new CodecError(`the data nests deeper than ${MAX_DEPTH}`);
    } else if (b === 0x5d || b === 0x7d) depth--;
  }
}
