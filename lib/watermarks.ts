/** Generators: how the events of one split say how far event time has come. */
import type { Data } from './chunks.js';

/**
 * Derives the W of one split. A generator never emits: its split's W takes part in the min over all
 * splits, and a W that is not higher than the one before changes nothing.
 */
export interface Generator<T> {
  /** An event has arrived, in arrival order. Returns the W of the split: −∞ while there is none. O(1). */
  event(value: T, timestamp: number): number;
  /** Plain data from which `load` makes a generator that goes on as this one would. */
  save(): Data;
  load(saved: Data): void;
}

/**
 * `W = max(seen) − B − 1`: no event is more than B behind the latest one. B = 0 is the ascending case.
 * After Flink's BoundedOutOfOrdernessWatermarks. State: one number.
 */
export class BoundedOutOfOrderness implements Generator<unknown> {
  private max = -Infinity;

  constructor(private readonly boundMs: number) {}

  event(_value: unknown, timestamp: number): number {
    if (timestamp > this.max) this.max = timestamp;
    return this.max - this.boundMs - 1;
  }

  save(): Data {
    return this.max;
  }

  load(saved: Data): void {
    this.max = saved as number;
  }
}
