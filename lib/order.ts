/** The order of rows of one key: revision, then event time; a lower one never overwrites a higher. */

export interface Ordered {
  readonly revision: readonly number[];
  readonly timestamp: number;
}

/** Negative when `a` is lower than `b`, 0 when they are equal. Of two tuples a prefix is lower. */
export function compareOrder(a: Ordered, b: Ordered): number {
  return compareRevision(a.revision, b.revision) || a.timestamp - b.timestamp;
}

function compareRevision(a: readonly number[], b: readonly number[]): number {
  const shared = Math.min(a.length, b.length);
  for (let i = 0; i < shared; i++) {
    const x = a[i] as number;
    const y = b[i] as number;
    if (x !== y) return x < y ? -1 : 1;
  }
  return a.length - b.length;
}
