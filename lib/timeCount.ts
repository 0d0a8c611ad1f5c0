/** Counts times: how many are at or before a time, each counted once. State: one array slot per time. */
import { popLeast, pushLeast } from './numberHeap.js';

/**
 * What a queue of deadlines is to rows that only have to be counted when they fall due: no entry per
 * time, and no order but in the one bucket that time is in. Adding is O(1), O(log buckets) where it
 * opens a bucket; a time that releases nothing costs O(1).
 */
export class TimeCount {
  private readonly buckets = new Map<number, number[]>();
  private readonly ticks: number[] = [];
  private recent: number[] | undefined;
  private recentTick = Number.NaN;
  /* The bucket that time is in, sorted; those before `head` have been counted. */
  private open: number[] | undefined;
  private openTick = Number.NaN;
  private head = 0;
  private held = 0;

  constructor(private readonly widthMs: number) {}

  /** Times that have not been counted. */
  get size(): number {
    return this.held;
  }

  add(time: number): void {
    this.held++;
    const tick = Math.floor(time / this.widthMs);
    if (this.open !== undefined && tick <= this.openTick) {
      let at = this.open.length;
      while (at > this.head && (this.open[at - 1] as number) > time) at--;
      if (at === this.open.length) this.open.push(time);
      else this.open.splice(at, 0, time);
      return;
    }
    const bucket =
      tick === this.recentTick && this.recent !== undefined ? this.recent : this.bucket(tick);
    bucket.push(time);
  }

  /** Takes the times at or before `w` out, and gives their number. */
  release(w: number): number {
    const last = Math.floor(w / this.widthMs);
    let released = this.releaseOpen(w);
    while (this.open === undefined && this.ticks.length > 0 && (this.ticks[0] as number) <= last) {
      const tick = popLeast(this.ticks);
      const bucket = this.buckets.get(tick) as number[];
      this.buckets.delete(tick);
      if (tick === this.recentTick) this.recent = undefined;
      if (tick < last) released += bucket.length;
      else {
        this.enter(bucket, tick);
        released += this.releaseOpen(w);
      }
    }
    this.held -= released;
    return released;
  }

  clear(): void {
    this.buckets.clear();
    this.ticks.length = 0;
    this.recent = undefined;
    this.recentTick = Number.NaN;
    this.open = undefined;
    this.held = 0;
  }

  private enter(bucket: number[], tick: number): void {
    const sorted = Float64Array.from(bucket).sort();
    for (let i = 0; i < sorted.length; i++) bucket[i] = sorted[i] as number;
    this.open = bucket;
    this.openTick = tick;
    this.head = 0;
  }

  private releaseOpen(w: number): number {
    const { open } = this;
    if (open === undefined) return 0;
    const from = this.head;
    while (this.head < open.length && (open[this.head] as number) <= w) this.head++;
    const released = this.head - from;
    if (this.head === open.length) this.open = undefined;
    return released;
  }

  private bucket(tick: number): number[] {
    let bucket = this.buckets.get(tick);
    if (bucket === undefined) {
      bucket = [];
      this.buckets.set(tick, bucket);
      pushLeast(this.ticks, tick);
    }
    this.recent = bucket;
    this.recentTick = tick;
    return bucket;
  }
}
