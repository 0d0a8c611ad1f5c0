/** Values as they were when a test wrote them down, so that a pipeline that changes what it is sent changes nothing expected. */
import { isMatcher } from '../report/equality.js';

/** What is nested deeper is itself. */
const MAX_DEPTH = 100;

/** A copy of records and lists, in depth; everything else, also an instance of a class, is itself. */
export function kept<T>(value: T): T {
  const seen = new Map<object, unknown>();
  const copy = (x: unknown, depth: number): unknown => {
    if (!isPlain(x) || depth > MAX_DEPTH) return x;
    if (seen.has(x)) return seen.get(x);
    const made: object = Array.isArray(x) ? [] : Object.create(Object.getPrototypeOf(x));
    seen.set(x, made);
    for (const name of Reflect.ownKeys(x)) {
      const own = Object.getOwnPropertyDescriptor(x, name) as PropertyDescriptor;
      if ('value' in own) own.value = copy(own.value, depth + 1);
      Object.defineProperty(made, name, own);
    }
    return made;
  };
  return copy(value, 0) as T;
}

function isPlain(x: unknown): x is object {
  if (typeof x !== 'object' || x === null || isMatcher(x)) return false;
  const base: unknown = Object.getPrototypeOf(x);
  return base === null || Array.isArray(x) || Object.getPrototypeOf(base) === null;
}
