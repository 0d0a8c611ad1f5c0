/**
 * Deadlines: what falls due when time reaches an instant, in exact order. A calendar queue (Brown 1988)
 * over a heap of its non-empty buckets. State: two array slots per entry; a bucket is let go when empty.
 */

import { popLeast, pushLeast } from './numberHeap.js';

/** Entries whose instants share one tick: in arrival order until the bucket is opened, then sorted. */
interface Bucket<T> {
  readonly times: number[];
  readonly items: (T | undefined)[];
}

/** The entries of one span: those with `from <= index < to`; of one instant in the order of adding. */
export interface Span<T> extends Bucket<T> {
  readonly tick: number;
  readonly from: number;
  readonly to: number;
}

/**
 * A queue by instant; entries of one instant leave in the order in which they were added.
 *
 * Adding costs O(1), and O(log buckets) where it opens a bucket; an entry is sorted once, when time
 * enters its bucket. A watermark that releases nothing costs O(1). Instants may be negative, huge or
 * infinite. There is no removal: an owner that changes its mind checks when the entry falls due.
 *
 * @example
 * const ends = new Deadlines<string>(1000);
 * ends.add(2500, 'b');
 * ends.add(1200, 'a');
 * ends.drain(2000, (item, time) => { // 'a' at 1200
 * });
 */
export class Deadlines<T> {
  private readonly buckets = new Map<number, Bucket<T>>();
  private readonly ticks: number[] = [];
  private recent: Bucket<T> | undefined;
  private recentTick = Number.NaN;
  /* The sorted bucket at the front, with its first entry at `head`. While there is one it is not
     empty, and everything at or before its tick is in it. */
  private open: Bucket<T> | undefined;
  private openTick = Number.NaN;
  private head = 0;
  private count = 0;

  /** @param widthMs span of one bucket, > 0: about the time in which some dozens of entries fall due */
  constructor(private readonly widthMs: number) {}

  get size(): number {
    return this.count;
  }

  add(time: number, item: T): void {
    this.count++;
    const tick = Math.floor(time / this.widthMs);
    if (this.open !== undefined && tick <= this.openTick) {
      this.insert(this.open, time, item);
      return;
    }
    const bucket =
      tick === this.recentTick && this.recent !== undefined ? this.recent : this.bucket(tick);
    bucket.times.push(time);
    bucket.items.push(item);
  }

  /** Whether the earliest entry is at or before `w`. O(1) when it is not. */
  due(w: number): boolean {
    if (this.open === undefined) {
      const tick = this.ticks[0];
      if (tick === undefined || tick > Math.floor(w / this.widthMs)) return false;
      this.openNext();
    }
    return this.peek() <= w;
  }

  /** The earliest instant, +∞ where there is none. Sorts the first bucket, also before time is there. */
  peek(): number {
    if (this.open === undefined && this.ticks.length > 0) this.openNext();
    return this.open?.times[this.head] ?? Infinity;
  }

  /** Takes the earliest entry out; undefined where there is none. */
  take(): T | undefined {
    if (this.count === 0) return undefined;
    this.peek();
    const bucket = this.open as Bucket<T>;
    const item = bucket.items[this.head];
    bucket.items[this.head] = undefined;
    this.head++;
    this.count--;
    if (this.head === bucket.times.length) this.open = undefined;
    return item;
  }

  /** Takes every entry at or before `w` out, earliest first; what `fn` adds at or before `w` as well. */
  drain(w: number, fn: (item: T, time: number) => void): void {
    while (this.due(w)) {
      const time = this.peek();
      fn(this.take() as T, time);
    }
  }

  /** All entries by the span of `widthMs` that they fall due in, each span once; not to be changed. */
  *spans(): Generator<Span<T>> {
    const { open } = this;
    for (let from = this.head; open !== undefined && from < open.times.length; ) {
      const tick = Math.floor((open.times[from] as number) / this.widthMs);
      const to = this.endOf(open.times, from, tick);
      yield { ...open, tick, from, to };
      from = to;
    }
    for (const [tick, bucket] of this.buckets) {
      yield { ...bucket, tick, from: 0, to: bucket.times.length };
    }
  }

  clear(): void {
    this.buckets.clear();
    this.ticks.length = 0;
    this.recent = undefined;
    this.recentTick = Number.NaN;
    this.open = undefined;
    this.count = 0;
  }

  /* By tick, as an instant that belongs to one would be rounded where instants are huge. */
  private endOf(times: readonly number[], from: number, tick: number): number {
    let low = from + 1;
    let high = times.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (Math.floor((times[middle] as number) / this.widthMs) <= tick) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  private bucket(tick: number): Bucket<T> {
    let bucket = this.buckets.get(tick);
    if (bucket === undefined) {
      bucket = { times: [], items: [] };
      this.buckets.set(tick, bucket);
      pushLeast(this.ticks, tick);
    }
    this.recent = bucket;
    this.recentTick = tick;
    return bucket;
  }

  private openNext(): void {
    const tick = popLeast(this.ticks);
    const bucket = this.buckets.get(tick) as Bucket<T>;
    this.buckets.delete(tick);
    if (tick === this.recentTick) this.recent = undefined;
    sort(bucket);
    this.open = bucket;
    this.openTick = tick;
    this.head = 0;
  }

  private insert(bucket: Bucket<T>, time: number, item: T): void {
    const { times, items } = bucket;
    const at = after(times, this.head, time);
    if (at === times.length) {
      times.push(time);
      items.push(item);
    } else if (at === this.head && at > 0) {
      this.head--;
      times[this.head] = time;
      items[this.head] = item;
    } else {
      times.splice(at, 0, time);
      items.splice(at, 0, item);
    }
  }
}

/* The index after the last entry at or before `time`. */
function after(times: readonly number[], from: number, time: number): number {
  let low = from;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((times[middle] as number) <= time) low = middle + 1;
    else high = middle;
  }
  return low;
}

/* Stable, by instant. Instant and place go into one double where they fit: sorting plain numbers
   needs no comparator and is several times faster. */
function sort<T>(bucket: Bucket<T>): void {
  const { times, items } = bucket;
  if (isSorted(times)) return;
  const order = packed(times) ?? compared(times);
  const before = [...times];
  const moved = [...items];
  for (let i = 0; i < order.length; i++) {
    const from = order[i] as number;
    times[i] = before[from] as number;
    items[i] = moved[from];
  }
}

function isSorted(times: readonly number[]): boolean {
  for (let i = 1; i < times.length; i++) {
    if ((times[i] as number) < (times[i - 1] as number)) return false;
  }
  return true;
}

function packed(times: readonly number[]): Float64Array | undefined {
  const n = times.length;
  let least = Infinity;
  let most = -Infinity;
  for (const t of times) {
    if (t < least) least = t;
    if (t > most) most = t;
  }
  /* A power of two: then the place comes out again without a division that rounds. */
  const step = 2 ** Math.ceil(Math.log2(n));
  if (!((most - least + 1) * step <= Number.MAX_SAFE_INTEGER)) return undefined;
  const order = new Float64Array(n);
  for (let i = 0; i < n; i++) order[i] = ((times[i] as number) - least) * step + i;
  order.sort();
  for (let i = 0; i < n; i++) {
    const both = order[i] as number;
    order[i] = both - Math.floor(both / step) * step;
  }
  return order;
}

function compared(times: readonly number[]): number[] {
  const before = (a: number, b: number) => (times[a] as number) < (times[b] as number);
  return Array.from(times.keys()).sort((a, b) => (before(a, b) ? -1 : before(b, a) ? 1 : 0));
}
