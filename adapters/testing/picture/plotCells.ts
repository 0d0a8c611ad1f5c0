/** Cells of a terminal: a sheet to draw on, and what letters and signs become there. */

/** What a sign is where only ASCII is safe. */
const ASCII: Readonly<Record<string, string>> = {
  '−': '-',
  '∞': 'inf',
  '↑': '^',
  '→': '->',
  '…': '~',
  '●': 'o',
  '◇': '%',
  '◆': '#',
  '○': '=',
  '×': 'x',
  '░': ':',
  '┈': '.',
  '┊': '|',
  '│': '|',
  '─': '-',
  '┌': '+',
  '┘': '+',
  '└': '+',
  '┤': '+',
  '┬': '+',
  '╱': '/',
  '▸': '>',
  '▹': '>',
};

/** No letter moves the cursor or turns the line round: controls become a visible sign. */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}]/gu;

/** Text as it may stand in a terminal. */
export function terminalText(text: string, ascii: boolean): string {
  const safe = text.replace(/\p{M}/gu, '').replace(UNSAFE, '\ufffd');
  return ascii ? safe.replace(/[^\x20-\x7e]/gu, (c) => ASCII[c] ?? '?') : safe;
}

/** How many cells a text takes: letters of East Asia take two. */
export function cellsOf(text: string): number {
  let cells = 0;
  for (const c of text) cells += isWide(c) ? 2 : 1;
  return cells;
}

function isWide(c: string): boolean {
  const code = c.codePointAt(0) as number;
  return (code >= 0x1100 && code <= 0x115f) || (code >= 0x2e80 && code !== 0xfffd);
}

/** A sheet of cells; what is drawn outside it is left out. */
export class Sheet {
  private readonly rows: string[][];

  constructor(
    readonly width: number,
    readonly height: number,
  ) {
    this.rows = Array.from({ length: height }, () => new Array<string>(width).fill(' '));
  }

  at(x: number, y: number): string | undefined {
    return this.rows[y]?.[x];
  }

  set(x: number, y: number, sign: string): void {
    const row = this.rows[y];
    if (row !== undefined && x >= 0 && x < this.width) row[x] = sign;
  }

  /** Writes where all cells are free, one beyond included; else nothing. */
  write(x: number, y: number, text: string, free: string): boolean {
    const width = cellsOf(text);
    for (let i = x; i <= x + width; i++) {
      const there = this.at(i, y);
      if (there === undefined ? i < x + width : !free.includes(there)) return false;
    }
    let next = x;
    for (const c of text) {
      this.set(next++, y, c);
      if (isWide(c)) this.set(next++, y, '');
    }
    return true;
  }

  line(y: number): string {
    return (this.rows[y] ?? []).join('');
  }
}
