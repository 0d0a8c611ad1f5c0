/** Pictures as text for a terminal: the same as the SVG, in cells. */
import { configError } from '../../../lib/errors.js';
import type { Drawn, Picture, PictureOptions } from './picture.js';
import { type Axis, arrivalAxis, type Bounds, eventAxis, framesOf } from './pictureAxes.js';
import { flagsFit } from './pictureLanes.js';
import { asPicture } from './pictureOf.js';
import { aboutSpan } from './pictureTicks.js';
import { cellsOf, Sheet, terminalText } from './plotCells.js';
import { legendOf, MARKS, namesOf } from './plotLegend.js';

/** Options of `toText`. */
export interface TextOptions {
  /** Columns, at least 40. @default 80 */
  readonly width?: number;
  /** Rows of the plot, without axis and legend; at least 5. @default 20 */
  readonly height?: number;
  /** Only characters of ASCII. @default false */
  readonly ascii?: boolean;
}

/**
 * Draws a picture, or a script or recording with what `pictureOf` is to know of it, for a terminal.
 * Labels that would collide are left out; letters cannot move the cursor. O(n log n + cells).
 *
 * ```text
 * ↑ event time (ms)
 *    │                                  ┌──
 * 10 ┤┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈▸┈┈┈┈┈│░░
 *    │                            ┌─────┘░░
 *    │                            │░░░░░░░░  [5, 10) fired at 5 ms
 *    │      ●b                    │░░░░░░░░
 *    │                            │░░░░░░░░
 *  5 ┤┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈▸┈┈┈┈┈┈┈┈┈┈│░░░░░░░░
 *    │                 ┌──────────┘░░░░░░░░
 *    │           ●c    │░░░░░░░░░░░░░░░░░░░  [0, 5) fired at 3 ms
 *    │                 │░░░░░◆d░░░░░░░░░░░░
 *    │●a               │░░░░░░░░░░░░░░░░░░░
 *  0 ┤┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈│░░░░░░░░░░░░░░░░░░░
 *    └┬──────────┬───────────┬──────────┬──
 *     0          2           4          6
 *                            arrival (ms) →
 * ● on time (3)  ◆ late (1)  ─ watermark  ░ behind it
 * ▸ window fires
 * ```
 * @throws TypeError when the drawing is to be too small
 * @example
 * console.log(toText(marbles('a@1 b@7 c@3 W4 d@2 W9'), { windows: tumbling(5) }));
 */
export function toText(drawn: Picture | Drawn, options: TextOptions & PictureOptions = {}): string {
  const picture = asPicture(drawn, options);
  const { width = 80, height = 20, ascii = false } = options;
  if (!(Number.isSafeInteger(width) && width >= 40)) {
    throw configError('toText', 'width', 'an integer >= 40', width);
  }
  if (!(Number.isSafeInteger(height) && height >= 5)) {
    throw configError('toText', 'height', 'an integer >= 5', height);
  }
  const plain = (text: string) => terminalText(text, ascii);
  const plot = new Plot(picture, { width, height, plain });
  const title = picture.title === undefined ? [] : [plain(picture.title)];
  const lines = [...title, ...plot.lines(), ...legendOf(picture, width).map(plain)];
  return lines.map((line) => line.trimEnd()).join('\n');
}

interface Size {
  readonly width: number;
  readonly height: number;
  readonly plain: (text: string) => string;
}

/** What a letter may be written over: nothing, the ground, the edge of a window. */
const FREE = ' ░┈┊';

class Plot {
  private readonly event: Axis & Bounds;
  private readonly arrival: Axis;
  private readonly left: number;
  private readonly names: ReadonlyMap<number, string>;
  private readonly sheet: Sheet;
  /** Of each column, the row of the watermark; the one below the sheet: there is none yet. */
  private readonly stairs: number[];

  constructor(
    private readonly picture: Picture,
    private readonly size: Size,
  ) {
    const { width, height } = size;
    const strip = picture.events.some((e) => e.fate === 'invalid') ? 1 : 0;
    this.event = eventAxis(picture, { from: height - 1, to: 0, perTick: 2.5 });
    this.left = Math.max(strip * 9, ...this.event.ticks.map((t) => cellsOf(t.text) + 2), 3);
    const frames = framesOf(picture);
    const rough = arrivalAxis(frames, { from: 1, to: width, perTick: 10 });
    this.names = namesOf(picture, this.event, rough, width);
    const widest = [...this.names.values()].reduce((w, name) => Math.max(w, cellsOf(name) + 2), 0);
    const columns = width - this.left - widest;
    this.arrival = arrivalAxis(frames, { from: 0, to: columns - 3, perTick: 10 });
    this.sheet = new Sheet(columns, height + strip);
    this.stairs = this.columnsOfWatermark();
  }

