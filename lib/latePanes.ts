/** Late panes of grid windows: one for every event that a fired window still takes. Memory: one index each. */
import type { Data, EventElement, WindowBounds } from './element.js';
import type { Key, KeyId } from './key.js';
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

export class LatePanes<T> {
  /** Index of the newest late pane, by window start and key. */
  private readonly newest = new Map<number, Map<KeyId, number>>();

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

  save(): Data {
    return [...this.newest].map(([start, byKey]) => [start, [...byKey]]);
  }

  restore(saved: Data): void {
    for (const [start, byKey] of saved as [number, [KeyId, number][]][]) {
      this.newest.set(start, new Map(byKey));
    }
  }

  /* A key that had something in a window which W passed has had its on-time pane, of index 0. */
  private nextIndex(start: number, id: KeyId, had: boolean): number {
    let byKey = this.newest.get(start);
    if (byKey === undefined) this.newest.set(start, (byKey = new Map()));
    const index = (byKey.get(id) ?? (had ? 0 : -1)) + 1;
    byKey.set(id, index);
    return index;
  }
}
