/** The notation of event-time marbles: text to messages. */
import { type Duration, parseDuration } from '../../lib/duration.js';
import { letterValue, type Message, type Values } from './message.js';

/** What `#` in a script sends, and what `#` in an expectation means, unless told otherwise. */
export const scriptError = new Error('# of the script');

export interface NotationOptions {
  /** Where the event times that are written as bare numbers and durations begin. @default 0 */
  readonly epoch?: number;
  readonly values?: Values;
  /** What `#` stands for. */
  readonly error?: unknown;
  /** What one token of the `event` lane is worth. @default 1 */
  readonly unit?: Duration;
  /** Letters that are known although `values` does not name them: those of the scripts. */
  readonly known?: ReadonlySet<string>;
}

/** What an expectation says: of the stream, of the panes in it, and of doors and counters by name. */
export interface ExpectedLanes {
  /** The stream; undefined where a block has no `out` lane. Watermarks of their own lane are merged in. */
  readonly main: readonly Message[] | undefined;
  /** Panes; undefined where there is no `panes` lane. */
  readonly panes?: readonly Message[];
  /** Doors and counters, by the head of their lane. */
  readonly others: ReadonlyMap<string, readonly Message[]>;
  /** Whether the watermarks stood in a lane of their own. */
  readonly watermarksApart: boolean;
}

/** Reads an expectation: one line, or a block of lanes. */
export function parseExpectation(text: string, options: NotationOptions = {}): ExpectedLanes {
  return { main: parseMarbles(text, options), others: new Map(), watermarksApart: false };
}

const WORD = /^[\p{L}\p{N}_]+$/u;
const EVENT = /^(-?)([\p{L}\p{N}_]+)@(\S+)$/u;
const PAUSE = /^\d+[a-z]+$/;

/**
 * Reads a script. One token takes one arrival frame (1 ms): `a@1` an event, `-a@1` its withdrawal,
 * `a` a bare value, `W4` `W∞` a watermark, `idle` `active`, `|` `#` the end, `!` unsubscribe, `·`
 * nothing, `(x y)` several at once; `9ms` or `5m` lets so much arrival time pass.
 * @throws Error on any other token
 */
export function parseMarbles(text: string, options: NotationOptions = {}): Message[] {
  const messages: Message[] = [];
  let frame = 0;
  let group = false;
  for (const token of text.match(/[()]|[^\s()]+/g) ?? []) {
    if (token === '(' || token === ')') {
      if (group === (token === '(')) throw new Error(`marbles: unbalanced \`${token}\` in ${text}`);
      group = token === '(';
      if (!group) frame++;
      continue;
    }
    const pause = !group && PAUSE.test(token) ? parseDuration(token) : undefined;
    const message = pause === undefined ? parseToken(token, frame, options) : undefined;
    if (message !== undefined) messages.push(message);
    if (!group) frame += pause ?? 1;
  }
  if (group) throw new Error(`marbles: unbalanced \`(\` in ${text}`);
  return messages;
}

function parseToken(token: string, frame: number, options: NotationOptions): Message | undefined {
  const { values = {}, error = scriptError } = options;
  if (token === '|') return { kind: 'complete', frame };
  if (token === '!') return { kind: 'unsubscribe', frame };
  if (token === '#') return { kind: 'error', frame, error };
  if (token === '·') return undefined;
  if (token === 'idle' || token === 'active') return { kind: 'status', frame, status: token };
  const w = token.startsWith('W') ? parseTime(token.slice(1), options) : undefined;
  if (w !== undefined) return { kind: 'watermark', frame, timestamp: w };
  const [, minus, name = '', time = ''] = EVENT.exec(token) ?? [];
  const timestamp = parseTime(time, options);
  if (timestamp !== undefined) {
    const value = letterValue(name, values);
    return { kind: 'event', frame, name, value, timestamp, ...(minus === '-' && { op: '-' }) };
  }
  if (WORD.test(token)) {
    return { kind: 'value', frame, name: token, value: letterValue(token, values) };
  }
  throw new Error(`marbles: \`${token}\` is no token; write a@1, W4, W∞, idle, ·, |, # or (x y)`);
}

function parseTime(text: string, { epoch = 0 }: NotationOptions): number | undefined {
  if (text.endsWith('∞')) return text.startsWith('-') ? -Infinity : Infinity;
  const ms = parseDuration(/^-?\d+$/.test(text) ? Number(text) : text);
  return ms === undefined ? undefined : epoch + ms;
}
