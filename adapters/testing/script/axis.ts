/** The event-time axis of a block: each letter at its event time, so that disorder shows as crossing letters. */
import { type Reading, readTime } from './reader.js';
import { MarbleSyntaxError } from './syntaxError.js';
import { type Cut, framesOf, type Range, type Token } from './tokens.js';
import { WORD } from './word.js';

const cut: Cut = { pieces: /[()]|[^()]+/g, whole: () => false };

/** Where each letter stands in event time, and which of them came. */
export class Axis {
  private readonly places = new Map<string, { readonly time: number; readonly at: number }>();
  private readonly came = new Set<string>();
  private last = -Infinity;

  private constructor(
    lane: Range,
    private readonly reading: Reading,
    unit: number,
  ) {
    let now = reading.epoch;
    for (const { tokens, pause } of framesOf(lane, cut)) {
      const [first] = tokens;
      if (first?.text.startsWith('@') && tokens.length === 1) now = this.jump(first);
      else {
        for (const token of tokens) this.place(token, now);
        now += pause ?? unit;
      }
    }
  }

  static of(lane: Range | undefined, reading: Reading, unit: number): Axis | undefined {
    return lane && new Axis(lane, reading, unit);
  }

  /** @throws MarbleSyntaxError where the letter is not on the axis */
  timeOf({ text, at }: Token): number {
    const time = this.find(text);
    if (time !== undefined) return time;
    const hint = `put it there, or write ${text}@5, or ${text}@· for a bare value`;
    throw new MarbleSyntaxError(
      this.reading.text,
      at,
      `\`${text}\` is not on the \`event\` lane; ${hint}`,
    );
  }

  find(letter: string): number | undefined {
    this.came.add(letter);
    return this.places.get(letter)?.time;
  }

  /** @throws MarbleSyntaxError where a letter of the axis came in no lane */
  check(): void {
    for (const [letter, { at }] of this.places) {
      if (this.came.has(letter)) continue;
      this.fail(
        at,
        `\`${letter}\` never arrives; put it on a lane of arrival, or take it away here`,
      );
    }
  }

  private jump({ text, at }: Token): number {
    const time = readTime(text.slice(1), at + 1, this.reading);
    if (time > this.last && Number.isFinite(time)) return time;
    return this.fail(
      at,
      'the `event` lane goes forwards in time; jump to a time after its last letter',
    );
  }

  private place({ text, at }: Token, time: number): void {
    if (text.startsWith('@')) {
      this.fail(at, `a jump stands alone; write \`${text}\` before the group`);
    }
    if (!WORD.test(text)) {
      this.fail(
        at,
        `\`${text}\` is no letter; this lane takes letters, ·, durations, @10m and (a b)`,
      );
    }
    if (/^\d+\p{L}/u.test(text)) {
      this.fail(at, `\`${text}\` is no duration; write such as 9ms, 5m or 1h30m`);
    }
    if (this.places.has(text)) {
      const hint = 'a letter has one event time; give the other event a letter of its own';
      this.fail(at, `\`${text}\` stands twice on the \`event\` lane; ${hint}`);
    }
    if (!Number.isSafeInteger(time)) this.fail(at, 'this is beyond the end of time');
    this.places.set(text, { time, at });
    this.last = time;
  }

  private fail(at: number, problem: string): never {
    throw new MarbleSyntaxError(this.reading.text, at, problem);
  }
}
