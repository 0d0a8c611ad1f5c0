/** Aggregates: what a window computes, one accumulator per key and window, several in one pass. */

/** The time of the event that is being added. */
export interface Timed {
  /** Event time, epoch ms. */
  readonly timestamp: number;
}

/**
 * How to fold events into an accumulator. Accumulators are plain data, so that they can be saved.
 * `add` and `merge` may change their first argument and give it back; `merge` neither changes nor
 * keeps its second. Without `merge` the events themselves are kept wherever accumulators would have
 * to be merged (sliding and session windows), and folded in arrival order when the window fires.
 */
export interface Aggregate<T, R, A = any> {
  /** Says what it computes, in saved settings: state of another aggregate is refused. */
  readonly name?: string;
  /** The accumulator of no event. */
  readonly create: () => A;
  /** Makes a used accumulator that of no event again, to save making one. @default `create()` */
  readonly reset?: ((acc: A) => A) | undefined;
  /** `arrival` grows with every event of the operator: it orders events of one timestamp. */
  readonly add: (acc: A, value: T, at: Timed, arrival: number) => A;
  readonly merge?: ((acc: A, other: A) => A) | undefined;
  readonly retract?: ((acc: A, value: T, at: Timed, arrival: number) => A) | undefined;
  /** What the accumulator stands for; neither changes it nor gives away a part that later changes. */
  readonly result: (acc: A) => R;
}

/** The results of a record of aggregates. */
export type Results<S> = {
  readonly [N in keyof S]: S[N] extends Aggregate<any, infer R, any> ? R : never;
};

/** How many events. State: one number. */
export function count(): Aggregate<unknown, number, number> {
  return {
    name: 'count',
    create: () => 0,
    add: (n) => n + 1,
    merge: (n, other) => n + other,
    retract: (n) => n - 1,
    result: (n) => n,
  };
}

interface Total {
  sum: number;
  /** What rounding has taken away so far. */
  lost: number;
  n: number;
}

/* Neumaier's compensated sum ("Rundungsfehleranalyse einiger Verfahren zur Summation endlicher
   Summen", 1974): the order of addition does not show in the result, to about 1e-16. */
function addTo(t: Total, x: number): void {
  const sum = t.sum + x;
  const { abs } = Math;
  t.lost += abs(t.sum) >= abs(x) ? t.sum - sum + x : x - sum + t.sum;
  t.sum = sum;
}

function totalOf(t: Total): number {
  return Number.isFinite(t.sum) ? t.sum + t.lost : t.sum;
}

function totals<T>(
  name: string,
  f: (value: T) => number,
  result: (t: Total) => number,
): Aggregate<T, number, Total> {
  return {
    name,
    create: () => ({ sum: 0, lost: 0, n: 0 }),
    reset: (t) => {
      t.sum = 0;
      t.lost = 0;
      t.n = 0;
      return t;
    },
    add: (t, value) => {
      addTo(t, f(value));
      t.n++;
      return t;
    },
    merge: (t, other) => {
      addTo(t, other.sum);
      t.lost += other.lost;
      t.n += other.n;
      return t;
    },
    retract: (t, value) => {
      addTo(t, -f(value));
      t.n--;
      return t;
    },
    result,
  };
}

/** The sum of `f`, compensated for rounding. State: three numbers. */
export function sum<T>(f: (value: T) => number): Aggregate<T, number, Total> {
  return totals('sum', f, totalOf);
}

/** The arithmetic mean of `f`. State: three numbers. */
export function mean<T>(f: (value: T) => number): Aggregate<T, number, Total> {
  return totals('mean', f, (t) => totalOf(t) / t.n);
}

function extreme<T>(
  name: string,
  f: (value: T) => number,
  none: number,
  pick: (a: number, b: number) => number,
): Aggregate<T, number, number> {
  return {
    name,
    create: () => none,
    add: (m, value) => pick(m, f(value)),
    merge: pick,
    result: (m) => m,
  };
}

/** The least `f`; NaN once one was NaN. State: one number. */
export function min<T>(f: (value: T) => number): Aggregate<T, number, number> {
  return extreme('min', f, Infinity, Math.min);
}

/** The greatest `f`; NaN once one was NaN. State: one number. */
export function max<T>(f: (value: T) => number): Aggregate<T, number, number> {
  return extreme('max', f, -Infinity, Math.max);
}

interface Picked<R> {
  readonly timestamp: number;
  readonly arrival: number;
  readonly value: R;
}

function picked<T, R>(
  name: string,
  f: (value: T) => R,
  wins: (a: Picked<R>, b: Picked<R>) => boolean,
): Aggregate<T, R, Picked<R> | null> {
  const pick = (a: Picked<R> | null, b: Picked<R> | null) =>
    a === null || (b !== null && wins(b, a)) ? b : a;
  return {
    name,
    create: () => null,
    add: (acc, value, { timestamp }, arrival) => pick(acc, { timestamp, arrival, value: f(value) }),
    merge: pick,
    result: (acc) => (acc as Picked<R>).value,
  };
}

const itself = <T>(value: T): T => value;

/** The event of the least event time (of several, the first to arrive). State: one event. */
export function first<T>(): Aggregate<T, T, Picked<T> | null>;
/** `f` of the event of the least event time. State: one value. */
export function first<T, R>(f: (value: T) => R): Aggregate<T, R, Picked<R> | null>;
export function first(f: (value: any) => unknown = itself): Aggregate<any, any> {
  return picked('first', f, (b, a) => before(b, a));
}

/** The event of the greatest event time (of several, the last to arrive). State: one event. */
export function last<T>(): Aggregate<T, T, Picked<T> | null>;
/** `f` of the event of the greatest event time. State: one value. */
export function last<T, R>(f: (value: T) => R): Aggregate<T, R, Picked<R> | null>;
export function last(f: (value: any) => unknown = itself): Aggregate<any, any> {
  return picked('last', f, (b, a) => before(a, b));
}

function before(a: Picked<unknown>, b: Picked<unknown>): boolean {
  return a.timestamp < b.timestamp || (a.timestamp === b.timestamp && a.arrival < b.arrival);
}
