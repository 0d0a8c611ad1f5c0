/** When a received value is the expected one: equal in depth, asymmetric matchers and results by their fields. */
import { isDeepStrictEqual, types } from 'node:util';
import type { Message, Values } from '../script/message.js';

/** A thing that judges what it is compared with: `expect.any(Number)` of Jest, of Vitest, or one's own. */
interface AsymmetricMatcher {
  asymmetricMatch(got: unknown): boolean;
}

export function isMatcher(x: unknown): x is AsymmetricMatcher {
  return (
    typeof x === 'object' &&
    x !== null &&
    typeof (x as AsymmetricMatcher).asymmetricMatch === 'function'
  );
}

/** Deeper than this a value may be endless: there matchers and results are no longer looked for. */
const MAX_DEPTH = 200;

/**
 * Equal in depth. NaN is NaN, −0 is not 0, a field that is undefined is a field left out; instances of
 * classes are compared by `isDeepStrictEqual`. A window result is compared by its `value` unless the
 * expectation is made of `key`, `window`, `pane` and `value`: then by the fields, also those of the
 * pane, that it names.
 */
export function sameValue(expected: unknown, got: unknown, depth = 0): boolean {
  if (isMatcher(expected)) return expected.asymmetricMatch(got);
  if (Object.is(expected, got)) return true;
  if (isOpaque(got)) return false;
  if (typeof got !== 'object' || depth > MAX_DEPTH) return isDeepStrictEqual(expected, got);
  if (isSimple(expected) && isSimple(got)) return sameFields(expected, got, depth + 1);
  const parts = partsOf(expected, got);
  if (parts !== undefined) return parts.every(([, e, g]) => sameValue(e, g, depth + 1));
  return sameMembers(expected, got, depth + 1) ?? isDeepStrictEqual(expected, got);
}

/* A record that is compared field by field: most values are, so this is the fast way. */
function isSimple(x: unknown): x is Values {
  return isPlain(x) && !('pane' in x) && Object.getOwnPropertySymbols(x).length === 0;
}

function sameFields(expected: Values, got: Values, depth: number): boolean {
  for (const name of Object.keys(expected)) {
    if (!sameValue(expected[name], ownOf(got, name), depth)) return false;
  }
  return Object.keys(got).every((n) => got[n] === undefined || Object.hasOwn(expected, n));
}

/** A part of a value: its place in it, expected, received. */
export type Part = readonly [place: string, expected: unknown, got: unknown];

/** The parts by which two values are compared; undefined where they are not compared by parts. */
export function partsOf(expected: unknown, got: unknown): readonly Part[] | undefined {
  if (isWindowResult(got)) {
    if (!isPattern(expected)) return [['', expected, got.value]];
    return Object.keys(expected).flatMap((name): readonly Part[] => {
      const [e, g] = [expected[name], (got as unknown as Values)[name]];
      if (name !== 'pane' || !isPlain(e) || !isPlain(g)) return [[`.${name}`, e, g]];
      return Object.keys(e).map((field) => [`.pane.${field}`, e[field], g[field]]);
    });
  }
  if (Array.isArray(expected) && Array.isArray(got)) {
    const all = expected.length > got.length ? expected : got;
    const sizes: Part[] = [['.length', expected.length, got.length]];
    const items = Array.from(all, (_, i): Part => [`[${i}]`, expected[i], got[i]]);
    return expected.length === got.length ? items : [...items, ...sizes];
  }
  if (!isPlain(expected) || !isPlain(got)) return undefined;
  const names = new Set([...namesOf(expected), ...namesOf(got)]);
  return [...names].map((name) => [placeOf(name), ownOf(expected, name), ownOf(got, name)]);
}

/* A field of the record itself: every record inherits a `constructor`. */
function ownOf(x: Values, name: string | symbol): unknown {
  return Object.hasOwn(x, name) ? x[name as string] : undefined;
}

/* What does not show what is in it is the same thing or another. */
function isOpaque(x: unknown): boolean {
  return types.isPromise(x) || types.isWeakMap(x) || types.isWeakSet(x);
}

function namesOf(x: object): readonly (string | symbol)[] {
  const symbols = Object.getOwnPropertySymbols(x);
  if (symbols.length === 0) return Object.keys(x);
  return [
    ...Object.keys(x),
    ...symbols.filter((s) => Object.prototype.propertyIsEnumerable.call(x, s)),
  ];
}

