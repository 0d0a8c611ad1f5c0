/** Tokens to messages: what one token says in one frame. */
import { letterValue, type Message, type Unframed, type Values } from './message.js';
import { MarbleSyntaxError } from './syntaxError.js';
import { lacksZone, parseTime } from './times.js';
import { type Cut, framesOf, type Range, type Token } from './tokens.js';

/** What all lanes of a text have in common. */
export interface Reading {
  readonly text: string;
  readonly epoch: number;
  readonly values: Values;
  readonly known: ReadonlySet<string>;
  /** What `#` stands for. */
  readonly error: unknown;
  /** Whether it is sent; else it may be expected, too. */
  readonly sent: boolean;
}

/** What one lane takes that others do not. */
interface LaneRules {
  /** The event time of a letter that stands without `@`; undefined makes it a bare value. */
  readonly timeOf?: (letter: Token) => number | undefined;
  /** Whether plain numbers are values: counters. */
  readonly numbers?: boolean;
}

export interface ReadLane {
  readonly messages: Message[];
  /** How many frames the lane takes. */
  readonly frames: number;
}

const EVENT = /^(-?)([\p{L}\p{N}_]+)@([^/]*)(?:\/(.*))?$/u;
const LETTER = /^([\p{L}\p{N}_]+)(?:\/(.*))?$/u;
const WATERMARK = /^W(?=[-+\d∞])([^@]+)$/;
const NUMBER = /^[-+]?(?:\d+(?:\.\d+)?|∞)$/;
const PLAIN = /[()]|[^()]+/g;
const TIMES = 'an integer (ms), a duration such as 10m, or an instant such as 2026-03-29T00:59Z';

/** Cuts and reads a lane of messages. O(length). @throws MarbleSyntaxError */
export function readLane(range: Range, reading: Reading, rules: LaneRules = {}): ReadLane {
  const reader = new Reader(reading, rules);
  const messages: Message[] = [];
  const frames = eachFrame(range, mainCut(reading, rules), (tokens, frame) => {
    for (const token of tokens) messages.push({ frame, ...reader.read(token) } as Message);
  });
  return { messages, frames };
}

/** Calls `take` for each frame in which something stands; gives how many frames the lane takes. */
export function eachFrame(
  range: Range,
  cut: Cut,
  take: (tokens: readonly Token[], frame: number) => void,
): number {
  let frame = 0;
  for (const { tokens, pause = 1 } of framesOf(range, cut)) {
    if (tokens.length > 0) take(tokens, frame);
    frame += pause;
  }
  if (Number.isSafeInteger(frame)) return frame;
  throw new MarbleSyntaxError(range.text, range.from, 'the lane is longer than time; shorten it');
}

function mainCut({ values, known }: Reading, { numbers = false }: LaneRules): Cut {
  const whole = (chunk: string): boolean => {
    if (chunk.startsWith('barrier#')) return true;
    const [, time] = WATERMARK.exec(chunk) ?? [];
    return (
      (time !== undefined && parseTime(time, 0) !== undefined) || (numbers && NUMBER.test(chunk))
    );
  };
  const names = (word: string): boolean => Object.hasOwn(values, word) || known.has(word);
  return { pieces: PLAIN, whole, names };
}

/** The time that a token says, or an error under it. */
export function readTime(text: string, at: number, { text: all, epoch }: Reading): number {
  const time = parseTime(text, epoch);
  if (time !== undefined) return time;
  const problem = lacksZone(text)
    ? `\`${text}\` has no zone; add Z or an offset such as +01:00`
    : `\`${text}\` is no time; write ${TIMES}`;
  throw new MarbleSyntaxError(all, at, problem);
}

/** Undoes the percent-encoding of split names and keys. */
export function decodeName(text: string, at: number, all: string): string {
  if (text === '%') return '';
  try {
    return text.includes('%') ? decodeURIComponent(text) : text;
  } catch {
    throw new MarbleSyntaxError(
      all,
      at,
      `\`${text}\` is badly encoded; write %25 for a percent sign`,
    );
  }
}

class Reader {
  private barrier = 0;
  private readonly strict: boolean;

  constructor(
    private readonly reading: Reading,
    private readonly rules: LaneRules,
  ) {
    this.strict = Object.keys(reading.values).length > 0;
  }

  read(token: Token): Unframed {
    switch (token.text) {
      case '|':
        return { kind: 'complete' };
      case '!':
        return this.expected(token, { kind: 'unsubscribe' });
      case '#':
        return { kind: 'error', error: this.reading.error };
      case 'idle':
      case 'active':
        return { kind: 'status', status: token.text };
      case 'restore':
        return this.expected(token, { kind: 'restore' });
      default:
        return this.control(token) ?? this.letter(token);
    }
  }

