/** What a marble test says when it fails: expected and received, one under the other. */
import { inspect } from 'node:util';
import { meets, sameValue } from './equality.js';
import type { Message, Values } from './message.js';
import { printFrame, printMessage } from './print.js';

/** The two lines of a failure, and what its letters stand for. */
export class Report {
  differs = false;
  private next = 0;
  private readonly lines = { expected: 'expected', received: 'received', differs: '        ' };
  private readonly legend = new Map<string, unknown>();

  constructor(
    private readonly values: Values,
    private readonly epoch: number,
  ) {}

  column(frame: number, expected: readonly Message[], received: readonly Message[]): void {
    const gap = frame - this.next;
    if (gap > 4) this.cells(`${gap}ms`, `${gap}ms`, '');
    else for (let i = 0; i < gap; i++) this.cells('·', '·', '');
    this.next = frame + 1;
    const shown = received.map((got, i) => {
      const mark = expected[i];
      return mark !== undefined && meets(mark, got) ? mark : got;
    });
    const same = received.length === expected.length && shown.every((m, i) => m === expected[i]);
    if (!same) for (const m of expected) if ('name' in m) this.legend.set(m.name ?? '', m.value);
    const cell = (list: readonly Message[]) =>
      printFrame(
        list.map((m) => (expected.includes(m) && m.kind === 'error' ? '#' : this.print(m))),
      );
    this.cells(cell(expected), cell(shown), same ? '' : '^');
    this.differs ||= !same;
  }

  text(): string {
    const legend = [...this.legend].map(([name, x]) => `${name} = ${inspect(x, { depth: 6 })}`);
    const { expected, received, differs } = this.lines;
    return [expected, received, differs.trimEnd(), ...legend].join('\n');
  }

  private print(m: Message): string {
    return printMessage(m, (value) => this.nameOf(value), this.epoch);
  }

  private nameOf(value: unknown): string {
    const known = Object.keys(this.values).find((name) => sameValue(this.values[name], value));
    if (known !== undefined) return known;
    if (typeof value === 'string' && /^\w+$/.test(value)) return value;
    const name = `?${[...this.legend.keys()].filter((k) => k.startsWith('?')).length + 1}`;
    this.legend.set(name, value);
    return name;
  }

  private cells(expected: string, received: string, differs: string): void {
    const width = Math.max(expected.length, received.length);
    this.lines.expected += `  ${expected.padEnd(width)}`;
    this.lines.received += `  ${received.padEnd(width)}`;
    this.lines.differs += `  ${differs.padEnd(width)}`;
  }
}
