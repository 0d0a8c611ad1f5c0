/** The notation of event-time marbles: text, a line or a block of lanes, to messages. */
import { type Duration, durationOption } from '../../../lib/duration.js';
import { type ExpectedLanes, isBlock, readExpectedBlock, readInputBlock } from './lanes.js';
import type { Message, Values } from './message.js';
import { type Reading, type ReadLane, readLane } from './reader.js';
import { scriptError } from './scriptError.js';

export type { ExpectedLanes } from './lanes.js';
export { scriptError } from './scriptError.js';

export interface NotationOptions {
  /** Where the event times that are written as bare numbers and durations begin. @default 0 */
  readonly epoch?: number;
  readonly values?: Values;
  /** What `#` stands for. */
  readonly error?: unknown;
  /** What one token of the `event` lane is worth. @default 1 */
  readonly unit?: Duration;
  /** Whether it is sent: then it may not have what stands in expectations alone. @default false */
  readonly sent?: boolean;
  /** Letters that are known although `values` does not name them: those of the scripts. */
  readonly known?: ReadonlySet<string>;
}

/**
 * Reads a script. One token takes one arrival frame (1 ms): `a@1` an event, `-a@1` its withdrawal,
 * `a@1/p0` one of split p0, `a` a bare value (`a@·` where that would be read as something else),
 * `W4` `W∞` a watermark, `idle` `active`, `barrier` `barrier#3`, `splits:p0,p1`, `|` `#` the end,
 * `!` unsubscribe, `·` nothing, `(x y)` several at once; `9ms` or `1h30m` lets so much arrival time
 * pass. Dashes are RxJS marble time, `--a-b|`: each character one frame. A block has a lane a line:
 *
 * ```text
 * arrival     a  c  b  (d |)
 * event       a  b  c   ·   d
 * watermarks  ·  0  ·   4
 * ```
 * @throws MarbleSyntaxError with a caret under the column
 */
export function parseMarbles(text: string, options: NotationOptions = {}): Message[] {
  return readScript(text, options).messages;
}

/** The messages of a script and how many frames it takes. */
export function readScript(text: string, options: NotationOptions = {}): ReadLane {
  const reading = readingOf(text, options);
  if (isBlock(text)) return readInputBlock(reading, unitOf(options));
  return readLane({ text, from: 0, to: text.length }, reading);
}

/**
 * Reads an expectation: one line, or a block with the lanes `out`, `event`, `watermarks`, `panes`
 * and one for each door or counter that is named.
 * @throws MarbleSyntaxError with a caret under the column
 */
export function parseExpectation(text: string, options: NotationOptions = {}): ExpectedLanes {
  const reading = readingOf(text, options);
  if (isBlock(text)) return readExpectedBlock(reading, unitOf(options));
  const main = readLane({ text, from: 0, to: text.length }, reading).messages;
  return { main, others: new Map(), watermarksApart: false };
}

function readingOf(text: string, o: NotationOptions): Reading {
  const { epoch = 0, values = {}, known = new Set(), sent = false } = o;
  const error = 'error' in o ? o.error : scriptError;
  return { text, epoch, values, known, error, sent };
}

function unitOf({ unit = 1 }: NotationOptions): number {
  return durationOption('marbles', 'unit', unit, 'positive');
}
