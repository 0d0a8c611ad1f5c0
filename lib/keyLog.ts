/**
 * The seen keys of `dedupe` as they are saved: a log per span of their first events' time, freed with the
 * span. Memory: what came after the newest capture; nothing before the first.
 */
import type { Chunks, Data } from './chunks.js';
import type { KeyId } from './key.js';
import { PagedLog, type Rows, savedGroups } from './pagedLog.js';
import type { Deadlines, Span } from './timers.js';

const KEYS = 'keys ';

/* A page: key and time in turn, null in place of the time of a key that was removed. */
type SavedKeys = readonly (KeyId | number | null)[];

/* The log of one span, and what it does not have yet. */
interface Group {
  readonly log: PagedLog;
  news: (KeyId | number | null)[];
}

export class KeyLog {
  private groups = new Map<number, Group>();

  /** @param firsts all keys by the time of their first event, in spans of `spanMs` */
  constructor(
    private readonly spanMs: number,
    private readonly firsts: Deadlines<KeyId>,
  ) {}

  /** A key has come. */
  add(id: KeyId, time: number): void {
    if (this.groups.size > 0) this.group(time)?.news.push(id, time);
  }

  /** A key goes before its time. */
  remove(id: KeyId, time: number): void {
    if (this.groups.size > 0) this.group(time)?.news.push(id, null);
  }

  save(chunks: Map<string, Data>): void {
    const groups = new Map<number, Group>();
    for (const span of this.firsts.spans()) {
      const { tick } = span;
      const group = this.groups.get(tick) ?? { log: new PagedLog(`${KEYS}${tick}`), news: [] };
      group.log.save(chunks, liveRows(span), newRows(group.news));
      group.news = [];
      groups.set(tick, group);
    }
    this.groups = groups;
  }

  /** Tells every key, those of one instant in the order in which they came. */
  restore(chunks: Chunks, tell: (id: KeyId, time: number) => void): void {
    this.groups.clear();
    for (const { name, log, pages } of savedGroups(chunks, KEYS, rowsIn)) {
      this.groups.set(Number(name), { log, news: [] });
      const alive = new Map<KeyId, number>();
      for (const page of pages as SavedKeys[]) {
        for (let i = 0; i < page.length; i += 2) {
          const id = page[i] as KeyId;
          const time = page[i + 1] as number | null;
          alive.delete(id);
          if (time !== null) alive.set(id, time);
        }
      }
      for (const [id, time] of alive) tell(id, time);
    }
  }

  private group(time: number): Group | undefined {
    return this.groups.get(Math.floor(time / this.spanMs));
  }
}

function rowsIn(page: Data): number {
  return (page as SavedKeys).length / 2;
}

function liveRows({ times, items, from: first, to: last }: Span<KeyId>): Rows {
  const read = (from: number, to: number): Data => {
    const page: (KeyId | number)[] = [];
    for (let i = first + from; i < first + to; i++)
      page.push(items[i] as KeyId, times[i] as number);
    return page;
  };
  return { length: last - first, read };
}

function newRows(news: SavedKeys): Rows {
  return { length: news.length / 2, read: (from, to) => news.slice(2 * from, 2 * to) };
}
