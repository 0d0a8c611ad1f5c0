/** Values as text of one line, for legends and sentences. */
import { inspect, types } from 'node:util';
import type { Values } from '../script/message.js';
import { printTime } from '../script/times.js';
import { isMatcher, isWindowResult } from './equality.js';

const LONGEST = 200;
const DEEP = 6;
/** Longer lists are left to inspect, which cuts them. */
const MOST = 100;

/** A value on one line; a window result short, as `{ n: 4 } [0,5) onTime`, its instants from `epoch`. */
export function show(value: unknown, epoch = 0): string {
  const lines = inspect(readable(value, epoch), {
    depth: DEEP,
    breakLength: Infinity,
    compact: true,
    maxArrayLength: 20,
    maxStringLength: 120,
  });
  const text = lines.replace(/\s*\n\s*/g, ' ');
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}

/** A text that equal values share, and others mostly do not: to be looked up by. */
export function fullText(value: unknown): string {
  const limits = { maxArrayLength: 1000, breakLength: Infinity, compact: true } as const;
  return inspect(readable(value, 0), { ...limits, depth: DEEP, sorted: true });
}

/* What inspect would print at length, or with a stack, is put in words before. Each part is seen once. */
function readable(value: unknown, epoch: number): unknown {
  const seen = new Map<object, unknown>();
  const read = (x: unknown, depth: number): unknown => {
    if (typeof x !== 'object' || x === null || depth > DEEP) return x;
    if (seen.has(x)) return seen.get(x);
    seen.set(x, x);
    const made = wordsFor(x, epoch) ?? rebuilt(x, (part) => read(part, depth + 1));
    seen.set(x, made);
    return made;
  };
  return read(value, 0);
}

function wordsFor(x: object, epoch: number): object | undefined {
  if (isMatcher(x)) return word(matcherText(x));
  if (types.isNativeError(x)) return word(errorText(x));
  return isWindowResult(x) ? word(resultText(x as unknown as Values, epoch)) : undefined;
}

function rebuilt(x: object, inside: (part: unknown) => unknown): object {
  if (Array.isArray(x)) return x.length > MOST ? x : x.map(inside);
  if (types.isSet(x)) return x.size > MOST ? x : new Set([...x].map(inside));
  if (types.isMap(x)) {
    return x.size > MOST ? x : new Map([...x].map(([k, v]) => [inside(k), inside(v)]));
  }
  if (Object.getPrototypeOf(x) !== Object.prototype) return x;
  return Object.fromEntries(Object.entries(x).map(([name, v]) => [name, inside(v)]));
}

function word(text: string): object {
  return { [inspect.custom]: () => text };
}

function matcherText(x: object): string {
  const named = x as { toAsymmetricMatcher?: () => string; toString(): string; sample?: unknown };
  const whole = named.toAsymmetricMatcher?.();
  if (whole !== undefined) return whole;
  const own = named.toString();
  if (own.startsWith('[object')) return 'a matcher';
  return named.sample === undefined ? own : `${own} ${show(named.sample)}`;
}

/** `TypeError: no`. */
export function errorText(error: unknown): string {
  if (!types.isNativeError(error)) return typeof error === 'string' ? error : show(error);
  return error.message === '' ? error.name : `${error.name}: ${error.message}`;
}

function resultText(x: Values, epoch: number): string {
  const { key, window, pane, value } = x as {
    key: unknown;
    window?: { start: number; end: number };
    pane?: { timing: string; index?: number };
    value: unknown;
  };
  const keyed = Array.isArray(key) && key.length === 0 ? '' : `${show(key)}: `;
  const bounds = `[${timeText(window?.start, epoch)},${timeText(window?.end, epoch)})`;
  const index = (pane?.index ?? 0) > 0 ? `#${pane?.index}` : '';
  return `${keyed}${show(value, epoch)} ${bounds} ${pane?.timing ?? 'pane?'}${index}`;
}

/** An instant from the epoch on: `4`, `∞`. */
export function timeText(t: unknown, epoch: number): string {
  if (typeof t !== 'number') return show(t);
  return printTime(t, epoch);
}
