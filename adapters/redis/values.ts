/** Values of rows as text that people and other programs can read in Redis, and back, exactly. */
import { decode, encode } from '../../lib/codec.js';
import type { Column } from '../../lib/columns.js';
import { type Key, keyText } from '../../lib/key.js';
import { escapePart } from './names.js';

/* Text that UTF-8 cannot hold, or that begins like this, is written as JSON behind it. */
const ESCAPE = '\u0000json:';
const unholdable = /\p{Cs}|^\0json:/u;
const BYTES = 'bytes:';
const HEADER = /^tidemark\/\d+ p[0-9a-f]{8}\n/;

/** A canonical value, not null, as text. */
export function toText({ kind }: Column, form: unknown): string {
  switch (kind) {
    case 'int':
    case 'bool':
      return String(form);
    case 'float':
      return Object.is(form, -0) ? '-0' : String(form);
    case 'time':
      return new Date(form as number).toISOString();
    case 'json':
      return JSON.stringify(sorted(form));
    case 'bytes':
      return Buffer.from(form as Uint8Array).toString('hex');
    case 'any':
      return anyText(form);
    default:
      return escapeText(form as string);
  }
}

/** The canonical value of such a text. */
export function fromText({ kind }: Column, text: string): unknown {
  switch (kind) {
    case 'int':
      return Number.isSafeInteger(Number(text)) ? Number(text) : BigInt(text);
    case 'bool':
      return text === 'true';
    case 'float':
      return Number(text);
    case 'time':
      return Date.parse(text);
    case 'json':
      return JSON.parse(text);
    case 'bytes':
      return Uint8Array.from(Buffer.from(text, 'hex'));
    case 'any':
      return anyOf(text);
    default:
      return unescapeText(text);
  }
}

/* JSON where that is exact; else bytes as digits, or the text of the codec. */
function anyText(form: unknown): string {
  if (form instanceof Uint8Array) return BYTES + Buffer.from(form).toString('hex');
  if (Object.is(form, -0)) return '-0';
  const text = Buffer.from(encode(sorted(form))).toString();
  return HEADER.test(text) ? text.replace(HEADER, '') : text;
}

function anyOf(text: string): unknown {
  if (text.startsWith(BYTES)) return Uint8Array.from(Buffer.from(text.slice(BYTES.length), 'hex'));
  return text.startsWith('tidemark/') ? decode(Buffer.from(text)) : JSON.parse(text);
}

/* Objects of the same content have the same text. */
function sorted(form: unknown): unknown {
  if (Array.isArray(form)) return form.map(sorted);
  if (typeof form !== 'object' || form === null) return form;
  const prototype: unknown = Object.getPrototypeOf(form);
  if (prototype !== Object.prototype && prototype !== null) return form;
  const entries = Object.entries(form).map(([name, value]) => [name, sorted(value)] as const);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}

function escapeText(text: string): string {
  return unholdable.test(text) ? ESCAPE + JSON.stringify(text) : text;
}

function unescapeText(text: string): string {
  return text.startsWith(ESCAPE) ? (JSON.parse(text.slice(ESCAPE.length)) as string) : text;
}

/** The name of a row among those of its table: readable parts where columns have types. */
export function rowName(columns: readonly Column[], key: readonly unknown[]): string {
  return key.map((part, i) => escapePart(partText(columns[i]?.kind, part as Key | Date))).join(':');
}

function partText(kind: Column['kind'] | undefined, part: Key | Date): string {
  const form = part instanceof Date ? part.getTime() : part;
  return kind === 'any' || typeof form === 'object' ? keyText(form) : String(form);
}
