/** The notation of event-time marbles: text to marks, and what was received back to text. */
import { inspect, isDeepStrictEqual } from 'node:util';
import { parseDuration } from '../lib/duration.js';
import { type Element, event, isElement, statusOf, watermarkAt } from '../lib/element.js';

export type Values = Readonly<Record<string, unknown>>;

/** One thing written in a script. */
export type Mark =
  | { readonly kind: 'event'; readonly name: string; readonly at: number; readonly op?: '-' }
  | { readonly kind: 'value'; readonly name: string }
  | { readonly kind: 'watermark'; readonly at: number }
  | { readonly kind: 'status'; readonly status: 'idle' | 'active' }
  | { readonly kind: 'complete' | 'error' | 'unsubscribe' };

/** One thing that was received. */
export type Got =
  | { readonly kind: 'event'; readonly value: unknown; readonly at: number; readonly op?: '-' }
  | { readonly kind: 'value'; readonly value: unknown }
  | { readonly kind: 'watermark'; readonly at: number }
  | { readonly kind: 'status'; readonly status: string }
  | { readonly kind: 'control'; readonly text: string }
  | { readonly kind: 'complete' }
  | { readonly kind: 'error'; readonly error: unknown };

/** Things by arrival frame. */
export type Lane<M> = ReadonlyMap<number, readonly M[]>;

const WORD = /^[\p{L}\p{N}_]+$/u;
const EVENT = /^(-?)([\p{L}\p{N}_]+)@(\S+)$/u;
const PAUSE = /^\d+[a-z]+$/;

/**
 * Reads a script. One token takes one arrival frame (1 ms): `a@1` an event, `-a@1` its withdrawal,
 * `a` a bare value, `W4` `W∞` a watermark, `idle` `active`, `|` `#` the end, `!` unsubscribe, `·`
 * nothing, `(x y)` several at once; `9ms` or `5m` lets so much arrival time pass.
 * @throws Error on any other token
 */
export function parseMarbles(text: string): Lane<Mark> {
  const lane = new Map<number, Mark[]>();
  let frame = 0;
  let group = false;
  for (const token of text.match(/[()]|[^\s()]+/g) ?? []) {
    if (token === '(' || token === ')') {
      if (group === (token === '(')) throw new Error(`marbles: unbalanced \`${token}\` in ${text}`);
      group = token === '(';
      if (!group) frame++;
      continue;
    }
    const pause = !group && PAUSE.test(token) ? parseDuration(token) : undefined;
    const mark = pause === undefined ? parseMark(token) : undefined;
    if (mark !== undefined) lane.set(frame, [...(lane.get(frame) ?? []), mark]);
    if (!group) frame += pause ?? 1;
  }
  if (group) throw new Error(`marbles: unbalanced \`(\` in ${text}`);
  return lane;
}

function parseMark(token: string): Mark | undefined {
  const end = ({ '|': 'complete', '#': 'error', '!': 'unsubscribe' } as const)[token];
  if (end !== undefined) return { kind: end };
  if (token === '·') return undefined;
  if (token === 'idle' || token === 'active') return { kind: 'status', status: token };
  const w = token.startsWith('W') ? parseTime(token.slice(1)) : undefined;
  if (w !== undefined) return { kind: 'watermark', at: w };
  const [, minus, name = '', time = ''] = EVENT.exec(token) ?? [];
  const at = parseTime(time);
  if (at !== undefined) {
    return minus === '-' ? { kind: 'event', name, at, op: '-' } : { kind: 'event', name, at };
  }
  if (WORD.test(token)) return { kind: 'value', name: token };
  throw new Error(`marbles: \`${token}\` is no token; write a@1, W4, W∞, idle, ·, |, # or (x y)`);
}

function parseTime(text: string): number | undefined {
  if (text.endsWith('∞')) return text.startsWith('-') ? -Infinity : Infinity;
  return parseDuration(/^-?\d+$/.test(text) ? Number(text) : text);
}

/** What a mark sends into a pipeline; undefined for the ends. */
export function elementOf(mark: Mark, values: Values): unknown {
  switch (mark.kind) {
    case 'event':
      return event(letterValue(mark.name, values), mark.at, { op: mark.op });
    case 'value':
      return letterValue(mark.name, values);
    case 'watermark':
      return watermarkAt(mark.at);
    case 'status':
      return statusOf(mark.status);
    default:
      return undefined;
  }
}

/** The value of a letter: the letter itself where the record does not name it. */
export function letterValue(name: string, values: Values): unknown {
  return Object.hasOwn(values, name) ? values[name] : name;
}