  lines(): string[] {
    this.drawGround();
    this.drawStairs();
    this.drawPanes();
    this.drawEvents();
    const { event, arrival, sheet, left, size } = this;
    const unit = (axis: Axis) => (axis.text.unit === '' ? '' : ` (${axis.text.unit})`);
    const rows = new Map(event.ticks.map((t) => [Math.round(t.at), t.text]));
    if (sheet.height > size.height) rows.set(size.height, 'invalid');
    const body = Array.from({ length: sheet.height }, (_, y) => {
      const tick = rows.get(y);
      const label = `${(tick ?? '').padStart(left - 2)} ${tick === undefined ? '│' : '┤'}`;
      const name = this.names.get(y);
      return `${label}${sheet.line(y)}${name === undefined ? '' : `  ${name}`}`;
    });
    const below = size.plain(`arrival${unit(arrival)} →`);
    return [
      `↑ event time${unit(event)}`,
      ...body,
      ...this.arrivalLines(),
      below.padStart(left + sheet.width),
    ].map(size.plain);
  }

  private columnsOfWatermark(): number[] {
    const rows = new Array<number>(this.sheet.width).fill(this.size.height);
    for (const { frame, timestamp } of this.picture.watermarks) {
      const x = Math.round(this.arrival.at(frame));
      rows[x] = timestamp === Infinity ? 0 : Math.round(this.event.at(timestamp));
    }
    let row = this.size.height;
    return rows.map((here) => (row = Math.min(row, here)));
  }

  /** Edges of windows, as far as they are open, and the ground behind the watermark. */
  private drawGround(): void {
    const { sheet, event, stairs } = this;
    for (const { from, to } of this.arrival.breaks) {
      for (let y = 0; y < this.size.height; y++) sheet.set(Math.round((from + to) / 2), y, '┊');
    }
    const edges = new Set(this.picture.windows.flatMap(({ start, end }) => [start, end]));
    const rows = new Set<number>();
    for (const t of edges) if (t >= event.from && t <= event.to) rows.add(Math.round(event.at(t)));
    const crowded = rows.size > this.size.height / 2;
    for (let x = 0; x < sheet.width; x++) {
      if (!crowded) for (const y of rows) sheet.set(x, y, '┈');
      for (let y = (stairs[x] as number) + 1; y < this.size.height; y++) sheet.set(x, y, '░');
    }
  }

  private drawStairs(): void {
    const { sheet, stairs } = this;
    let before = this.size.height;
    stairs.forEach((row, x) => {
      if (row < before) {
        for (let y = row + 1; y < before; y++) sheet.set(x, y, '│');
        if (before < this.size.height) sheet.set(x, before, '┘');
        sheet.set(x, row, '┌');
      } else if (row < this.size.height) sheet.set(x, row, '─');
      before = row;
    });
  }

  private drawPanes(): void {
    if (!flagsFit(this.picture.windows)) return;
    for (const { end, panes } of this.picture.windows) {
      if (end > this.event.to) continue;
      for (const { frame, timing } of panes) {
        const x = Math.round(this.arrival.at(frame));
        this.sheet.set(x, Math.round(this.event.at(end)), timing === 'onTime' ? '▸' : '▹');
      }
    }
  }

  /** All points first, those that were on time below; then letters where there is room. */
  private drawEvents(): void {
    const { event, arrival, sheet, size } = this;
    const points = this.picture.events.map((e) => {
      const t = e.timestamp ?? Infinity;
      const y = t < event.from || t > event.to ? size.height : Math.round(event.at(t));
      return { e, x: Math.round(arrival.at(e.frame)), y };
    });
    const odd = points.filter((p) => p.e.fate !== 'onTime');
    const onTime = points.filter((p) => p.e.fate === 'onTime');
    for (const { e, x, y } of [...onTime, ...odd]) sheet.set(x, y, MARKS[e.fate]);
    for (const { e, x, y } of [...odd, ...onTime]) {
      sheet.write(x + 1, y, size.plain(e.name), FREE);
    }
  }

  private arrivalLines(): string[] {
    const { arrival, sheet, left } = this;
    const axis = new Sheet(sheet.width, 2);
    for (let x = 0; x < sheet.width; x++) axis.set(x, 0, '─');
    for (const { from, to, silenceMs } of arrival.breaks) {
      const x = Math.round((from + to) / 2);
      axis.set(x, 0, '╱');
      axis.set(x + 1, 0, '╱');
      const text = aboutSpan(silenceMs);
      if (text.length < to - from + 2) axis.write(Math.round(x - text.length / 2), 1, text, ' ');
    }
    for (const { at, text } of arrival.ticks) {
      const x = Math.round(at);
      axis.set(x, 0, '┬');
      const from = Math.max(0, Math.min(x - (text.length >> 1), sheet.width - text.length));
      axis.write(from, 1, text, ' ');
    }
    const margin = ' '.repeat(left - 1);
    return [`${margin}└${axis.line(0)}`, `${margin} ${axis.line(1)}`];
  }
}
