/** The state codec: plain data to checksummed bytes and back; no code, no class names, bounded depth and size. */
import { crc32 } from './crc32.js';
import type { Chunks, Data } from './element.js';
import { CodecError, messageOf, show } from './errors.js';

/** The format that this version writes; older ones are read, newer ones refused. */
export const DATA_FORMAT = 1;
/** How deep containers may nest. */
export const MAX_DEPTH = 64;
/** How long encoded data may be. */
export const MAX_BYTES = 2 ** 28;

/*
 * Bytes: `tidemark/1 `, p or t, the CRC-32 of that letter and the JSON in 8 hex digits, a line feed,
 * JSON. p: plain JSON, nothing to undo. t: tagged: an object whose only key begins with `~` stands
 * for something that JSON lacks; an object that has such a key itself is wrapped in `{"~o": …}`.
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
  const writer = new Writer();
  const tree = writer.tag(data, 0);
  const flag = writer.tagged ? 't' : 'p';
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
    if (thrown instanceof CodecError) throw thrown;
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

/* Gives back the very value where nothing in it needs a tag, and copies only what lies above a tag. */
class Writer {
  tagged = false;
  private readonly path: (string | number)[] = [];
  private size = 0;

  tag(x: unknown, depth: number): unknown {
    this.grow(1, depth);
    switch (typeof x) {
      case 'string':
        this.grow(x.length, depth);
        return x;
      case 'boolean':
        return x;
      case 'number':
        return Number.isFinite(x) && !Object.is(x, -0) ? x : this.named(numberName(x));
      case 'undefined':
        return this.named('u');
      case 'bigint':
        return this.wrap('~i', String(x));
      case 'object':
        return x === null ? null : this.container(x, depth);
      default:
        throw this.error(`cannot write ${typeof x === 'symbol' ? 'a symbol' : show(x)}`, depth);
    }
  }

  private container(x: object, depth: number): unknown {
    if (depth >= MAX_DEPTH) throw this.error(`nests deeper than ${MAX_DEPTH}, or in itself`, depth);
    if (Array.isArray(x)) return this.items(x, depth);
    const proto: unknown = Object.getPrototypeOf(x);
    if (proto === Map.prototype) {
      const flat: unknown[] = [];
      for (const [k, v] of x as Map<unknown, unknown>) flat.push(k, v);
      return this.wrap('~m', this.items(flat, depth));
    }
    if (proto === Set.prototype)
      return this.wrap('~s', this.items([...(x as Set<unknown>)], depth));
    if (proto === Date.prototype) return this.wrap('~d', (x as Date).getTime());
    if (isPlain(proto) && Object.getOwnPropertySymbols(x).length === 0)
      return this.record(x, depth);
    throw this.error(`cannot write an instance of ${className(x)}: only plain data`, depth);
  }

  private items(list: readonly unknown[], depth: number): readonly unknown[] {
    this.grow(list.length, depth);
    let copy: unknown[] | undefined;
    for (let i = 0; i < list.length; i++) {
      this.path[depth] = i;
      const was = list[i];
      const now = this.tag(was, depth + 1);
      if (copy !== undefined) copy.push(now);
      else if (now !== was) copy = [...list.slice(0, i), now];
    }
    return copy ?? list;
  }

  private record(x: object, depth: number): unknown {
    const from = x as Record<string, unknown>;
    let copy: Record<string, unknown> | undefined;
    let marked = false;
    for (const name of Object.keys(from)) {
      this.path[depth] = name;
      this.grow(name.length, depth);
      if (name.charCodeAt(0) === 0x7e) marked = true;
      const was = from[name];
      const now = this.tag(was, depth + 1);
      if (now === was) continue;
      copy ??= copyOf(from);
      define(copy, name, now);
    }
    return marked ? this.wrap('~o', copy ?? from) : (copy ?? from);
  }

  private named(value: string): object {
    this.tagged = true;
    return { '~': value };
  }

  private wrap(name: string, value: unknown): object {
    this.tagged = true;
    return { [name]: value };
  }

  private grow(by: number, depth: number): void {
    this.size += by;
    if (this.size > MAX_BYTES) throw this.error(`is longer than ${MAX_BYTES} bytes`, depth);
  }

  private error(problem: string, depth: number): CodecError {
    const steps = this.path
      .slice(0, Math.min(depth, 8))
      .map((s) => (typeof s === 'number' ? `[${s}]` : `[${show(s)}]`));
    return new CodecError(`${problem}; at data${steps.join('')}${depth > 8 ? '…' : ''}`);
  }
}

function numberName(x: number): string {
  if (x === Infinity) return '+';
  if (x === -Infinity) return '-';
  return x === 0 ? '0' : 'n';
}

/* Also the Object.prototype of another realm. */
function isPlain(proto: unknown): boolean {
  if (proto === Object.prototype || proto === null) return true;
  return Object.getPrototypeOf(proto) === null && Object.hasOwn(proto as object, 'isPrototypeOf');
}

function className(x: object): string {
  const maker: unknown = x.constructor;
  return typeof maker === 'function' && maker.name !== '' ? maker.name : 'a class without a name';
}

/* Assignment would lose `__proto__`. */
function define(to: object, name: string, value: unknown): void {
  Object.defineProperty(to, name, { value, enumerable: true, writable: true, configurable: true });
}

function copyOf(from: Record<string, unknown>): Record<string, unknown> {
  return { ...from };
}

const names = new Map<unknown, unknown>([
  ['u', undefined],
  ['n', Number.NaN],
  ['+', Infinity],
  ['-', -Infinity],
  ['0', -0],
]);

/* In place: the tree is ours. */
function untag(x: unknown): unknown {
  if (typeof x !== 'object' || x === null) return x;
  if (Array.isArray(x)) {
    for (let i = 0; i < x.length; i++) x[i] = untag(x[i]);
    return x;
  }
  const keys = Object.keys(x);
  const first = keys[0];
  if (first?.charCodeAt(0) !== 0x7e) return untagRecord(x, keys);
  if (keys.length > 1) throw new CodecError('the checksum is right but the data is not');
  return untagMarked(first, (x as Record<string, unknown>)[first]);
}

function untagRecord(x: object, keys: readonly string[]): object {
  for (const name of keys) {
    const was = (x as Record<string, unknown>)[name];
    const now = untag(was);
    if (now !== was) define(x, name, now);
  }
  return x;
}

function untagMarked(mark: string, content: unknown): unknown {
  switch (mark) {
    case '~':
      if (names.has(content)) return names.get(content);
      break;
    case '~i':
      return BigInt(content as string);
    case '~d':
      return new Date(content === null ? Number.NaN : (content as number));
    case '~m':
      return mapOf(untag(content) as unknown[]);
    case '~s':
      return new Set(untag(content) as unknown[]);
    case '~o':
      return untagRecord(content as object, Object.keys(content as object));
  }
  throw new CodecError('the checksum is right but the data is not');
}

function mapOf(flat: readonly unknown[]): Map<unknown, unknown> {
  const map = new Map<unknown, unknown>();
  for (let i = 0; i + 1 < flat.length; i += 2) map.set(flat[i], flat[i + 1]);
  return map;
}
