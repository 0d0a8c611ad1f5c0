/** What came out, as one line of the notation: frames, and the time between them. */
import { inspect } from 'node:util';
import { printLine } from '../script/frames.js';
import type { Message, Values } from '../script/message.js';
import { printMessage } from '../script/print.js';
import { isKeyword, WORD } from '../script/word.js';
import { sameValue } from './equality.js';

interface LineOptions {
  /** The frame at which the line begins. */
  readonly from: number;
  readonly epoch: number;
  /** Values that are printed as their letters. */
  readonly values: Values;
}

/** The messages, in order of their frames; `·` where there are none. */
export function lineOf(messages: readonly Message[], { from, epoch, values }: LineOptions): string {
  const nameOf = (value: unknown): string => letterOf(value, values);
  return printLine(messages, (m) => printMessage(m, nameOf, epoch), { from, dots: 0 }) || '·';
}

function letterOf(value: unknown, values: Values): string {
  const known = Object.keys(values).find((name) => sameValue(values[name], value));
  if (known !== undefined) return known;
  const isWord = typeof value === 'string' && WORD.test(value) && !isKeyword(value);
  return isWord ? value : printed(value);
}

/** A value in full, in one line. */
export function printed(value: unknown): string {
  return inspect(value, { depth: 8, breakLength: Infinity, maxArrayLength: null });
}
