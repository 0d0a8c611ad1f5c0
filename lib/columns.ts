/** Column types: which values a column takes, and the one form in which it keeps them. */
import { decode, encode } from './codec.js';
import { messageOf, show } from './errors.js';
import { formatInstant, toInstant } from './instant.js';

/** `'any'`: the type is not known, and the value is kept as it is. */
export type ColumnKind =
  | 'any'
  | 'text'
  | 'int'
  | 'float'
  | 'bool'
  | 'time'
  | 'json'
  | 'bytes'
  | 'other';

/** A column of a table. */
export interface Column {
  readonly name: string;
  readonly kind: ColumnKind;
  /** The type in the words of the database. */
  readonly type: string;
}

const kinds = new Map<string, ColumnKind>([
  ['text', 'text'],
  ['varchar', 'text'],
  ['character varying', 'text'],
  ['int2', 'int'],
  ['smallint', 'int'],
  ['int4', 'int'],
  ['int', 'int'],
  ['integer', 'int'],
  ['int8', 'int'],
  ['bigint', 'int'],
  ['float4', 'float'],
  ['real', 'float'],
  ['float8', 'float'],
  ['double precision', 'float'],
  ['bool', 'bool'],
  ['boolean', 'bool'],
  ['timestamptz', 'time'],
  ['timestamp', 'time'],
  ['timestamp with time zone', 'time'],
  ['timestamp without time zone', 'time'],
  ['json', 'json'],
  ['jsonb', 'json'],
  ['bytea', 'bytes'],
]);

/** What kind of values a type holds; `'other'` goes in and out as text. */
export function kindOf(type: string): ColumnKind {
  return kinds.get(type.toLowerCase().replace(/\s*\(.*?\)/, '')) ?? 'other';
}

/** What a column does not take. */
export class Refusal extends Error {}

const int4Max = 2 ** 31 - 1;
const int8Max = 2n ** 63n - 1n;
/** Julian day 0, where Postgres begins. */
const earliest = -210_866_803_200_000;

/**
 * The one form of a value in a column: equal content, equal form, whatever it was given as. null for
 * null and undefined; a number of ms for a time.
 * @throws Refusal
 */
export function canonical(column: Column, value: unknown): unknown {
  if (value === null || value === undefined) return null;
  switch (column.kind) {
    case 'text':
      return plainText(column, value);
    case 'int':
      return integer(column, value);
    case 'float':
      return float(column, value);
    case 'bool':
      if (typeof value === 'boolean') return value;
      throw refusal(column, value, 'true or false');
    case 'time':
      return time(column, value);
    case 'json':
      return json(column, value);
    case 'bytes':
      if (value instanceof Uint8Array) return value;
      throw refusal(column, value, 'a Uint8Array');
    case 'any':
      return data(column, value);
    default:
      return plainText(column, value);
  }
}

function refusal(column: Column, value: unknown, rule: string): Refusal {
  return new Refusal(
    `column ${show(column.name)} (${column.type}) takes ${rule}; got ${show(value)}`,
  );
}

function plainText(column: Column, value: unknown): string {
  switch (typeof value) {
    case 'string':
      return value;
    case 'number':
    case 'bigint':
    case 'boolean':
      return String(value);
    case 'object':
      if (value instanceof Date && !Number.isNaN(value.getTime())) return value.toISOString();
  }
  throw refusal(column, value, 'text');
}

function integer(column: Column, value: unknown): number | bigint {
  const whole =
    (typeof value === 'number' && Number.isInteger(value)) ||
    typeof value === 'bigint' ||
    (typeof value === 'string' && /^-?\d{1,20}$/.test(value));
  if (!whole) throw refusal(column, value, 'whole numbers');
  const big = BigInt(value);
  const max = maxOf(column.type);
  if (big > max || big < -max - 1n) throw refusal(column, value, `whole numbers up to ${max}`);
  const small = Number(big);
  return Number.isSafeInteger(small) ? small + 0 : big;
}

function maxOf(type: string): bigint {
  if (/^(int8|bigint)$/i.test(type)) return int8Max;
  return BigInt(/^(int2|smallint)$/i.test(type) ? 32767 : int4Max);
}

