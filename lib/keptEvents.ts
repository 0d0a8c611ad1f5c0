/** Aggregates that keep their events in arrival order: lists, folds, and whatever else has no `merge`. */
import type { Aggregate } from './aggregates.js';

const itself = <T>(value: T): T => value;

interface Kept<T> {
  arrivals: number[];
  values: T[];
  times: number[];
}

function keepEvents<T, V, R>(
  name: string,
  f: (value: T) => V,
  result: (kept: Kept<V>) => R,
): Aggregate<T, R, Kept<V>> {
  return {
    name,
    create: () => ({ arrivals: [], values: [], times: [] }),
    add: (kept, value, { timestamp }, arrival) => {
      kept.arrivals.push(arrival);
      kept.values.push(f(value));
      kept.times.push(timestamp);
      return kept;
    },
    merge: mergeKept,
    result,
  };
}

/** Both lists as one, in arrival order. */
function mergeKept<V>(a: Kept<V>, b: Kept<V>): Kept<V> {
  const ordered = (a.arrivals[a.arrivals.length - 1] ?? -Infinity) < (b.arrivals[0] ?? Infinity);
  for (let i = 0; i < b.arrivals.length; i++) {
    a.arrivals.push(b.arrivals[i] as number);
    a.values.push(b.values[i] as V);
    a.times.push(b.times[i] as number);
  }
  if (ordered) return a;
  const order = a.arrivals.map((_, i) => i);
  order.sort((i, j) => (a.arrivals[i] as number) - (a.arrivals[j] as number));
  return {
    arrivals: order.map((i) => a.arrivals[i] as number),
    values: order.map((i) => a.values[i] as V),
    times: order.map((i) => a.times[i] as number),
  };
}

/** All events, in arrival order. State: the events. */
export function collect<T>(): Aggregate<T, T[], Kept<T>>;
/** `f` of all events, in arrival order. State: the values of `f`. */
export function collect<T, R>(f: (value: T) => R): Aggregate<T, R[], Kept<R>>;
export function collect(f: (value: any) => unknown = itself): Aggregate<any, any> {
  return keepEvents('collect', f, (kept) => [...kept.values]);
}

export interface ReduceOptions<A> {
  /** What to begin with, neutral for `merge`; the first event itself where absent. */
  readonly initial?: () => A;
  /** Joins two accumulators, changing neither; with it sliding and session windows keep no events. */
  readonly merge?: (acc: A, other: A) => A;
}

/**
 * Folds events in arrival order; `add` gives a new accumulator each time. State: one accumulator;
 * without `merge`, in windows that overlap or merge, the events.
 * @example reduce((a: number, b: number) => Math.max(a, b), { merge: Math.max })
 */
export function reduce<T, A = T>(
  add: (acc: A, value: T) => A,
  options: ReduceOptions<A> = {},
): Aggregate<T, A, { readonly acc: A } | null> {
  const { initial, merge } = options;
  const begin = initial === undefined ? (value: T) => value as unknown as A : undefined;
  return {
    name: 'reduce',
    create: () => (initial === undefined ? null : { acc: initial() }),
    add: (held, value) => ({
      acc: held === null ? (begin as (value: T) => A)(value) : add(held.acc, value),
    }),
    merge:
      merge === undefined
        ? undefined
        : (held, other) => {
            if (held === null || other === null) return held ?? other;
            return { acc: merge(held.acc, other.acc) };
          },
    result: (held) => (held as { readonly acc: A }).acc,
  };
}

/** The same aggregate in a form that can be merged: itself, or its events kept in arrival order. */
export function mergeable<T, R>(aggregate: Aggregate<T, R>): Aggregate<T, R> {
  if (aggregate.merge !== undefined) return aggregate;
  return keepEvents<T, T, R>(aggregate.name ?? 'events', itself, ({ values, times, arrivals }) => {
    let acc = aggregate.create();
    for (const [i, value] of values.entries()) {
      acc = aggregate.add(acc, value, { timestamp: times[i] as number }, arrivals[i] as number);
    }
    return aggregate.result(acc);
  });
}
