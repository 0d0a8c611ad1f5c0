/**
 * State as a log of pages: each capture writes the rows that changed, later ones override earlier ones,
 * and a base is written anew where what is dead outweighs what is alive (O'Neil et al., "The
 * Log-Structured Merge-Tree", 1996, with one level). Memory: one small object per page.
 */
import type { Chunks, Data } from './chunks.js';
import { Page } from './page.js';

/** So many rows make a full page. */
export const PAGE_ROWS = 1000;
/** Pages that are not full: so many more than full ones are kept before they are made one. */
const SMALL_PAGES = 16;

/** Rows that are read later, in order, each once, before anything changes. */
export interface Rows {
  readonly length: number;
  read(from: number, to: number): Data;
}

/** The rows of a list. */
export function rowsOf<T>(list: readonly T[], row: (entry: T) => Data): Rows {
  return { length: list.length, read: (from, to) => list.slice(from, to).map(row) };
}

/** The rows of what can only be gone through from its beginning. */
export function rowsWithin<T>(
  length: number,
  all: () => Iterable<T>,
  row: (entry: T) => Data,
): Rows {
  let entries: Iterator<T> | undefined;
  const read = (from: number, to: number): Data => {
    entries ??= all()[Symbol.iterator]();
    const rows: Data[] = [];
    for (let i = from; i < to; i++) {
      const next = entries.next();
      if (next.done !== true) rows.push(row(next.value));
    }
    return rows;
  };
  return { length, read };
}

/**
 * The pages of one group of rows. Rows written are at most twice those alive and a page more; pages at
 * most twice the full ones and some more. So k changes write O(k) rows, amortised.
 */
export class PagedLog {
  private readonly pages = new Map<string, Page>();
  private rows = 0;
  private next = 0;

  constructor(private readonly group: string) {}

  /** Whether anything is written: from then on it needs to be told what changes. */
  get begun(): boolean {
    return this.pages.size > 0;
  }

  /** Captures the group: pages of what changed since the last time, or of all that is alive. */
  save(chunks: Map<string, Data>, live: Rows, changed: Rows): void {
    if (this.needsBase(live.length, changed.length)) {
      this.pages.clear();
      this.rows = 0;
      this.append(live);
    } else this.append(changed);
    for (const [name, page] of this.pages) chunks.set(name, page);
  }

  /** Takes a page of a checkpoint back. */
  adopt(name: string, rows: number): void {
    this.pages.set(name, new Page(rows));
    this.rows += rows;
    this.next = Math.max(this.next, placeOf(name) + 1);
  }

  private needsBase(live: number, changed: number): boolean {
    if (!this.begun) return true;
    const pages = this.pages.size + Math.ceil(changed / PAGE_ROWS);
    return (
      this.rows + changed > 2 * live + PAGE_ROWS ||
      pages > 2 * Math.ceil(live / PAGE_ROWS) + SMALL_PAGES
    );
  }

  private append(rows: Rows): void {
    for (let from = 0; from < rows.length; from += PAGE_ROWS) {
      const to = Math.min(from + PAGE_ROWS, rows.length);
      const page = new Page(to - from, () => rows.read(from, to));
      this.pages.set(`${this.group} ${this.next++}`, page);
    }
    this.rows += rows.length;
  }
}

/** What a checkpoint has of one group: its pages, the oldest first. */
export interface SavedGroup {
  /** What comes after the prefix. */
  readonly name: string;
  readonly log: PagedLog;
  readonly pages: readonly Data[];
}

/** The groups whose names begin with `prefix`, in any order; `count` says how many rows a page has. */
export function savedGroups(
  chunks: Chunks,
  prefix: string,
  count = (page: Data): number => (page as readonly unknown[]).length,
): SavedGroup[] {
  const names = [...chunks.keys()].filter((name) => name.startsWith(prefix));
  names.sort((a, b) => placeOf(a) - placeOf(b));
  const groups = new Map<string, { name: string; log: PagedLog; pages: Data[] }>();
  for (const chunk of names) {
    const group = chunk.slice(0, chunk.lastIndexOf(' '));
    let found = groups.get(group);
    if (found === undefined) {
      found = { name: group.slice(prefix.length), log: new PagedLog(group), pages: [] };
      groups.set(group, found);
    }
    const page = chunks.get(chunk);
    found.log.adopt(chunk, count(page));
    found.pages.push(page);
  }
  return [...groups.values()];
}

function placeOf(name: string): number {
  return Number(name.slice(name.lastIndexOf(' ') + 1));
}