function float(column: Column, value: unknown): number {
  const isNumber = typeof value === 'number' || typeof value === 'bigint';
  const x =
    isNumber || (typeof value === 'string' && value.trim() !== '') ? Number(value) : undefined;
  if (x === undefined || (Number.isNaN(x) && !isNumber && value !== 'NaN')) {
    throw refusal(column, value, 'numbers');
  }
  return /^(float4|real)$/i.test(column.type) ? Math.fround(x) : x;
}

function time(column: Column, value: unknown): number {
  const ms = toInstant(value);
  if (typeof ms !== 'number') {
    throw refusal(column, value, 'times: epoch ms, a Date, or RFC 3339 with a zone');
  }
  if (ms >= earliest && ms <= 8.64e15) return ms;
  throw refusal(
    column,
    value,
    `times from ${formatInstant(earliest)} to ${formatInstant(8.64e15)}`,
  );
}

/** What JSON makes of the value, so that what is read equals what was written. */
function json(column: Column, value: unknown): unknown {
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch (thrown) {
    throw new Refusal(`column ${show(column.name)} takes JSON; ${messageOf(thrown)}`);
  }
  if (text === undefined) throw refusal(column, value, 'JSON');
  return JSON.parse(text);
}

function data(column: Column, value: unknown): unknown {
  if (value instanceof Date || value instanceof Uint8Array) return value;
  try {
    return typeof value === 'string' || typeof value === 'number' ? value : decode(encode(value));
  } catch (thrown) {
    throw new Refusal(`column ${show(column.name)} takes plain data; ${messageOf(thrown)}`);
  }
}

/** How deep the values of a row may nest: as parts of a checkpoint or of a log they nest deeper. */
export const MAX_ROW_DEPTH = 48;
/** How long the key of a row may be, and its values, in UTF-16 units and bytes. */
export const MAX_ROW_LENGTH = 2 ** 24;

/** Refuses a row that some store could not hold, in canonical values. @throws Refusal */
export function checkSize(values: Iterable<unknown>): void {
  let length = 0;
  const add = (value: unknown, depth: number): void => {
    if (typeof value === 'string') length += value.length;
    else if (value instanceof Uint8Array) length += value.length;
    else if (typeof value === 'object' && value !== null) {
      if (depth === MAX_ROW_DEPTH) throw new Refusal(`it nests deeper than ${MAX_ROW_DEPTH}`);
      const parts = value instanceof Map ? [...value.keys(), ...value.values()] : value;
      const isList = Array.isArray(parts) || parts instanceof Set;
      if (!isList) for (const name of Object.keys(parts)) add(name, depth);
      for (const part of isList ? parts : Object.values(parts)) add(part, depth + 1);
    }
    if (++length > MAX_ROW_LENGTH) throw new Refusal(`it is longer than ${MAX_ROW_LENGTH}`);
  };
  for (const value of values) add(value, 0);
}

/** What a reader gets for a canonical value: a `Date` for a time, and copies of what can be changed. */
export function readable(column: Column, form: unknown): unknown {
  if (form === null) return null;
  if (column.kind === 'time') return new Date(form as number);
  if (typeof form !== 'object') return form;
  if (form instanceof Date) return new Date(form);
  return form instanceof Uint8Array ? form.slice() : decode(encode(form));
}

/** Whether two canonical values are the same content; −0 is 0. */
export function sameForm(a: unknown, b: unknown): boolean {
  if (a === b || Object.is(a, b)) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) !== Array.isArray(b) || a instanceof Map || a instanceof Set) {
    return String(encode(a)) === String(encode(b));
  }
  if (a instanceof Date || b instanceof Date) return Number(a) === Number(b);
  const names = Object.keys(a);
  return (
    names.length === Object.keys(b).length &&
    names.every((n) => Object.hasOwn(b, n) && sameForm(a[n as never], b[n as never]))
  );
}

/** Compares texts by code point, as the C collation does; `<` compares UTF-16 units. */
export function compareText(a: string, b: string): number {
  const n = Math.min(a.length, b.length);
  for (let i = 0; i < n; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x === y) continue;
    const pairs = (x >= 0xd800 && x <= 0xdfff ? 1 : 0) - (y >= 0xd800 && y <= 0xdfff ? 1 : 0);
    return pairs || x - y;
  }
  return a.length - b.length;
}
