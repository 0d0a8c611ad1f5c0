/** `assertSurvives`: a job under many seeds, each twice; the first violation is shrunk and told. */
import type { SimulationConfig, SimulationResult } from './config.js';
import { faultText } from './faults.js';
import { shrink } from './shrink.js';
import { simulate } from './simulate.js';
import { traceText } from './trace.js';

/** Which seeds are tried. */
export interface SeedsOptions {
  /** How many. @default 100 */
  readonly seeds?: number;
  /** The first one. @default 1 */
  readonly from?: number;
  /** Told of each seed that was survived. */
  readonly survived?: (seed: number, result: SimulationResult) => void;
}

/** What all seeds together met. */
export interface SeedsResult {
  readonly seeds: number;
  readonly steps: number;
  readonly faults: number;
  readonly commits: number;
  readonly processes: number;
}

/** A simulated job broke a rule. */
export class SimulationError extends Error {
  override readonly name = 'SimulationError';

  constructor(
    readonly seed: number,
    /** With the fewest faults that were found. */
    readonly result: SimulationResult,
  ) {
    super(messageFor(seed, result));
  }
}

const LINES = 60;

/**
 * Simulates a job under many seeds. Each seed runs twice, and both traces must be the same.
 *
 * @param make gives the configuration of a seed, in which `faults` says what may go wrong
 * @throws SimulationError for the first seed that broke a rule, with the fewest faults that still do,
 *   and the trace that leads there
 * @example
 * await assertSurvives((seed) => ({ ...simulated, seed, faults: { 'crash after': 0.1 } }));
 */
export async function assertSurvives(
  make: (seed: number) => SimulationConfig,
  options: SeedsOptions = {},
): Promise<SeedsResult> {
  const { seeds = 100, from = 1, survived } = options;
  const sum = { seeds, steps: 0, faults: 0, commits: 0, processes: 0 };
  for (let seed = from; seed < from + seeds; seed++) {
    const config = make(seed);
    const result = await twice(config, make(seed));
    if (result.violations.length > 0) {
      throw new SimulationError(seed, await shrink(config, result));
    }
    sum.steps += result.steps;
    sum.faults += result.faults.length;
    sum.commits += result.commits;
    sum.processes += result.processes;
    survived?.(seed, result);
  }
  return sum;
}

async function twice(config: SimulationConfig, same: SimulationConfig): Promise<SimulationResult> {
  const [first, second] = [await simulate(config), await simulate(same)];
  if (first.violations.length > 0 || first.hash === second.hash) return first;
  const i = first.trace.findIndex((line, at) => line.text !== second.trace[at]?.text);
  const texts = [first, second].map(({ trace }) => trace[i]?.text ?? 'nothing');
  const detail = `two runs differ at line ${i + 1}: ${texts.join(' / ')}`;
  const rule = 'the same seed gives the same trace';
  return { ...first, violations: [{ rule, detail }], faults: [] };
}

function messageFor(seed: number, { violations, faults, trace }: SimulationResult): string {
  const [{ rule, detail } = { rule: '', detail: '' }] = violations;
  const needed = faults.length === 0 ? 'no fault' : faults.map(faultText).join('; ');
  return `seed ${seed}: ${rule}: ${detail}\nit takes ${needed}\n\n${traceText(trace, LINES)}`;
}
