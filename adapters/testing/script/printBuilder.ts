/** Scripts as the TypeScript that builds them. */

import { isBuiltIn } from './errorClass.js';
import { byFrame } from './frames.js';
import type { EventMessage, Message } from './message.js';
import type { Printable } from './printMarbles.js';
import { isLettered, PrintNames } from './printNames.js';
import { sourceOf } from './printSource.js';
import { scriptError } from './scriptError.js';
import { printEpoch } from './times.js';

/**
 * One step a line. Values that have no literal (instances of classes, functions) are written as
 * `values.a`, other errors as `error`: the reader has to bring these.
 */
export function printBuilder(script: Printable): string {
  const { messages, epoch, frames } = script;
  const printer = new BuilderPrinter(messages, epoch);
  const from = epoch === 0 ? '' : `{ epoch: ${sourceOf(printEpoch(epoch))} }`;
  const lines = [`script(${from})`];
  let next = 0;
  const pass = (to: number): void => {
    if (to > next) lines.push(`  .advance(${spanOf(to - next)})`);
  };
  for (const [frame, here] of byFrame(messages)) {
    pass(frame);
    const steps = here.map((m) => printer.step(m));
    const [one] = steps;
    lines.push(steps.length === 1 ? `  ${one}` : `  .together((s) => s${steps.join('')})`);
    next = frame + 1;
  }
  pass(frames);
  return `${lines.join('\n')};\n`;
}

class BuilderPrinter {
  private readonly names: PrintNames;
  private barrier = 0;

  constructor(
    messages: readonly Message[],
    private readonly epoch: number,
  ) {
    this.names = new PrintNames(messages);
  }

  step(m: Message): string {
    switch (m.kind) {
      case 'event':
        return `.event(${this.nameOf(m)}, { ${this.optionsOf(m).join(', ')} })`;
      case 'value':
        return `.value(${[this.nameOf(m), ...this.valueOf(m)].join(', ')})`;
      case 'watermark':
        return `.watermark(${this.time(m.timestamp)})`;
      case 'splits':
        return `.splits(${m.splits.map((s) => sourceOf(s)).join(', ')})`;
      case 'barrier': {
        const isNext = m.n === this.barrier + 1;
        this.barrier = m.n;
        return `.barrier(${isNext ? '' : m.n})`;
      }
      case 'status':
        return `.${m.status}()`;
      case 'error':
        return `.fail(${m.error === scriptError ? '' : errorOf(m.error)})`;
      default:
        return `.${m.kind}()`;
    }
  }

  private nameOf(m: Message): string {
    if (!isLettered(m)) return '';
    return sourceOf(m.name ?? this.names.nameOf(m)) as string;
  }

  private optionsOf(m: EventMessage): string[] {
    const options = [`at: ${this.time(m.timestamp)}`, ...this.valueOf(m).map((v) => `value: ${v}`)];
    if (m.split !== undefined) options.push(`split: ${sourceOf(m.split)}`);
    if (m.op !== undefined) options.push(`op: '-'`);
    if (m.revision !== undefined) options.push(`revision: ${sourceOf(m.revision)}`);
    if (m.replaces !== undefined) options.push(`replaces: ${sourceOf(m.replaces)}`);
    return options;
  }

  private valueOf(m: Message): string[] {
    if (!isLettered(m)) return [];
    const name = m.name ?? this.names.nameOf(m);
    return m.value === name ? [] : [sourceOf(m.value) ?? `values[${sourceOf(name)}]`];
  }

  private time(t: number): string {
    return Number.isFinite(t) ? spanOf(t - this.epoch) : String(t);
  }
}

function errorOf(error: unknown): string {
  if (isBuiltIn(error)) return `new ${error.name}(${sourceOf(error.message)})`;
  return sourceOf(error) ?? 'error';
}

const units: readonly (readonly [string, number])[] = [
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
];

/* The `Duration` type has one unit. */
function spanOf(ms: number): string {
  const unit = units.find(([, size]) => ms !== 0 && ms % size === 0);
  return unit === undefined ? String(ms) : `'${ms / unit[1]}${unit[0]}'`;
}
