/**
 * Slices: event time cut so that every window of a grid is a run of whole slices, shared by all keys
 * and all windows (panes: Li et al., "No Pane, No Gain", SIGMOD Record 2005). Memory: one partial per
 * key and slice that it occurs in; freed with the last window of the slice.
 */
import type { Chunks, Data } from './chunks.js';
import type { KeyId } from './key.js';
import { savedGroups } from './pagedLog.js';
import { type Partial, SLICE, Slice } from './slice.js';

/** Slices by start, oldest first. Find O(1), drop the oldest O(1), insert near the newest O(1). */
export class SliceList {
  private readonly byStart = new Map<number, Slice>();
  private sorted: Slice[] = [];
  private head = 0;
  private spare: Map<KeyId, Partial> | undefined;

  get first(): Slice | undefined {
    return this.sorted[this.head];
  }
  get last(): Slice | undefined {
    return this.head < this.sorted.length ? this.sorted[this.sorted.length - 1] : undefined;
  }

  find(start: number): Slice | undefined {
    return this.byStart.get(start);
  }

  /** The slice at `start`, made where there is none. */
  at(start: number): Slice {
    let slice = this.byStart.get(start);
    if (slice !== undefined) return slice;
    slice = new Slice(start, this.spare);
    this.spare = undefined;
    this.place(slice);
    return slice;
  }

  /** `reuse`: nobody else refers to its partials any more, so that the next slice may take them over. */
  dropFirst(reuse: boolean): void {
    const slice = this.first;
    if (slice === undefined) return;
    if (reuse) this.spare = slice.heirloom();
    this.byStart.delete(slice.start);
    this.head++;
    if (this.head > 64 && this.head * 2 > this.sorted.length) {
      this.sorted = this.sorted.slice(this.head);
      this.head = 0;
    }
  }

  /** The first slice that starts at or after `start`. O(log n) */
  from(start: number): Slice | undefined {
    return this.sorted[this.indexFrom(start)];
  }

  /** The slices with `from <= start < to`, oldest first. */
  *between(from: number, to: number): Generator<Slice> {
    for (let i = this.indexFrom(from); i < this.sorted.length; i++) {
      const slice = this.sorted[i] as Slice;
      if (slice.start >= to) return;
      yield slice;
    }
  }

  /** What one key has in the slices with `from <= start < to`, oldest first. */
  partialsOf(id: KeyId, from: number, to: number): Partial[] {
    const found: Partial[] = [];
    for (const slice of this.between(from, to)) {
      const partial = slice.get(id);
      if (partial !== undefined) found.push(partial);
    }
    return found;
  }

  /** Pages of each slice. */
  save(chunks: Map<string, Data>): void {
    for (const slice of this.between(-Infinity, Infinity)) slice.save(chunks);
  }

  /** Takes saved slices back, telling the key of each partial. */
  restore(chunks: Chunks, taken: (id: KeyId) => void): void {
    for (const { name, log, pages } of savedGroups(chunks, SLICE)) {
      const slice = new Slice(Number(name), undefined, log);
      slice.restore(pages);
      this.place(slice);
      for (const { id } of slice.live) taken(id);
    }
  }

  private place(slice: Slice): void {
    const { start } = slice;
    this.byStart.set(start, slice);
    if ((this.last?.start ?? -Infinity) < start) this.sorted.push(slice);
    else this.sorted.splice(this.indexFrom(start), 0, slice);
  }

  private indexFrom(start: number): number {
    let low = this.head;
    let high = this.sorted.length;
    while (low < high) {
      const mid = (low + high) >>> 1;
      if ((this.sorted[mid] as Slice).start < start) low = mid + 1;
      else high = mid;
    }
    return low;
  }
}