function placeOf(name: string | symbol): string {
  if (typeof name === 'symbol') return `[${String(name)}]`;
  return /^[\p{L}_$][\p{L}\p{N}_$]*$/u.test(name) ? `.${name}` : `[${JSON.stringify(name)}]`;
}

/* Maps and sets, with matchers in them; undefined for anything else. */
function sameMembers(expected: unknown, got: unknown, depth: number): boolean | undefined {
  if (types.isMap(expected) && types.isMap(got)) {
    if (expected.size !== got.size) return false;
    return pairUp(expected, got, (e, g) => e.every((x, i) => sameValue(x, g[i], depth)));
  }
  if (types.isSet(expected) && types.isSet(got)) {
    if (expected.size !== got.size) return false;
    return pairUp(expected, got, (e, g) => sameValue(e, g, depth));
  }
  return undefined;
}

/* Members mostly come in the same order: then each is compared with the first left over alone. */
function pairUp<T>(wanted: Iterable<T>, got: Iterable<T>, same: (e: T, g: T) => boolean): boolean {
  const all = [...wanted];
  const byMatcher = all.filter(isMatcher);
  const expected =
    byMatcher.length === 0 ? all : [...all.filter((e) => !isMatcher(e)), ...byMatcher];
  const left = [...got];
  const taken = new Set<number>();
  let first = 0;
  return expected.every((e) => {
    while (taken.has(first)) first++;
    for (let i = first; i < left.length; i++) {
      if (taken.has(i) || !same(e, left[i] as T)) continue;
      taken.add(i);
      return true;
    }
    return false;
  });
}

function isPlain(x: unknown): x is Values {
  if (typeof x !== 'object' || x === null) return false;
  const base = Object.getPrototypeOf(x);
  return base === null || (Object.getPrototypeOf(base) === null && !Array.isArray(x));
}

interface Result {
  readonly key: unknown;
  readonly window: unknown;
  readonly pane: unknown;
  readonly value: unknown;
}

const FIELDS: readonly string[] = ['key', 'window', 'pane', 'value'];

export function isWindowResult(x: unknown): x is Result {
  return isPlain(x) && FIELDS.every((name) => name in x);
}

function isPattern(x: unknown): x is Values {
  if (!isPlain(x)) return false;
  const names = Object.keys(x);
  return names.some((n) => n !== 'value') && names.every((n) => FIELDS.includes(n));
}

/** A string names the class of an error, a RegExp its message; else it is the error itself. */
export function sameError(expected: unknown, got: unknown): boolean {
  if (typeof expected === 'string') return got === expected || (got as Error)?.name === expected;
  if (!types.isRegExp(expected)) return sameValue(expected, got);
  const text = typeof got === 'string' ? got : (got as Error | undefined)?.message;
  return typeof text === 'string' && text.search(expected) >= 0;
}

/** The fields of a received message that an expectation names. */
export type Field = readonly [name: string, expected: unknown];

/** What an expected message says of a received one of its kind. */
export function fieldsOf(m: Message): readonly Field[] {
  switch (m.kind) {
    case 'event':
      return [
        ['timestamp', m.timestamp],
        ['op', m.op],
        ...given(m, 'split', 'revision', 'replaces'),
        ['value', m.value],
      ];
    case 'value':
      return [['value', m.value]];
    case 'watermark':
      return [['timestamp', m.timestamp]];
    case 'status':
      return [['status', m.status]];
    case 'splits':
      return [['splits', m.splits]];
    case 'barrier':
      return [['n', m.n]];
    case 'error':
      return [['error', m.error]];
    case 'pane':
      return [
        ['timing', m.timing],
        ['start', m.start],
        ['end', m.end],
        ...given(m, 'index', 'key'),
      ];
    default:
      return [];
  }
}

function given(m: object, ...names: readonly string[]): readonly Field[] {
  return names.flatMap((name) => {
    const x = (m as Values)[name];
    return x === undefined ? [] : [[name, x] as const];
  });
}

/** Whether one field is as expected. */
export function sameField(name: string, expected: unknown, got: unknown): boolean {
  return name === 'error' ? sameError(expected, got) : sameValue(expected, got);
}
