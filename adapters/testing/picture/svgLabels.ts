/** Labels that cover neither each other nor a point: each gets the first free place, or is left out. */

export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** About the width of a text in a sans-serif face. */
export function widthOf(text: string, size = 12): number {
  let em = 0;
  for (const c of text) em += emOf(c);
  return em * size;
}

const NARROW = new Set("ijl|.,:;'!()[]ftr ");
const BROAD = new Set('mwMW@%');

function emOf(c: string): number {
  if ((c.codePointAt(0) as number) > 0x2e7f) return 1.05;
  if (NARROW.has(c)) return 0.38;
  if (BROAD.has(c)) return 0.92;
  return c >= 'A' && c <= 'Z' ? 0.7 : 0.62;
}

/** As much of a text as fits, and `…` where it is not all. */
export function fitting(text: string, width: number, size = 12): string {
  if (widthOf(text, size) <= width) return text;
  let [end, used] = [0, size];
  for (const c of text) {
    used += emOf(c) * size;
    if (used > width) break;
    end += c.length;
  }
  return `${text.slice(0, end)}…`;
}

/** What is taken of the paper, in cells: O(1) to ask, whatever has been placed. */
export class Paper {
  private readonly taken = new Map<number, Box[]>();

  constructor(private readonly bounds: Box) {}

  take(box: Box): void {
    for (const cell of cellsOf(box)) {
      const here = this.taken.get(cell);
      if (here === undefined) this.taken.set(cell, [box]);
      else if (here.length < FULL) here.push(box);
    }
  }

  free(box: Box): boolean {
    const { x, y, width, height } = this.bounds;
    if (box.x < x || box.y < y) return false;
    if (box.x + box.width > x + width || box.y + box.height > y + height) return false;
    for (const cell of cellsOf(box)) {
      const here = this.taken.get(cell);
      if (here !== undefined && (here.length >= FULL || here.some((b) => meet(b, box))))
        return false;
    }
    return true;
  }
}

const CELL = 24;
const FULL = 12;

function* cellsOf({ x, y, width, height }: Box): Iterable<number> {
  for (let i = Math.floor(x / CELL); i <= (x + width) / CELL; i++) {
    for (let j = Math.floor(y / CELL); j <= (y + height) / CELL; j++) yield i * 100_003 + j;
  }
}

function meet(a: Box, b: Box): boolean {
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
}
