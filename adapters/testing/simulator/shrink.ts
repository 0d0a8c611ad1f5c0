/** The fewest faults that still break a rule: faults are left out for as long as something breaks. */
import type { SimulationConfig, SimulationResult } from './config.js';
import type { SimulatedFault } from './faults.js';
import { simulate } from './simulate.js';

/**
 * Leaves out faults of a simulation that broke a rule, halves first, then one by one. O(f²) runs for f faults.
 *
 * @param result of a run of `config` with a violation
 * @returns the run with the fewest faults that was found; `result` where there is none
 * @example
 * const config = { ...simulated, seed: 7, faults: { 'crash after': 0.1 } };
 * const result = await simulate(config);
 * if (result.violations.length > 0) console.log((await shrink(config, result)).faults);
 */
export async function shrink(
  config: SimulationConfig,
  result: SimulationResult,
): Promise<SimulationResult> {
  let best = result;
  for (let size = Math.ceil(best.faults.length / 2); size > 0; size = size >> 1) {
    for (let from = best.faults.length - size; from > -size; from -= size) {
      const fewer = best.faults.filter((_, i) => i < from || i >= from + size);
      if (fewer.length === best.faults.length) continue;
      const next = await withFaults(config, fewer);
      if (next.violations.length > 0 && next.faults.length < best.faults.length) best = next;
    }
  }
  return best;
}

function withFaults(
  config: SimulationConfig,
  faults: readonly SimulatedFault[],
): Promise<SimulationResult> {
  return simulate({ ...config, faults });
}
