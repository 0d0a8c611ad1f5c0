/** What a stream emitted, kept for a test that looks at it by itself or as a snapshot. */
import { Letters, Names } from '../report/names.js';
import { type Recorded, recordingBrand } from '../report/snapshot.js';
import { printLine } from '../script/frames.js';
import type { Message, Values } from '../script/message.js';
import type { Lane } from './lane.js';

/**
 * What a stream emitted, frame by frame; complete after `flush()`. As text it is one lane; a snapshot
 * serialiser (`marbleSerializer`) prints it under a ruler, with what the letters stand for.
 *
 * @example
 * const out = record(stream('a@1 a@2 W5 |').pipe(dedupe({ key: (v) => v, within: 4 })));
 * flush();
 * expect(String(out)).toBe('a@1 · W5 (W∞ |)');
 */
export class Recording implements Recorded {
  readonly [recordingBrand] = true;

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
    const letters = new Letters(this.name, this.letters, this.epoch);
    const names = new Names(this.epoch);
    return printLine(this.messages, (m) => names.token(m, letters));
  }
}
