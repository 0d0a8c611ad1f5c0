/** Messages frame by frame, with the silence between them, as one line of the notation. */
import type { Message } from './message.js';
import { printFrame } from './print.js';
import { printSpan } from './times.js';

/** Silence up to so many frames is written as dots, longer silence as a duration. */
export const DOTS = 4;

/** One frame, or silence. */
export interface Cell {
  readonly messages: readonly Message[];
  /** A silence that is no dot. */
  readonly silence?: string;
}

/** Which frames a line is about. */
interface Span {
  /** @default 0 */
  readonly from?: number;
  /** The frame after the last, where silence follows the last message. */
  readonly to?: number;
  /** @default DOTS */
  readonly dots?: number;
}

/** In the order of their first message. */
export function byFrame(messages: readonly Message[]): ReadonlyMap<number, readonly Message[]> {
  const frames = new Map<number, Message[]>();
  for (const m of messages) {
    const here = frames.get(m.frame);
    if (here === undefined) frames.set(m.frame, [m]);
    else here.push(m);
  }
  return frames;
}

/** The cells of a line, of messages in order of their frames. O(messages). */
export function cellsOf(
  messages: readonly Message[],
  { from = 0, to = 0, dots = DOTS }: Span = {},
): Cell[] {
  const cells: Cell[] = [];
  let next = from;
  const pass = (until: number): void => {
    const gap = until - next;
    if (gap > dots) cells.push({ messages: [], silence: printSpan(gap) });
    else for (let n = 0; n < gap; n++) cells.push({ messages: [] });
  };
  for (const [frame, here] of byFrame(messages)) {
    pass(frame);
    cells.push({ messages: here });
    next = frame + 1;
  }
  pass(to);
  return cells;
}

/** A cell as text; `print` gives the token of a message. */
export function printCell({ messages, silence }: Cell, print: (m: Message) => string): string {
  return silence ?? printFrame(messages.map(print));
}

/** The messages as one line, empty where there are none. */
export function printLine(
  messages: readonly Message[],
  print: (m: Message) => string,
  span: Span = {},
): string {
  return cellsOf(messages, span)
    .map((cell) => printCell(cell, print))
    .join(' ');
}