  private expected({ text, at }: Token, said: Unframed): Unframed {
    if (!this.reading.sent) return said;
    return this.fail(at, `\`${text}\` stands in expectations alone; leave it out of what is sent`);
  }

  private control(token: Token): Unframed | undefined {
    const { text, at } = token;
    if (/^barrier(#|$)/.test(text)) return this.barrierOf(token);
    if (text.startsWith('splits:')) return { kind: 'splits', splits: this.splitsOf(token) };
    const [, time] = WATERMARK.exec(text) ?? [];
    if (time === undefined) return undefined;
    if (this.knows(text) && parseTime(time, this.reading.epoch) === undefined) return undefined;
    return { kind: 'watermark', timestamp: readTime(time, at + 1, this.reading) };
  }

  private barrierOf({ text, at }: Token): Unframed {
    const n = text === 'barrier' ? this.barrier + 1 : Number(text.slice(8) || Number.NaN);
    if (!Number.isSafeInteger(n) || n < 1 || !/^barrier(#\d+)?$/.test(text)) {
      this.fail(at, `\`${text}\` has no number from 1 on; write barrier, or such as barrier#3`);
    }
    this.barrier = n;
    return { kind: 'barrier', n };
  }

  private splitsOf({ text, at }: Token): string[] {
    const list = text.slice(7);
    return list === ''
      ? []
      : list.split(',').map((name) => {
          if (name === '') this.fail(at, 'a split has no name; write such as splits:p0,p1');
          return decodeName(name, at, this.reading.text);
        });
  }

  private letter(token: Token): Unframed {
    const { text, at } = token;
    if (text.includes('@')) return this.event(token);
    if (this.rules.numbers && NUMBER.test(text)) return { kind: 'value', name: text, value: text };
    const [, name, split] = LETTER.exec(text) ?? [];
    if (name === undefined) {
      this.fail(at, `\`${text}\` is no token; write a@1, a, W4, W∞, idle, ·, |, # or (x y)`);
    }
    if (/^\d+\p{L}/u.test(text) && !this.knows(name) && !this.rules.timeOf) this.notDuration(token);
    const timestamp = this.rules.timeOf?.({ text: name, at });
    const value = this.valueOf({ text: name, at });
    if (timestamp !== undefined)
      return { kind: 'event', name, value, timestamp, ...this.in(split, token) };
    if (split !== undefined) {
      this.fail(at, `\`${text}\` has a split but no event time; write ${name}@5/${split}`);
    }
    return { kind: 'value', name, value };
  }

  private event(token: Token): Unframed {
    const { text, at } = token;
    const [, minus, name, time = '', split] = EVENT.exec(text) ?? [];
    if (name === undefined) {
      const rule = 'a name before the @ is letters, digits and _';
      this.fail(at, `\`${text}\` is no event: ${rule}; write a@5, -a@5 or a@5/p0`);
    }
    const value = this.valueOf({ text: name, at: at + (minus ?? '').length });
    if (time === '·' && minus === '' && split === undefined) return { kind: 'value', name, value };
    const timestamp = time === 'NaN' ? Number.NaN : this.timeAt(token, time);
    const op = minus === '-' ? ({ op: '-' } as const) : {};
    return { kind: 'event', name, value, timestamp, ...op, ...this.in(split, token) };
  }

  private timeAt({ text, at }: Token, time: string): number {
    const from = at + text.indexOf('@') + 1;
    if (time === '') this.fail(from, `\`${text}\` has no time after the @; write ${TIMES}`);
    return readTime(time, from, this.reading);
  }

  private in(split: string | undefined, { text, at }: Token): { readonly split?: string } {
    if (split === undefined) return {};
    const from = at + text.indexOf('/') + 1;
    if (split === '') this.fail(from, 'a split has no name; write such as a@5/p0');
    return { split: decodeName(split, from, this.reading.text) };
  }

  private valueOf({ text, at }: Token): unknown {
    if (this.strict && !this.knows(text)) {
      const known = [...Object.keys(this.reading.values), ...this.reading.known];
      const list = [...new Set(known)].slice(0, 8).join(', ') + (known.length > 8 ? ', …' : '');
      const letters = [...text].every((c) => this.knows(c)) ? [...text].join(' ') : undefined;
      const hint = letters === undefined ? '' : `; for single letters write \`${letters}\``;
      this.fail(at, `\`${text}\` is an unknown letter; the values have ${list}${hint}`);
    }
    return letterValue(text, this.reading.values);
  }

  private knows(name: string): boolean {
    return Object.hasOwn(this.reading.values, name) || this.reading.known.has(name);
  }

  private notDuration({ text, at }: Token): never {
    this.fail(
      at,
      `\`${text}\` is no duration; write such as 9ms, 5m or 1h30m, or ${text}@· for a value of that name`,
    );
  }

  private fail(at: number, problem: string): never {
    throw new MarbleSyntaxError(this.reading.text, at, problem);
  }
}
