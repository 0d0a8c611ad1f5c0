/** Aggregates: what a window computes, one accumulator per key and window, several in one pass. */

/**
 * How to fold events into an accumulator. `add` and `merge` may change their first argument and give
 * it back. Without `merge` the events themselves are kept wherever accumulators would have to be
 * merged (sliding and session windows), and folded in arrival order when the window fires.
 */
export interface Aggregate<T, R, A = any> {
  /** The accumulator of no event. */
  readonly create: () => A;
  /** `arrival` grows with every event of the operator: it orders events of one timestamp. */
  readonly add: (acc: A, value: T, timestamp: number, arrival: number) => A;
  readonly merge?: ((acc: A, other: A) => A) | undefined;
  readonly retract?: ((acc: A, value: T, timestamp: number, arrival: number) => A) | undefined;
  /** What the accumulator stands for; must not change it. */
  readonly result: (acc: A) => R;
}

/** The results of a record of aggregates. */
export type Results<S> = {
  readonly [N in keyof S]: S[N] extends Aggregate<any, infer R, any> ? R : never;
};
