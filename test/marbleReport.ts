/** What a marble test says when it fails: expected and received, one under the other. */
import { inspect } from 'node:util';
import {
  type Got,
  type Mark,
  printFrame,
  printGot,
  printMark,
  sameValue,
  type Values,
} from './notation.js';

/** The two lines of a failure, and what its letters stand for. */
export class Report {
  differs = false;
  private next = 0;
  private readonly lines = { expected: 'expected', received: 'received', differs: '        ' };
  private readonly legend = new Map<string, unknown>();

  constructor(private readonly values: Values) {}

  column(frame: number, marks: readonly Mark[], got: readonly (Mark | Got)[], same: boolean): void {
    const gap = frame - this.next;
    if (gap > 4) this.cells(`${gap}ms`, `${gap}ms`, '');
    else for (let i = 0; i < gap; i++) this.cells('·', '·', '');
    this.next = frame + 1;
    if (!same) for (const m of marks) if ('name' in m) this.legend.set(m.name, this.values[m.name]);
    const received = got.map((g) =>
      marks.includes(g as Mark) ? printMark(g as Mark) : this.print(g),
    );
    this.cells(printFrame(marks.map(printMark)), printFrame(received), same ? '' : '^');
    this.differs ||= !same;
  }

  text(): string {
    const legend = [...this.legend].map(([name, x]) => `${name} = ${inspect(x, { depth: 6 })}`);
    const { expected, received, differs } = this.lines;
    return [expected, received, differs.trimEnd(), ...legend].join('\n');
  }

  private print(got: Mark | Got): string {
    return printGot(got as Got, (value) => {
      const known = Object.keys(this.values).find((name) => sameValue(this.values[name], value));
      if (known !== undefined) return known;
      if (typeof value === 'string' && /^\w+$/.test(value)) return value;
      const name = `?${[...this.legend.keys()].filter((k) => k.startsWith('?')).length + 1}`;
      this.legend.set(name, value);
      return name;
    });
  }

  private cells(expected: string, received: string, differs: string): void {
    const width = Math.max(expected.length, received.length);
    this.lines.expected += `  ${expected.padEnd(width)}`;
    this.lines.received += `  ${received.padEnd(width)}`;
    this.lines.differs += `  ${differs.padEnd(width)}`;
  }
}

/* Jest shows the line that wrote the expectation, not this file. */
export function failure(message: string, site: Error): Error {
  const error = new Error(message);
  const here = (site.stack ?? '').split('\n').slice(1);
  const caller = here.findIndex((line) => !/marbles\.ts|marbleReport\.ts/.test(line));
  error.stack = [`Error: ${message}`, ...here.slice(Math.max(caller, 0))].join('\n');
  return error;
}
