/** What came out, as one line of the notation: frames, and the time between them. */
import { inspect } from 'node:util';
import type { Message, Values } from '../script/message.js';
import { printFrame, printMessage } from '../script/print.js';
import { printSpan } from '../script/times.js';
import { sameValue } from './equality.js';

export interface LineOptions {
  /** The frame at which the line begins. */
  readonly from: number;
  readonly epoch: number;
  /** Values that are printed as their letters. */
  readonly values: Values;
}

/** The messages, in order of their frames; `·` where there are none. */
export function lineOf(messages: readonly Message[], { from, epoch, values }: LineOptions): string {
  const nameOf = (value: unknown): string => letterOf(value, values);
  const tokens: string[] = [];
  let next = from;
  for (let i = 0; i < messages.length; ) {
    const { frame } = messages[i] as Message;
    if (frame > next) tokens.push(printSpan(frame - next));
    const parts: string[] = [];
    for (; messages[i]?.frame === frame; i++) {
      parts.push(printMessage(messages[i] as Message, nameOf, epoch));
    }
    tokens.push(printFrame(parts));
    next = frame + 1;
  }
  return tokens.join(' ') || '·';
}

function letterOf(value: unknown, values: Values): string {
  const known = Object.keys(values).find((name) => sameValue(values[name], value));
  if (known !== undefined) return known;
  const isWord = typeof value === 'string' && /^[\p{L}\p{N}_]+$/u.test(value);
  return isWord ? value : printed(value);
}

/** A value in full, in one line. */
export function printed(value: unknown): string {
  return inspect(value, { depth: 8, breakLength: Infinity, maxArrayLength: null });
}
