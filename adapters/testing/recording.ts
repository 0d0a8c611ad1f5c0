/** What a stream emitted, kept for a test that looks at it by itself or as a snapshot. */

import { sameValue } from './equality.js';
import type { Lane } from './lane.js';
import type { Message, Values } from './message.js';
import { printFrame, printMessage } from './print.js';

const brand = Symbol.for('tidemark.recording');

/** Whether `x` is a recording, of any copy of the package. */
export function isRecording(x: unknown): x is Recording {
  return typeof x === 'object' && x !== null && brand in x;
}

/**
 * What a stream emitted, frame by frame; complete after `flush()`.
 *
 * @example
 * const out = record(in$.pipe(dedupe({ key: (v) => v })));
 * flush();
 * expect(String(out)).toBe('a@1 · W5 (W∞ |)');
 */
export class Recording {
  readonly [brand] = true;

  /** @internal */
  constructor(
    private readonly lane: Lane,
    private readonly letters: () => Values,
    /** Epoch milliseconds from which its text writes event times. */
    readonly epoch: number,
  ) {}

  get name(): string {
    return this.lane.head;
  }

  /** Everything that came, in order. */
  get messages(): readonly Message[] {
    this.lane.looked = true;
    return this.lane.received;
  }

  /** The letters of the scripts of its test. */
  get values(): Values {
    return this.letters();
  }

  /** The lane in the notation; a value without letter is `?1`, `?2`, … */
  toString(): string {
    const frames = new Map<number, Message[]>();
    for (const m of this.messages) frames.set(m.frame, [...(frames.get(m.frame) ?? []), m]);
    const unknown: unknown[] = [];
    const nameOf = (value: unknown): string => this.letter(value) ?? number(unknown, value);
    const cells: string[] = [];
    let next = 0;
    for (const [frame, messages] of frames) {
      if (frame - next > 4) cells.push(`${frame - next}ms`);
      else for (; next < frame; next++) cells.push('·');
      next = frame + 1;
      cells.push(printFrame(messages.map((m) => printMessage(m, nameOf, this.epoch))));
    }
    return cells.join(' ');
  }

  private letter(value: unknown): string | undefined {
    const known = Object.entries(this.values).find(([, x]) => sameValue(x, value));
    if (known !== undefined) return known[0];
    return typeof value === 'string' && /^[\p{L}_][\p{L}\p{N}_]*$/u.test(value) ? value : undefined;
  }
}

function number(unknown: unknown[], value: unknown): string {
  let i = unknown.findIndex((x) => sameValue(x, value));
  if (i === -1) i = unknown.push(value) - 1;
  return `?${i + 1}`;
}
