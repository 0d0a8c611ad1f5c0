/** What happened in a simulation, line by line, and the one number that tells two traces apart. */
import { crc32 } from '../../../lib/crc32.js';

/** One line of a trace. */
export interface TraceLine {
  /** Virtual milliseconds since the simulation began. */
  readonly at: number;
  /** The process that it happened to; 0: the world. */
  readonly process: number;
  readonly text: string;
}

const bytes = new TextEncoder();

export class Trace {
  readonly lines: TraceLine[] = [];

  add(line: TraceLine): void {
    this.lines.push(line);
  }

  /** Of all lines: equal for equal traces. */
  get hash(): string {
    const all = this.lines.map(({ at, process, text }) => `${at} ${process} ${text}\n`).join('');
    const text = bytes.encode(all);
    return `${crc32(text).toString(16).padStart(8, '0')}-${text.length.toString(16)}`;
  }
}

/** A trace as text: time, process, what happened. The middle of a long one is left out. */
export function traceText(lines: readonly TraceLine[], most = Infinity): string {
  const head = Math.ceil(most / 4);
  const shown =
    lines.length <= most
      ? lines
      : [...lines.slice(0, head), undefined, ...lines.slice(lines.length - (most - head))];
  return shown
    .map((line) => (line === undefined ? leftOut(lines.length - most) : told(line)))
    .join('\n');
}

function told({ at, process, text }: TraceLine): string {
  const who = process === 0 ? 'world    ' : `process ${process}`;
  return `${String(Math.round(at)).padStart(8)} ms  ${who}  ${text}`;
}

function leftOut(n: number): string {
  return `              ... ${n} lines ...`;
}
