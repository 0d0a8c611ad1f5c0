/**
 * The windows of a grid (tumbling, sliding), on slices. Memory: one partial per key and slice, until
 * the last window of the slice expires; with `allowedLateness` also the indices of late panes.
 */
import { type Chunks, chunkOf, type Data } from './chunks.js';
import type { EventElement, WindowBounds } from './element.js';
import type { Accumulators } from './fold.js';
import type { Key, KeyId } from './key.js';
import { KeyCount } from './keyCount.js';
import { LatePanes } from './latePanes.js';
import { deltaPaneOf, paneOf } from './panes.js';
import type { Partial, Slice } from './slice.js';
import { SliceList } from './slices.js';
import { SlidingTotals } from './slidingTotals.js';
import { setLive } from './stats.js';
import {
  ACCEPTED,
  TOO_MANY_KEYS,
  UNASSIGNED,
  type Verdict,
  type WindowStore,
  type WindowStoreConfig,
} from './windowStore.js';
import { type GridWindows, lastStart, sliceWidth, windowCount, windowsOf } from './windows.js';

export class GridStore<T> implements WindowStore<T> {
  private readonly slices = new SliceList();
  private readonly width: number;
  /** A window is one slice: its total is the partial itself. */
  private readonly single: boolean;
  private readonly totals: SlidingTotals;
  private readonly keys: KeyCount;
  private readonly late: LatePanes<T>;
  private w = -Infinity;
  /** A W below this neither fires nor frees anything. */
  private due = Infinity;
  /** Start of the newest window that W has passed, as of the last `settle`. */
  private passed = -Infinity;
  /** Slices before this instant are in `totals`. */
  private entered = -Infinity;
  /** In how many windows every event is, where that is the same for all. */
  private readonly everyEvent: number | undefined;
  /* The slice of the event before, and its bounds: most events hit it. */
  private current: Slice | undefined;
  private low = 0;
  private high = 0;

  constructor(
    private readonly grid: GridWindows,
    private readonly config: WindowStoreConfig<T>,
  ) {
    this.width = sliceWidth(grid);
    this.single = this.width === grid.sizeMs;
    const windows = grid.sizeMs / grid.slideMs;
    this.everyEvent = Number.isInteger(windows) ? windows : undefined;
    this.totals = new SlidingTotals(config.fold);
    this.keys = new KeyCount(config.maxKeys);
    this.late = new LatePanes(config);
  }

  add(id: KeyId, key: Key, e: EventElement<T>, arrival: number): Verdict {
    if (e.timestamp <= this.w) return this.addLate(id, key, e, arrival);
    const windows = this.everyEvent ?? this.windowsAt(e.timestamp);
    if (windows === 0) return UNASSIGNED;
    const partial = this.partialAt(id, key, e, arrival);
    if (partial === undefined) return TOO_MANY_KEYS;
    this.config.stats.taken += windows;
    this.config.fold.add(partial.accs, e, arrival);
    return ACCEPTED;
  }

  advance(w: number): void {
    this.w = w;
    if (w < this.due) return;
    const { sizeMs, slideMs } = this.grid;
    for (let slice = this.slices.from(this.passed + slideMs); slice !== undefined; ) {
      const start = this.nextStart(slice);
      if (start + sizeMs - 1 > w || this.config.panes.closed) break;
      this.passed = start;
      this.fire(start);
      slice = this.slices.from(start + slideMs);
    }
    this.settle();
    if (!this.single) this.totals.leave(this.passed + slideMs);
    this.free();
    this.due = this.nextDue();
  }

  waiting(): number {
    this.settle();
    const newest = this.slices.last;
    return newest !== undefined && lastStart(this.grid, newest.start) > this.passed ? 1 : 0;
  }

  save(chunks: Map<string, Data>): void {
    this.settle();
    this.slices.save(chunks);
    this.late.save(chunks);
    chunks.set('grid', { passed: this.passed, entered: this.entered });
  }

  restore(chunks: Chunks, w: number): void {
    this.w = w;
    const saved = chunkOf<SavedGrid>(chunks, 'grid');
    this.passed = saved.passed;
    this.entered = saved.entered;
    this.late.restore(chunks);
    this.slices.restore(chunks, (id) => {
      this.keys.take(id);
      setLive(this.config.stats, this.config.stats.live + 1);
    });
    this.due = this.nextDue();
    if (this.single) return;
    const from = this.passed + this.grid.slideMs;
    for (const slice of this.slices.between(from, this.entered)) this.totals.enter(slice);
  }

  /* Windows without data pass unseen; where their number matters they are caught up with. */
  private settle(): void {
    const { sizeMs } = this.grid;
    this.passed = Math.max(this.passed, lastStart(this.grid, this.w + 1 - sizeMs));
  }

  /* The next window to fire of those that contain the slice. */
  private nextStart(slice: Slice): number {
    const { slideMs } = this.grid;
    const last = lastStart(this.grid, slice.start);
    const first = last - (windowCount(this.grid, slice.start, last) - 1) * slideMs;
    return Math.max(this.passed + slideMs, first);
  }

