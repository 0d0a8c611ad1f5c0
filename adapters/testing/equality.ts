/** When a received value is the expected one: equal in depth, asymmetric matchers and results by their fields. */
import { isDeepStrictEqual } from 'node:util';
import type { Message, Values } from './message.js';

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
export function sameError(expected: unknown, got: unknown): boolean {
  if (typeof expected === 'string') return got === expected || (got as Error)?.name === expected;
  if (expected instanceof RegExp) return expected.test(got instanceof Error ? got.message : '');
  return isDeepStrictEqual(expected, got);
}

/** Whether the received message is the expected one; the frame is not compared. */
export function meets(expected: Message, got: Message): boolean {
  switch (expected.kind) {
    case 'event':
      return (
        got.kind === 'event' &&
        got.timestamp === expected.timestamp &&
        got.op === expected.op &&
        (expected.split === undefined || got.split === expected.split) &&
        sameValue(expected.value, got.value)
      );
    case 'value':
      return got.kind === 'value' && sameValue(expected.value, got.value);
    case 'watermark':
      return got.kind === 'watermark' && got.timestamp === expected.timestamp;
    case 'status':
      return got.kind === 'status' && got.status === expected.status;
    case 'splits':
      return got.kind === 'splits' && got.splits.join() === expected.splits.join();
    case 'barrier':
      return got.kind === 'barrier' && got.n === expected.n;
    case 'error':
      return got.kind === 'error' && sameError(expected.error, got.error);
    default:
      return got.kind === expected.kind;
  }
}
