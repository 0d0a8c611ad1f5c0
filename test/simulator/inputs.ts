/** Input of the simulated jobs: small logs with disorder, repeats and late rows, decided by a seed. */
import { disorder } from 'tidemark/testing';

export interface Click {
  readonly id: string;
  readonly user: string;
  readonly at: number;
  readonly value: number;
}
export interface Profile {
  readonly user: string;
  readonly plan: string;
  readonly at: number;
}

/** How far a row may be behind the newest of its split, without being late. */
export const BOUND = 40;

/** A small generator for tests (mulberry32). */
export function chance(seed: number): (below: number) => number {
  let a = seed | 0;
  return (below) => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

export interface ClickOptions {
  readonly seed: number;
  readonly count: number;
  readonly users: number;
  /** Average time between two, in tens of ms. */
  readonly pace: number;
  readonly splits: number;
  readonly maxDelay?: number;
}

export type Splits<T> = Record<string, readonly T[]>;

/**
 * Clicks at multiples of 10 ms. With one split some are late and some ids come again much later:
 * what becomes of these depends on the order of reading, which only one split determines.
 */
export function clicks(o: ClickOptions): Splits<Click> {
  const next = chance(o.seed);
  const list: Click[] = [];
  let at = 0;
  for (let i = 0; i < o.count; i++) {
    at += 10 * next(2 * o.pace + 1);
    const again = o.splits === 1 && list.length > 3 && next(6) === 0;
    const id = again ? (list[next(list.length)] as Click).id : `e${i}`;
    list.push({ id, user: `u${next(o.users)}`, at, value: 1 + next(9) });
  }
  const arrived = disorder(list, {
    maxDelay: o.maxDelay ?? BOUND,
    seed: o.seed,
    duplicateRatio: 0.15,
    timestamp: (c) => c.at,
    ...(o.splits === 1 ? { lateRatio: 0.15, lateBy: 200 } : {}),
  });
  return dealt(arrived, o.splits, next);
}

/** Profiles of each user, no two of one user at one instant. */
export function profiles(o: Omit<ClickOptions, 'pace'>): Splits<Profile> {
  const next = chance(o.seed + 1);
  const list: Profile[] = [];
  for (let i = 0; i < o.count; i++) {
    list.push({ user: `u${i % o.users}`, plan: `plan${i}`, at: i * 20 + 10 * next(2) });
  }
  const arrived = disorder(list, { maxDelay: BOUND - 10, seed: o.seed, timestamp: (p) => p.at });
  return dealt(arrived, o.splits, next);
}

function dealt<T>(rows: readonly T[], n: number, next: (below: number) => number): Splits<T> {
  const splits = Array.from({ length: n }, (): T[] => []);
  for (const row of rows) splits[next(n)]?.push(row);
  return Object.fromEntries(splits.map((own, i) => [`p${i}`, own]));
}
