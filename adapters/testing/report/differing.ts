/** In what a received thing differs from the expected one, in words: `n is 5 instead of 4`. */
import { types } from 'node:util';
import { isMatcher, type Part, partsOf, sameValue } from './equality.js';
import { show } from './show.js';

const MOST = 3;
const TALL = 20;

/** The leaves in which two values differ, at most a few. */
function differingParts(expected: unknown, got: unknown): readonly Part[] {
  const found: Part[] = [];
  collect(['', expected, got], found, 0);
  return found.length > 0 ? found : [['', expected, got]];
}

function collect(part: Part, found: Part[], depth: number): void {
  const [place, expected, got] = part;
  if (found.length >= MOST || sameValue(expected, got)) return;
  const parts = isMatcher(expected) || depth > TALL ? undefined : insideOf(expected, got);
  if (parts === undefined || parts.every(([, e, g]) => sameValue(e, g))) {
    found.push(part);
    return;
  }
  for (const [p, e, g] of parts) collect([place + p, e, g], found, depth + 1);
}

function insideOf(expected: unknown, got: unknown): readonly Part[] | undefined {
  if (!types.isMap(expected) || !types.isMap(got)) return partsOf(expected, got);
  const keys = new Set([...expected.keys(), ...got.keys()]);
  return [...keys].map((k) => [`.get(${show(k)})`, expected.get(k), got.get(k)]);
}

/** `n is 5 instead of 4, m is missing`. */
export function differenceText(expected: unknown, got: unknown): string {
  return differingParts(expected, got)
    .map(([place, e, g]) => leafText(place.replace(/^\./, ''), e, g))
    .join(', ');
}

function leafText(place: string, expected: unknown, got: unknown): string {
  if (place === '') return `${show(got)} instead of ${show(expected)}`;
  if (got === undefined) return `${place} is missing, expected ${show(expected)}`;
  if (expected === undefined) return `${place} is ${show(got)}, expected none`;
  return `${place} is ${show(got)} instead of ${show(expected)}`;
}
