/** Lanes under each other, aligned by frame, with a ruler above; clipped around one frame when wide. */
import { DOTS } from '../script/frames.js';
import { printSpan } from '../script/times.js';

export interface Row {
  readonly label: string;
  /** What stands at a frame; asked for the frames that are shown alone. '' where nothing does. */
  readonly cell: (frame: number) => string;
  /** A row without dots for silence. */
  readonly bare?: boolean;
}

/** The frames that are shown, in order, and how many with something in them are left out. */
interface Clip {
  /** The frame after the last one that was shown before; silence since then is drawn. */
  readonly begin: number;
  readonly shown: readonly number[];
  /** The frames that are left out before, and after: first and last with something in them. */
  readonly before: readonly number[];
  readonly after: readonly number[];
}

interface Column {
  /** Its number on the ruler. */
  readonly over: string;
  readonly cells: readonly string[];
  readonly frame: number;
}

const WIDEST = 110;
/** At most so many frames are printed on either side before their width is looked at. */
const MOST = 40;

/** Which of the frames fit on a line around `focus`. `frames`: where something happens, in order. */
export function clipGrid(rows: readonly Row[], frames: readonly number[], focus: number): Clip {
  const found = frames.findIndex((f) => f >= focus);
  const at = found === -1 ? frames.length - 1 : found;
  const first = Math.max(0, at - MOST);
  const near = frames.slice(first, at + MOST + 1);
  const widths = near.map((f, i) => {
    const before = frames[first + i - 1];
    return widthOf(columnAt(f, rows)) + (first + i > 0 ? silenceWidth(f - (before ?? 0) - 1) : 0);
  });
  let width = widths.reduce((sum, w) => sum + w, 0);
  let [from, to] = [first, first + near.length];
  while (width > WIDEST && to - from > 1) {
    const dropLast = to - 1 - at > (at - from) / 2;
    width -= widths[(dropLast ? --to : from++) - first] ?? 0;
  }
  const [before, after] = [frames.slice(0, from), frames.slice(to)];
  const begin = from === 0 ? 0 : (frames[from] ?? 0);
  return { begin, shown: frames.slice(from, to), before: ends(before), after: ends(after) };
}

function ends(frames: readonly number[]): readonly number[] {
  return frames.length === 0 ? [] : [frames[0] as number, frames.at(-1) as number];
}

/** All frames, in parts that fit on a line. */
export function wrapGrid(rows: readonly Row[], frames: readonly number[]): readonly Clip[] {
  const parts: number[][] = [];
  let width = 0;
  for (const [i, frame] of frames.entries()) {
    const gap = i === 0 ? frame : frame - (frames[i - 1] as number) - 1;
    const more = widthOf(columnAt(frame, rows)) + silenceWidth(gap);
    const part = width + more > WIDEST ? undefined : parts.at(-1);
    width = part === undefined ? more : width + more;
    if (part === undefined) parts.push([frame]);
    else part.push(frame);
  }
  return parts.map((shown, i) => {
    const begin = (parts[i - 1]?.at(-1) ?? -1) + 1;
    return { begin, shown, before: [], after: [] };
  });
}

/** The lines of the grid. */
export function drawGrid(rows: readonly Row[], clip: Clip): readonly string[] {
  const columns = clip.shown.map((frame) => columnAt(frame, rows));
  return lineUp(rows, withSilence(columns, clip.begin, rows), clip);
}

function columnAt(frame: number, rows: readonly Row[]): Column {
  const cells = rows.map((row) => row.cell(frame) || (row.bare ? '' : '·'));
  return { over: String(frame), cells, frame };
}

function widthOf(column: Column): number {
  return 2 + Math.max(column.over.length, ...column.cells.map(lengthOf));
}

function silenceWidth(gap: number): number {
  return gap > DOTS ? 2 + printSpan(gap).length : gap * 3;
}

function withSilence(columns: readonly Column[], begin: number, rows: readonly Row[]): Column[] {
  let next = begin;
  return columns.flatMap((column) => {
    const { frame } = column;
    const gap = frame - next;
    const silence = gap > DOTS ? [pause(next, gap, rows)] : dots(next, gap, rows);
    next = frame + 1;
    return [...silence, column];
  });
}

function dots(from: number, count: number, rows: readonly Row[]): Column[] {
  const cells = rows.map((row) => (row.bare ? '' : '·'));
  return Array.from({ length: count }, (_, i) => ({
    over: String(from + i),
    cells,
    frame: from + i,
  }));
}

function pause(frame: number, ms: number, rows: readonly Row[]): Column {
  const text = printSpan(ms);
  return { over: '', cells: rows.map((row) => (row.bare ? '' : text)), frame };
}

function lineUp(rows: readonly Row[], columns: readonly Column[], clip: Clip): readonly string[] {
  const lines = [{ label: 'frame', bare: false }, ...rows];
  const indent = Math.max(...lines.map((row) => lengthOf(row.label)));
  const begins = clip.before.length > 0 ? '  …' : '';
  const ends = clip.after.length > 0 ? '  …' : '';
  return lines.map((row, i) => {
    const cells = columns.map((c) => `  ${pad(c.cells[i - 1] ?? c.over, widthOf(c) - 2)}`);
    const [begin, end] = row.bare === true ? [begins.replace('…', ' '), ''] : [begins, ends];
    return `${pad(row.label, indent)}${begin}${cells.join('')}${end}`.trimEnd();
  });
}

function pad(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - lengthOf(text)));
}

function lengthOf(text: string): number {
  return [...text].length;
}
