/** Records of the log: `length | crc32 | payload`, and the payload is an entry in the state codec before raw bytes. */
import { decode, encode } from '../codec.js';
import { crc32 } from '../crc32.js';
import type { Entry } from './entry.js';

/** The format of log files that this version writes; newer ones are refused. */
export const LOG_FORMAT = 1;
const START = 'tidemark-log ';
const utf8 = new TextEncoder();
const text = new TextDecoder();

/** What a log file begins with. */
export const FILE_HEADER = utf8.encode(`${START}${String(LOG_FORMAT).padStart(6, '0')}\n`);

/** Before the payload: its length and its checksum, 4 bytes each, the lowest first. */
const FRAME = 8;
/** Before the entry: its length. */
const ENTRY = 4;
/** What a payload begins with, after that length. */
const CODEC = utf8.encode('tidemark/');
/** Longer ones are neither written nor believed. */
const MAX_PAYLOAD = 2 ** 31 - 1 - FRAME;

/** The format that the beginning of a file states; undefined when it is no log of ours. */
export function formatOf(head: Uint8Array): number | undefined {
  const [, digits] = /^tidemark-log (\d{6})\n/.exec(text.decode(head)) ?? [];
  return digits === undefined ? undefined : Number(digits);
}

/** An entry, and the raw bytes that it speaks of, in its order. */
export interface LogRecord {
  readonly entry: Entry;
  readonly raw: Uint8Array;
}

/** Writes one record. @throws CodecError when the entry is too long; RangeError when all of it is */
export function encodeRecord(entry: Entry, pieces: readonly Uint8Array[] = []): Uint8Array {
  const head = encode(entry);
  const rawLength = pieces.reduce((sum, piece) => sum + piece.length, 0);
  const length = ENTRY + head.length + rawLength;
  if (length > MAX_PAYLOAD) throw new RangeError(`a record of ${length} bytes is too long`);
  const bytes = new Uint8Array(FRAME + length);
  const view = new DataView(bytes.buffer);
  view.setUint32(FRAME, head.length, true);
  bytes.set(head, FRAME + ENTRY);
  let at = FRAME + ENTRY + head.length;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  view.setUint32(0, length, true);
  view.setUint32(4, crc32(bytes.subarray(FRAME), 0, crc32(bytes.subarray(0, 4))), true);
  return bytes;
}

/** How many bytes the record at `at` states to have in all; undefined where not even that is there. */
export function statedLength(bytes: Uint8Array, at: number): number | undefined {
  if (bytes.length - at < FRAME) return undefined;
  return FRAME + viewOf(bytes).getUint32(at, true);
}

/** Reads the whole record at `at`; undefined when it is none, or damaged. */
export function recordAt(bytes: Uint8Array, at: number): LogRecord | undefined {
  const length = statedLength(bytes, at);
  if (length === undefined || at + length > bytes.length || !looksRight(bytes, at))
    return undefined;
  const payload = bytes.subarray(at + FRAME, at + length);
  const view = viewOf(bytes);
  const sum = crc32(payload, 0, crc32(bytes.subarray(at, at + 4)));
  if (sum !== view.getUint32(at + 4, true)) return undefined;
  const end = ENTRY + view.getUint32(at + FRAME, true);
  if (end > payload.length) return undefined;
  try {
    const entry = decode(payload.subarray(ENTRY, end)) as Entry;
    return { entry, raw: payload.subarray(end) };
  } catch {
    return undefined;
  }
}

/* A few bytes tell most of what is no record from one, without a checksum. */
function looksRight(bytes: Uint8Array, at: number): boolean {
  return CODEC.every((byte, i) => bytes[at + FRAME + ENTRY + i] === byte);
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** All whole records in `bytes`, wherever they begin: those that come after damage. */
export function* recordsWithin(bytes: Uint8Array, from: number): Generator<LogRecord> {
  for (let at = from; at + FRAME + ENTRY < bytes.length; at++) {
    const record = recordAt(bytes, at);
    if (record === undefined) continue;
    yield record;
    at += (statedLength(bytes, at) ?? 1) - 1;
  }
}
