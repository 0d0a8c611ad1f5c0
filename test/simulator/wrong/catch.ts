/** Looks for a seed that shows what is wrong with a design, under which the right one lives. */
import { type SimulationConfig, simulate, type Violation } from 'tidemark/testing';
import { onServers } from '../rates.js';
import type { Wrong } from './design.js';

export const SEEDS = 500;

export interface Caught {
  readonly seed: number;
  readonly violation: Violation;
}

/** The first seed under which a design breaks a rule. */
export async function caughtBy(wrong: Wrong): Promise<Caught | undefined> {
  const undo = wrong.patch?.();
  try {
    for (let seed = 1; seed <= SEEDS; seed++) {
      const [violation] = (await simulate(configOf(wrong, seed))).violations;
      if (violation !== undefined) return { seed, violation };
    }
    return undefined;
  } finally {
    undo?.();
  }
}

/** Seeds in [1, last] under which the design breaks a rule when nothing is wrong with it. */
export async function brokenWhenRight(wrong: Wrong, last: number): Promise<number[]> {
  const { topology, faults } = wrong;
  const right: Wrong = faults === undefined ? { topology } : { topology, faults };
  return broken(right, last);
}

/** Seeds in [1, last] under which a design breaks a rule. */
export async function broken(design: Wrong, last: number): Promise<number[]> {
  const seeds: number[] = [];
  for (let seed = 1; seed <= last; seed++) {
    if ((await simulate(configOf(design, seed))).violations.length > 0) seeds.push(seed);
  }
  return seeds;
}

function configOf(design: Wrong, seed: number): SimulationConfig {
  return { ...design.topology(seed, design.parts), faults: design.faults ?? onServers };
}
