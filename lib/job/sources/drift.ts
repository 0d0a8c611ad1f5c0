/**
 * Source alignment: a source whose watermark is too far ahead of the least active one waits, so that
 * replaying two topics does not fill a join. Memory: one number per watermark operator.
 */

interface Time {
  w: number;
  idle: boolean;
}

export class Drift {
  private readonly times: Time[][];
  private readonly finished: boolean[];

  /** @param changed told, each time, whether a source must wait */
  constructor(
    sources: number,
    private readonly maxDriftMs: number,
    private readonly changed: (source: number, wait: boolean) => void,
  ) {
    this.times = Array.from({ length: sources }, () => []);
    this.finished = new Array(sources).fill(false);
  }

  /** A watermark operator fed by `source`; gives what to call when it advances. */
  add(source: number): (w: number, idle: boolean) => void {
    const time: Time = { w: -Infinity, idle: false };
    this.times[source]?.push(time);
    return (w, idle) => {
      time.w = w;
      time.idle = idle;
      this.align();
    };
  }

  finish(source: number): void {
    this.finished[source] = true;
    this.align();
  }

  /** W of a source: the least of the watermarks that it feeds; undefined where it does not count. */
  watermark(source: number): number | undefined {
    if (this.finished[source]) return undefined;
    let least = Infinity;
    for (const { w, idle } of this.times[source] ?? []) if (!idle && w < least) least = w;
    return Number.isFinite(least) ? least : undefined;
  }

  private align(): void {
    if (this.times.length < 2) return;
    let least = Infinity;
    for (let i = 0; i < this.times.length; i++) {
      least = Math.min(least, this.watermark(i) ?? Infinity);
    }
    for (let i = 0; i < this.times.length; i++) {
      this.changed(i, (this.watermark(i) ?? -Infinity) - least > this.maxDriftMs);
    }
  }
}
