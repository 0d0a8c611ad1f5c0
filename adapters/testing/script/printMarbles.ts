/** Scripts as marbles: one line, or the lanes of arrival, event time and watermarks. */

import { type Cell, cellsOf, printCell, printLine } from './frames.js';
import type { EventMessage, Message, Values } from './message.js';
import { printMessage } from './print.js';
import { PrintAxis } from './printAxis.js';
import { isLettered, PrintNames } from './printNames.js';
import { standsAlone } from './word.js';

/** Messages in order of their frames, and what their times and frames count from and to. */
export interface Printable {
  readonly messages: readonly Message[];
  readonly epoch: number;
  /** How many frames the script takes. */
  readonly frames: number;
}

/** A text and what its letters stand for. */
interface Printed {
  readonly text: string;
  readonly values: Values;
}

type Print = (m: Message) => string;

/** The messages in one line. O(messages). */
export function printMarbles({ messages, epoch, frames }: Printable): Printed {
  const names = new PrintNames(messages);
  const text = printLine(messages, printer(names, epoch, false), { to: frames });
  return { text, values: names.values };
}

/**
 * The messages as a block. A letter has one event time: an event of the same name at another time
 * has a new letter. Withdrawals say their time themselves, bare values that they have none.
 */
export function printLanes(script: Printable, unit: number): Printed {
  const { messages, epoch, frames } = script;
  const names = new PrintNames(messages);
  const axis = new PrintAxis(names, epoch);
  for (const m of messages) if (isLettered(m)) names.nameOf(m);
  const onAxis = messages.some((m) => m.kind === 'event');
  const plain = printer(names, epoch, onAxis);
  const print: Print = (m) => (m.kind === 'event' ? axis.letter(m) : undefined) ?? plain(m);
  const rows = rowsOf(cellsOf(messages, { to: frames }), print);
  const event = onAxis ? [`event       ${axis.print(unit)}`.trimEnd()] : [];
  return { text: [rows[0], ...event, ...rows.slice(1)].join('\n'), values: names.values };
}

/* Watermarks have a lane of their own where it is read back as it was. */
function rowsOf(cells: readonly Cell[], print: Print): string[] {
  const apart =
    cells.every(({ messages }) => inOrder(messages)) &&
    cells.some(({ messages }) => messages.some(isMark));
  let arrival = 'arrival   ';
  let marks = 'watermarks';
  for (const cell of cells) {
    const [main, mark] = apart ? parted(cell) : [cell, cell];
    const [a, w] = [printCell(main, print), printCell(mark, print)];
    const width = Math.max(a.length, w.length);
    arrival += `  ${a.padEnd(width)}`;
    marks += `  ${w.padEnd(width)}`;
  }
  return (apart ? [arrival, marks] : [arrival]).map((row) => row.trimEnd());
}

/* `barrier` where the next number is meant, `a@·` where a bare `a` would be something else. */
function printer(names: PrintNames, epoch: number, onAxis: boolean): Print {
  let barrier = 0;
  return (m) => {
    if (m.kind === 'error') return '#';
    if (m.kind === 'barrier') {
      const isNext = m.n === barrier + 1;
      barrier = m.n;
      if (isNext) return 'barrier';
    }
    if (!isLettered(m)) return printMessage(m, String, epoch);
    const name = names.nameOf(m);
    if (m.kind === 'value') return onAxis || !standsAlone(name) ? `${name}@·` : name;
    return printMessage({ ...(m as EventMessage), name }, String, epoch);
  };
}

function parted(cell: Cell): readonly [main: Cell, marks: Cell] {
  const { messages } = cell;
  const main = messages.filter((m) => !isMark(m));
  return [
    { ...cell, messages: main },
    { ...cell, messages: messages.filter(isMark) },
  ];
}

function isMark(m: Message): boolean {
  return m.kind === 'watermark';
}

/** Whether the watermarks stand before the end and after all else, as they do when their lane is read. */
function inOrder(messages: readonly Message[]): boolean {
  const main = messages.filter((m) => !isMark(m));
  const end = main.findIndex((m) => m.kind === 'complete' || m.kind === 'error');
  const before = end < 0 ? main : main.slice(0, end);
  const back = [...before, ...messages.filter(isMark), ...main.slice(before.length)];
  return back.every((m, i) => m === messages[i]);
}
