/** The gate of text: a line is a JSON object that a decoder takes, or it is told why not. */
import type { LineProblem } from './lines.js';

/** What a decoder says of an object: the row, or why it is none. */
export type Decoded<T> = { readonly ok: T } | { readonly invalid: string };

/** A JSON object as it was read: the fields are anyone's, so nothing is taken for granted. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** `malformed`: not UTF-8, or no JSON object. `invalid`: an object that breaks a rule. */
export interface RejectedLine {
  /** Counted from 1, empty lines included. */
  readonly line: number;
  readonly kind: 'malformed' | 'invalid';
  readonly reason: string;
  /** The beginning of the line, at most 200 characters. */
  readonly text: string;
}

/** An object may be nested this deep; deeper ones would break whoever walks them by recursion. */
export const MAX_DEPTH = 64;

const CLIP = 200;
const OPEN_BRACE = 123;
const blank = /^[\t\v\f\r ]*$/;

/** Whether a line is one of those that are skipped and not counted. */
export function isBlank(text: string): boolean {
  return text.charCodeAt(0) !== OPEN_BRACE && blank.test(text);
}

/** The JSON object of a line, or the kind and reason of its rejection. */
export function parseLine(
  text: string,
  problem: LineProblem | undefined,
): { readonly object: JsonObject } | Pick<RejectedLine, 'kind' | 'reason'> {
  if (problem === 'size') return { kind: 'invalid', reason: 'longer than 1 MiB' };
  if (problem === 'encoding') return { kind: 'malformed', reason: 'not UTF-8' };
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return { kind: 'malformed', reason: 'not JSON' };
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    return { kind: 'malformed', reason: 'not a JSON object' };
  }
  // 65 levels take 130 brackets: a shorter line need not be walked
  if (text.length >= 2 * MAX_DEPTH && isDeep(parsed)) {
    return { kind: 'invalid', reason: `nested deeper than ${MAX_DEPTH}` };
  }
  return { object: parsed as JsonObject };
}

/** A line as a door shows it. */
export function clip(text: string): string {
  return text.length > CLIP ? `${text.slice(0, CLIP)}…` : text;
}

/* Level by level: recursion would overflow on just what is to be refused. */
function isDeep(root: object): boolean {
  let level = inner([root]);
  for (let depth = 1; level.length > 0; depth++) {
    if (depth >= MAX_DEPTH) return true;
    level = inner(level);
  }
  return false;
}

function inner(level: readonly object[]): object[] {
  const below: object[] = [];
  for (const one of level) {
    for (const value of Object.values(one)) {
      if (typeof value === 'object' && value !== null) below.push(value);
    }
  }
  return below;
}
