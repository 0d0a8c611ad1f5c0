/** Plain data as plain JSON: what JSON cannot hold becomes tagged objects, and back; bounded depth and size. */
import { CodecError, show } from './errors.js';

/** How deep containers may nest. */
export const MAX_DEPTH = 64;
/** How long the JSON may be. */
export const MAX_BYTES = 2 ** 28;

/*
 * An object whose only key begins with `~` stands for something that JSON lacks; an object that has
 * such a key itself is wrapped in `{"~o": …}`.
 */

/** Data that JSON holds whole. */
export interface Tagged {
  readonly tree: unknown;
  /** Whether there is anything for `untag` to undo. */
  readonly tagged: boolean;
}

/**
 * Gives back the very value where nothing in it needs a tag, and copies only what lies above a tag.
 * @throws CodecError naming the path of a function, symbol or class instance, of a cycle or of what is too deep or long
 */
export function tag(data: unknown): Tagged {
  const writer = new Writer();
  const tree = writer.tag(data, 0);
  return { tree, tagged: writer.tagged };
}

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
      copy ??= { ...from };
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

const names = new Map<unknown, unknown>([
  ['u', undefined],
  ['n', Number.NaN],
  ['+', Infinity],
  ['-', -Infinity],
  ['0', -0],
]);

/** What `tag` was given. In place: the tree is not to be used again. @throws CodecError on a tag that is none of ours */
export function untag(x: unknown): unknown {
  if (typeof x !== 'object' || x === null) return x;
  if (Array.isArray(x)) {
    for (let i = 0; i < x.length; i++) x[i] = untag(x[i]);
    return x;
  }
  const keys = Object.keys(x);
  const first = keys[0];
  if (first?.charCodeAt(0) !== 0x7e) return untagRecord(x, keys);
  if (keys.length > 1) throw new CodecError(`no tag has other fields beside it: ${show(first)}`);
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
  throw new CodecError(`no such tag: ${show(mark)}`);
}

function mapOf(flat: readonly unknown[]): Map<unknown, unknown> {
  const map = new Map<unknown, unknown>();
  for (let i = 0; i + 1 < flat.length; i += 2) map.set(flat[i], flat[i + 1]);
  return map;
}