  private nextDue(): number {
    const { sizeMs, slideMs } = this.grid;
    const next = this.slices.from(this.passed + slideMs);
    const fires = next === undefined ? Infinity : this.nextStart(next) + sizeMs - 1;
    const oldest = this.slices.first;
    return Math.min(fires, oldest === undefined ? Infinity : this.expiry(oldest));
  }

  /* The W that frees the slice: that of its last window. */
  private expiry(slice: Slice): number {
    return lastStart(this.grid, slice.start) + this.grid.sizeMs - 1 + this.config.latenessMs;
  }

  private windowsAt(t: number): number {
    return windowCount(this.grid, t, lastStart(this.grid, t));
  }

  private partialAt(id: KeyId, key: Key, e: EventElement<T>, arrival: number): Partial | undefined {
    let slice = this.current;
    if (slice === undefined || e.timestamp < this.low || e.timestamp >= this.high) {
      slice = this.knownAt(e.timestamp);
    }
    const found = slice?.get(id);
    if (slice !== undefined && found !== undefined) {
      if (found.changed !== slice.captures) slice.touch(found);
      return found;
    }
    // a slice without rows would count as fired, and no snapshot would know it
    if (!this.keys.take(id)) return undefined;
    const partial = (slice ?? this.newSlice()).begin(id, key, arrival, this.config.fold);
    setLive(this.config.stats, this.config.stats.live + 1);
    return partial;
  }

  private knownAt(t: number): Slice | undefined {
    const { offsetMs } = this.grid;
    this.low = Math.floor((t - offsetMs) / this.width) * this.width + offsetMs;
    this.high = this.low + this.width;
    this.current = this.slices.find(this.low);
    return this.current;
  }

  /* Where `knownAt` has looked in vain. */
  private newSlice(): Slice {
    this.current = this.slices.at(this.low);
    this.due = Math.min(this.due, this.nextDue());
    return this.current;
  }

  private fire(start: number): void {
    const { panes, stats, latenessMs, discarding } = this.config;
    const window: WindowBounds = Object.freeze({ start, end: start + this.grid.sizeMs });
    const pane = (discarding ? deltaPaneOf : paneOf)(
      'onTime',
      0,
      this.w >= window.end - 1 + latenessMs,
    );
    const emit = (first: Partial, accs: Accumulators): boolean => {
      stats.panes++;
      panes.emit(first.key, window, pane, accs);
      return !panes.closed;
    };
    stats.fired++;
    if (this.single) {
      for (const p of this.slices.find(start)?.live ?? []) if (!emit(p, p.accs)) return;
      return;
    }
    for (const slice of this.slices.between(Math.max(this.entered, start), window.end)) {
      this.totals.enter(slice);
    }
    this.entered = window.end;
    this.totals.leave(start);
    this.totals.forEach(emit);
  }

  private free(): void {
    const { latenessMs, stats } = this.config;
    for (let slice = this.slices.first; slice !== undefined; slice = this.slices.first) {
      if (this.expiry(slice) > this.w) break;
      if (slice === this.current) this.current = undefined;
      this.keys.release(slice.live.map((p) => p.id));
      setLive(stats, stats.live - slice.live.length);
      this.slices.dropFirst(this.single);
    }
    this.late.free((start) => start + this.grid.sizeMs - 1 + latenessMs <= this.w);
  }

  private addLate(id: KeyId, key: Key, e: EventElement<T>, arrival: number): Verdict {
    const { latenessMs, stats } = this.config;
    const t = e.timestamp;
    this.settle();
    const all = windowsOf(this.grid, t);
    const missed = all.filter((w) => w.end - 1 + latenessMs <= this.w);
    const inGap = all.length === 0;
    if (inGap && t + latenessMs > this.w) return UNASSIGNED;
    stats.missed += missed.length;
    if (missed.length === all.length) return { outcome: 'late', missed };
    const open = all.slice(missed.length);
    const from = (open[0] as WindowBounds).start;
    const to = t + this.grid.sizeMs;
    const before = this.slices.partialsOf(id, from, to);
    const partial = this.partialAt(id, key, e, arrival);
    if (partial === undefined) return TOO_MANY_KEYS;
    stats.taken += open.length;
    this.config.fold.add(partial.accs, e, arrival);
    this.refresh(id, t);
    const fired = open.filter((w) => w.end - 1 <= this.w);
    if (fired.length > 0) {
      const now = this.slices.partialsOf(id, from, to);
      this.late.fire({ id, key, e, arrival }, fired, { before, now });
    }
    return { outcome: 'accepted', missed };
  }

  /* A slice that is already in the totals has changed, or has come to be. */
  private refresh(id: KeyId, t: number): void {
    if (this.single || t >= this.entered) return;
    this.totals.refresh(
      id,
      this.slices.partialsOf(id, this.passed + this.grid.slideMs, this.entered),
    );
  }
}

interface SavedGrid {
  readonly passed: number;
  readonly entered: number;
}