/** What a pipeline emitted, as something to compare. */
export function gotOf(x: unknown): Got {
  if (!isElement(x)) return { kind: 'value', value: x };
  const e = x as Element<unknown>;
  if (e.kind === 'watermark') return { kind: 'watermark', at: e.timestamp };
  if (e.kind === 'status') return { kind: 'status', status: e.status };
  if (e.kind !== 'event') return { kind: 'control', text: e.kind };
  const got = { kind: 'event', value: e.value, at: e.timestamp } as const;
  return e.op === undefined ? got : { ...got, op: e.op };
}

/** Whether the received thing is the expected one; `error` says which error `#` means. */
export function meets(mark: Mark, got: Got, values: Values, error: unknown): boolean {
  if (mark.kind === 'event' && got.kind === 'event') {
    const same = got.at === mark.at && got.op === mark.op;
    return same && sameValue(letterValue(mark.name, values), got.value);
  }
  if (mark.kind === 'value' && got.kind === 'value') {
    return sameValue(letterValue(mark.name, values), got.value);
  }
  if (mark.kind === 'watermark' && got.kind === 'watermark') return got.at === mark.at;
  if (mark.kind === 'status' && got.kind === 'status') return got.status === mark.status;
  if (mark.kind === 'error' && got.kind === 'error') return sameError(error, got.error);
  return mark.kind === 'complete' && got.kind === 'complete';
}

/**
 * Equal in depth, but a window result is compared by its `value` unless the expectation is made of
 * `key`, `window`, `pane` and `value`: then by the fields, also those of the pane, that it names.
 */
export function sameValue(expected: unknown, got: unknown): boolean {
  if (isWindowResult(got)) {
    if (!isPattern(expected)) return sameValue(expected, got.value);
    return Object.entries(expected).every(([name, x]) =>
      name === 'pane' ? includes(got.pane, x) : sameValue(x, (got as Values)[name]),
    );
  }
  if (!isPlain(expected) || !isPlain(got)) return isDeepStrictEqual(expected, got);
  const names = new Set([...Object.keys(expected), ...Object.keys(got)]);
  return [...names].every((name) => sameValue(expected[name], got[name]));
}

function includes(got: unknown, part: unknown): boolean {
  if (!isPlain(part) || !isPlain(got)) return isDeepStrictEqual(part, got);
  return Object.entries(part).every(([name, x]) => isDeepStrictEqual(x, got[name]));
}

function isPlain(x: unknown): x is Values {
  return typeof x === 'object' && x !== null && Object.getPrototypeOf(x) === Object.prototype;
}

function isWindowResult(x: unknown): x is { readonly pane: unknown; readonly value: unknown } {
  return isPlain(x) && ['key', 'window', 'pane', 'value'].every((name) => name in x);
}

function isPattern(x: unknown): x is Values {
  const fields = ['key', 'window', 'pane', 'value'];
  if (!isPlain(x)) return false;
  const names = Object.keys(x);
  return names.some((n) => n !== 'value') && names.every((n) => fields.includes(n));
}

/** A string names the class of an error, a RegExp its message; else it is the error itself. */
function sameError(expected: unknown, got: unknown): boolean {
  if (typeof expected === 'string') return got === expected || (got as Error)?.name === expected;
  if (expected instanceof RegExp) return expected.test(got instanceof Error ? got.message : '');
  return isDeepStrictEqual(expected, got);
}

/** A mark in the notation. */
export function printMark(mark: Mark): string {
  switch (mark.kind) {
    case 'event':
      return `${mark.op ?? ''}${mark.name}@${printTime(mark.at)}`;
    case 'value':
      return mark.name;
    case 'watermark':
      return `W${printTime(mark.at)}`;
    case 'status':
      return mark.status;
    default:
      return { complete: '|', error: '#', unsubscribe: '!' }[mark.kind];
  }
}

/** A received thing in the notation, its value by the name that `nameOf` gives it. */
export function printGot(got: Got, nameOf: (value: unknown) => string): string {
  switch (got.kind) {
    case 'event':
      return `${got.op ?? ''}${nameOf(got.value)}@${printTime(got.at)}`;
    case 'value':
      return nameOf(got.value);
    case 'control':
      return got.text;
    case 'error':
      return `#${inspect(String(got.error))}`;
    case 'status':
      return got.status;
    case 'watermark':
      return `W${printTime(got.at)}`;
    default:
      return '|';
  }
}

function printTime(t: number): string {
  return Number.isFinite(t) ? String(t) : t > 0 ? '∞' : t < 0 ? '-∞' : 'NaN';
}

/** Several things of one frame. */
export function printFrame(parts: readonly string[]): string {
  return parts.length > 1 ? `(${parts.join(' ')})` : (parts[0] ?? '·');
}
