/** A lane cut into frames: tokens parted by white space, groups, pauses, and the dashes of RxJS. */
import { MarbleSyntaxError } from './syntaxError.js';
import { parseSpan } from './times.js';

/** A piece of the text, and where it stands there. */
export interface Token {
  readonly text: string;
  readonly at: number;
}

/** One frame with what stands in it, or a pause of so many ms. */
export interface Frame {
  readonly tokens: readonly Token[];
  readonly pause?: number;
}

/** A part of the text: a lane without its head, or all of it. */
export interface Range {
  readonly text: string;
  readonly from: number;
  readonly to: number;
}

/** What is particular to a kind of lane. */
export interface Cut {
  /** Parts a chunk without white space into parentheses and tokens. */
  readonly pieces: RegExp;
  /** Whether the chunk is one token although it looks like dashes: `W-3`. */
  readonly whole: (chunk: string) => boolean;
  /** Whether a word between dashes is the name of something, not letters in a row. */
  readonly names?: (word: string) => boolean;
}

const plain = /^[-·|#!^()\p{L}\p{N}_]+$/u;
const mark = /[-·|#!^]/;
const words = /[\p{L}\p{N}_]+/gu;
const reserved = /^(?:W\d+|idle|active|barrier|restore)$/;

/** @throws MarbleSyntaxError on a parenthesis without its partner and on what dashes cannot hold */
export function framesOf(range: Range, cut: Cut): Frame[] {
  const cutter = new Cutter(range.text, cut);
  const chunks = /\S+/g;
  chunks.lastIndex = range.from;
  for (let m = chunks.exec(range.text); m !== null && m.index < range.to; ) {
    cutter.chunk(m[0], m.index);
    m = chunks.exec(range.text);
  }
  return cutter.done();
}

class Cutter {
  private readonly frames: Frame[] = [];
  private group: Token[] | undefined;
  private opened = 0;

  constructor(
    private readonly text: string,
    private readonly cut: Cut,
  ) {}

  chunk(chunk: string, at: number): void {
    const bare = chunk.replace(/^\(+|\)+$/g, '');
    if (bare.length > 1 && plain.test(bare) && mark.test(bare) && !this.cut.whole(bare)) {
      this.dashes(chunk, at);
      return;
    }
    for (const piece of chunk.matchAll(this.cut.pieces)) {
      this.piece({ text: piece[0], at: at + piece.index });
    }
  }

  done(): Frame[] {
    if (this.group !== undefined) this.fail(this.opened, '`(` has no `)`; close the group');
    return this.frames;
  }

  private piece(token: Token): void {
    if (this.paren(token)) return;
    const pause = /^\d/.test(token.text) ? parseSpan(token.text) : undefined;
    if (pause === undefined) this.add(token);
    else if (this.group === undefined) this.frames.push({ tokens: [], pause });
    else this.fail(token.at, `no time passes inside ( ); write \`${token.text}\` outside of it`);
  }

  /* RxJS marble time: each character is one frame. */
  private dashes(chunk: string, at: number): void {
    for (const word of chunk.matchAll(words)) {
      const [name] = word;
      const span = parseSpan(name) !== undefined;
      const named = span || reserved.test(name) || this.cut.names?.(name);
      if (name.length < 2 || !named) continue;
      const what = span ? `a duration (\`${name}\`)` : `\`${name}\``;
      const why = 'each character between dashes is a letter of its own';
      this.fail(at + word.index, `${why}; put spaces around ${what}`);
    }
    let from = at;
    for (const text of chunk) {
      const token = { text, at: from };
      if (text === '^') {
        this.fail(from, '`^` is of no use here: a hot stream starts at frame 0; leave it out');
      }
      if (!this.paren(token)) this.add(token);
      from += text.length;
    }
  }

  private paren({ text, at }: Token): boolean {
    if (text === '(') {
      if (this.group !== undefined)
        this.fail(at, 'a group cannot stand in a group; close it first');
      this.group = [];
      this.opened = at;
    } else if (text === ')') {
      if (this.group === undefined) this.fail(at, '`)` has no `(` before it');
      this.frames.push({ tokens: this.group });
      this.group = undefined;
    }
    return text === '(' || text === ')';
  }

  private add(token: Token): void {
    const nothing = token.text === '·' || token.text === '-';
    if (this.group === undefined) this.frames.push({ tokens: nothing ? [] : [token] });
    else if (!nothing) this.group.push(token);
  }

  private fail(at: number, problem: string): never {
    throw new MarbleSyntaxError(this.text, at, problem);
  }
}
