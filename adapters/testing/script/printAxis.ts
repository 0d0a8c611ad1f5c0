/** The `event` lane while it is made: letters at their event times. */
import { DOTS } from './frames.js';
import type { EventMessage } from './message.js';
import { printFrame, printSplit } from './print.js';
import type { PrintNames } from './printNames.js';
import { printTime } from './times.js';
import { standsAlone } from './word.js';

export class PrintAxis {
  private readonly letters = new Map<string, number>();
  private readonly others = new Map<string, Map<number, string>>();

  constructor(
    private readonly names: PrintNames,
    private readonly epoch: number,
  ) {}

  /** The letter under which the event arrives; undefined where it must say its time itself. */
  letter(m: EventMessage): string | undefined {
    const name = this.names.nameOf(m);
    if (m.op !== undefined || !Number.isFinite(m.timestamp) || !standsAlone(name)) return undefined;
    const letter = this.letterAt(name, m);
    return m.split === undefined ? letter : `${letter}/${printSplit(m.split)}`;
  }

  private letterAt(name: string, { timestamp, value }: EventMessage): string {
    const time = this.letters.get(name);
    if (time === undefined) this.letters.set(name, timestamp);
    if (time === undefined || time === timestamp) return name;
    const others = this.others.get(name) ?? new Map<number, string>();
    this.others.set(name, others);
    const letter = others.get(timestamp) ?? this.names.fresh(name, value);
    others.set(timestamp, letter);
    this.letters.set(letter, timestamp);
    return letter;
  }

  /** The lane without its head. O(n log n) in letters. */
  print(unit: number): string {
    const byTime = [...this.letters].sort(([, a], [, b]) => a - b);
    const cells: string[] = [];
    let next = this.epoch;
    for (let i = 0; i < byTime.length; ) {
      const time = byTime[i]?.[1] as number;
      const here: string[] = [];
      for (; byTime[i]?.[1] === time; i++) here.push(byTime[i]?.[0] as string);
      cells.push(...this.way(next, time, unit), printFrame(here));
      next = time + unit;
    }
    return cells.join('  ');
  }

  private way(from: number, to: number, unit: number): string[] {
    const gap = (to - from) / unit;
    const dots = Number.isInteger(gap) && gap >= 0 && gap <= DOTS;
    return dots ? Array.from({ length: gap }, () => '·') : [`@${printTime(to, this.epoch)}`];
  }
}
