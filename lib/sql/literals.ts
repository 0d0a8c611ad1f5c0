/** Values as Postgres text and back, exactly: text that it cannot hold, times of any year, arrays of columns. */

import type { Column } from '../columns.js';
import { fromHex, toHex } from '../hex.js';

/* A character that Unicode keeps for private use inside a program: escaped text begins with it. */
const ESCAPE = '\ufdd0';
const unholdable = /[\0\p{Cs}]|^\ufdd0/u;

/** Text that Postgres can hold: NUL, lone surrogates and the mark itself are written as JSON behind a mark. */
export function escapeText(text: string): string {
  return unholdable.test(text) ? ESCAPE + JSON.stringify(text) : text;
}

/** Undoes `escapeText`. */
export function unescapeText(text: string): string {
  return text.startsWith(ESCAPE) ? (JSON.parse(text.slice(1)) as string) : text;
}

/** Epoch milliseconds as Postgres writes an instant: exact, with BC for years before 1. */
export function instantText(ms: number): string {
  const date = new Date(ms);
  const year = date.getUTCFullYear();
  const rest = date.toISOString().slice(-20, -1).replace('T', ' ');
  const era = year > 0 ? '' : ' BC';
  return `${String(year > 0 ? year : 1 - year).padStart(4, '0')}${rest}+00${era}`;
}

/** A canonical value as Postgres reads it, or null. */
export function toText({ kind }: Column, form: unknown): string | null {
  if (form === null) return null;
  switch (kind) {
    case 'float':
      return Object.is(form, -0) ? '-0' : String(form);
    case 'time':
      return instantText(form as number);
    case 'json':
      return JSON.stringify(form, (_, x) => (typeof x === 'string' ? escapeText(x) : x));
    case 'bytes':
      return `\\x${toHex(form as Uint8Array)}`;
    case 'int':
    case 'bool':
      return String(form);
    default:
      return escapeText(form as string);
  }
}

/** The expression that gives a column as the text that `fromText` reads. */
export function textOf({ kind }: Column, quoted: string): string {
  if (kind === 'time') return `floor(extract(epoch from ${quoted}) * 1000)::text`;
  if (kind === 'bytes') return `encode(${quoted}, 'hex')`;
  return `${quoted}::text`;
}

/** A value out of the text of `textOf`: whole numbers beyond 2^53 as bigint, times as `Date`. */
export function fromText({ kind }: Column, text: string | null): unknown {
  if (text === null) return null;
  switch (kind) {
    case 'int':
      return Number.isSafeInteger(Number(text)) ? Number(text) : BigInt(text);
    case 'float':
      return Number(text);
    case 'bool':
      return text === 'true';
    case 'time':
      return instantOf(Number(text));
    case 'json':
      return JSON.parse(text, (_, x) => (typeof x === 'string' ? unescapeText(x) : x));
    case 'bytes':
      return fromHex(text);
    default:
      return unescapeText(text);
  }
}

/* Postgres has ±infinity, and years after the last of `Date`. */
function instantOf(ms: number): Date | number {
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? ms : date;
}

/** A list of texts as one parameter of type `text[]`. */
export function arrayText(items: readonly (string | null)[]): string {
  let text = '{';
  for (let i = 0; i < items.length; i++) {
    const item = items[i] as string | null;
    text += `${i > 0 ? ',' : ''}${item === null ? 'NULL' : quoted(item)}`;
  }
  return `${text}}`;
}

function quoted(item: string): string {
  return `"${/["\\]/.test(item) ? item.replace(/["\\]/g, '\\$&') : item}"`;
}
