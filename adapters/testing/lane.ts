/** A lane: what one stream or door gave, frame by frame, and what it should have given. */
import { type Message, type Values, valued } from './message.js';
import { failure, Report } from './report.js';

export interface Wanted {
  readonly messages: readonly Message[];
  readonly values: Values;
  /** The line of the user that wrote the expectation. */
  readonly site: Error;
}

export class Lane {
  readonly received: Message[] = [];
  wanted: Wanted | undefined;
  private readonly made: Error;

  constructor(readonly name: string) {
    this.made = new Error(name);
  }

  /** Throws where what came is not what was wanted; `scripted` are the letters of all scripts. */
  check(scripted: Values, epoch: number): void {
    if (this.wanted === undefined) {
      throw failure(`marbles: ${this.name} has no expectation; call toBe(...)`, this.made);
    }
    const values = { ...scripted, ...this.wanted.values };
    const expected = byFrame(valued(this.wanted.messages, values));
    const received = byFrame(this.received);
    const frames = [...new Set([...expected.keys(), ...received.keys()])].sort((a, b) => a - b);
    const report = new Report(values, epoch);
    for (const frame of frames) {
      report.column(frame, expected.get(frame) ?? [], received.get(frame) ?? []);
    }
    if (report.differs) throw failure(`${this.name} differs\n${report.text()}`, this.wanted.site);
  }
}

function byFrame(messages: readonly Message[]): Map<number, Message[]> {
  const frames = new Map<number, Message[]>();
  for (const m of messages) {
    const here = frames.get(m.frame);
    if (here === undefined) frames.set(m.frame, [m]);
    else here.push(m);
  }
  return frames;
}
