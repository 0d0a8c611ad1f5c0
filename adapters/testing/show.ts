/** Values as text of one line, for legends and sentences. */
import { inspect, types } from 'node:util';
import { isMatcher, isWindowResult } from './equality.js';
import type { Values } from './message.js';
import { printTime } from './times.js';

const LONGEST = 200;
const DEEP = 6;

/** A value on one line; a window result short, as `{ n: 4 } [0,5) onTime`, its instants from `epoch`. */
export function show(value: unknown, epoch = 0): string {
  const text = inspect(readable(value, epoch, 0), {
    depth: DEEP,
    breakLength: Infinity,
    compact: true,
    maxArrayLength: 20,
    maxStringLength: 120,
  });
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}

/** The whole of a value as text: two values with the same text are equal for the eye. */
export function fullText(value: unknown): string {
  return inspect(value, { depth: 20, breakLength: Infinity, compact: true, sorted: true });
}

/* What inspect would print at length is put in words before. */
function readable(x: unknown, epoch: number, depth: number): unknown {
  if (typeof x !== 'object' || x === null || depth > DEEP) return x;
  if (isMatcher(x)) return word(matcherText(x));
  if (types.isNativeError(x)) return word(errorText(x));
  if (isWindowResult(x)) return word(resultText(x as unknown as Values, epoch));
  if (Array.isArray(x)) {
    return x.length > 100 ? x : x.map((item) => readable(item, epoch, depth + 1));
  }
  if (Object.getPrototypeOf(x) !== Object.prototype) return x;
  const fields = Object.entries(x).map(([name, v]) => [name, readable(v, epoch, depth + 1)]);
  return Object.fromEntries(fields);
}

function word(text: string): object {
  return { [inspect.custom]: () => text };
}

function matcherText(x: object): string {
  const named = x as { toAsymmetricMatcher?: () => string; toString(): string };
  const own = named.toAsymmetricMatcher?.() ?? named.toString();
  return own.startsWith('[object') ? 'a matcher' : own;
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
