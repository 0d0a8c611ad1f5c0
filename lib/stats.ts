/** Counters of an operator: always on, readable while it runs, saved with its state. */

/**
 * Admission of events, exact at every element:
 * `in = accepted + late + invalid + duplicate + unassigned`. An operator leaves at 0 what it cannot have.
 */
export interface Admission {
  in: number;
  accepted: number;
  late: number;
  invalid: number;
  duplicate: number;
  unassigned: number;
}

export interface Stats extends Admission {
  /** Events that left downstream, withdrawals included. */
  out: number;
  /** Records of state held now, and the most ever held. */
  live: number;
  peak: number;
}

/** Called once per subscription with the live counters of that subscription. */
export type StatsDoor<S = Stats> = (live: Readonly<S>) => void;

/** All counters at zero, with those of the operator. */
export function newStats<X extends object = object>(extra?: X): Stats & X {
  const base: Stats = {
    in: 0,
    accepted: 0,
    late: 0,
    invalid: 0,
    duplicate: 0,
    unassigned: 0,
    out: 0,
    live: 0,
    peak: 0,
  };
  return Object.assign(base, extra) as Stats & X;
}

/** Sets the number of live records and raises the peak. */
export function setLive(stats: Stats, live: number): void {
  stats.live = live;
  if (live > stats.peak) stats.peak = live;
}

/** The counters as they are now, groups of counters included: for a snapshot. */
export function copyStats<S extends object>(stats: S): S {
  const copy: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(stats)) {
    copy[name] = typeof value === 'object' && value !== null ? copyStats(value) : value;
  }
  return copy as S;
}

/** Puts saved counters back into live ones; a counter that was not saved keeps its value. */
export function restoreStats(stats: object, saved: unknown): void {
  if (typeof saved !== 'object' || saved === null) return;
  for (const [name, now] of Object.entries(stats)) {
    const value = (saved as Record<string, unknown>)[name];
    if (typeof now === 'object' && now !== null) restoreStats(now, value);
    else if (typeof value === 'number') (stats as Record<string, unknown>)[name] = value;
  }
}
