/** Late panes of grid windows: one for every event that a fired window still takes. Memory: one index each. */
import type { Chunks, Data } from './chunks.js';
import type { EventElement, WindowBounds } from './element.js';
import type { Key, KeyId } from './key.js';
import { PagedLog, rowsOf, rowsWithin, savedGroups } from './pagedLog.js';
import { deltaPaneOf, paneOf } from './panes.js';
import type { Partial } from './slice.js';
import { KeyTotal } from './slidingTotals.js';
import type { WindowStoreConfig } from './windowStore.js';

/** An event on its way into windows. */
export interface Arrived<T> {
  readonly id: KeyId;
  readonly key: Key;
  readonly e: EventElement<T>;
  readonly arrival: number;
}

const LATE = 'late/';

/** One window: the index of the newest late pane of each key, and what changed after the last capture. */
class Newest {
  readonly byKey = new Map<KeyId, number>();
  private news = new Set<KeyId>();

  constructor(
    start: number,
    private readonly log = new PagedLog(`${LATE}${start}`),
  ) {}

  set(id: KeyId, index: number): void {
    this.byKey.set(id, index);
    if (this.log.begun) this.news.add(id);
  }

  save(chunks: Map<string, Data>): void {
    const { byKey } = this;
    const changed = rowsOf([...this.news], (id) => [id, byKey.get(id)]);
    const live = rowsWithin(
      byKey.size,
      () => byKey,
      (row) => row,
    );
    this.log.save(chunks, live, changed);
    this.news = new Set();
  }
}

export class LatePanes<T> {
  /** By window start. */
  private readonly newest = new Map<number, Newest>();

  constructor(private readonly config: WindowStoreConfig<T>) {}

  /**
   * Emits the panes of `windows`, which stand in order of (end, start) and which W has passed. The
   * key's partials: those `before` the event, and all there are `now`, oldest first.
   */
  fire(
    arrived: Arrived<T>,
    windows: readonly WindowBounds[],
    partials: { readonly before: readonly Partial[]; readonly now: readonly Partial[] },
  ): void {
    const { fold, panes, stats, discarding } = this.config;
    const { before, now } = partials;
    const { id, e, arrival } = arrived;
    const delta = fold.create();
    if (discarding) fold.add(delta, e, arrival);
    const run = new KeyTotal(id, fold);
    let next = now.findIndex((p) => p.start >= (windows[0]?.start ?? Infinity));
    for (const window of windows) {
      if (panes.closed) return;
      for (let p = now[next]; p !== undefined && p.start < window.end; p = now[++next]) run.push(p);
      run.evict(window.start);
      const had = before.some((p) => p.start >= window.start && p.start < window.end);
      const pane = (discarding ? deltaPaneOf : paneOf)(
        'late',
        this.nextIndex(window.start, id, had),
        false,
      );
      stats.panes++;
      panes.emit(run.first?.key ?? arrived.key, window, pane, discarding ? delta : run.total());
    }
  }

  free(expired: (start: number) => boolean): void {
    for (const start of this.newest.keys()) if (expired(start)) this.newest.delete(start);
  }

  save(chunks: Map<string, Data>): void {
    for (const newest of this.newest.values()) newest.save(chunks);
  }

  restore(chunks: Chunks): void {
    for (const { name, log, pages } of savedGroups(chunks, LATE)) {
      const newest = new Newest(Number(name), log);
      for (const [id, index] of pages.flat() as [KeyId, number][]) newest.byKey.set(id, index);
      this.newest.set(Number(name), newest);
    }
  }

  /* A key that had something in a window which W passed has had its on-time pane, of index 0. */
  private nextIndex(start: number, id: KeyId, had: boolean): number {
    let newest = this.newest.get(start);
    if (newest === undefined) this.newest.set(start, (newest = new Newest(start)));
    const index = (newest.byKey.get(id) ?? (had ? 0 : -1)) + 1;
    newest.set(id, index);
    return index;
  }
}
