/** `simulate`: one seed, one trace; and what to do with a violation. */
import { configError } from '../../../lib/errors.js';
import type { SimulationConfig, SimulationResult } from './config.js';
import {
  checkRates,
  drawnPlan,
  type FaultRates,
  type Plan,
  planOf,
  type SimulatedFault,
} from './faults.js';
import { Simulation } from './simulation.js';

const FAULTY_STEPS = 60;

/**
 * Runs a job in a simulated world: time is virtual, requests to stores are lost, repeated and late,
 * processes are killed at any step and started again, and their sources are read in another order.
 *
 * ```text
 * process 1   #1 acquire   #2 commit 1   #3 commit 2 ✗ (applied, then killed)
 * process 2                              #4 acquire   (re-read from 2)   #5 commit 3
 * table                    rows of 1     rows of 2                       rows of 3 = oracle
 * ```
 *
 * A fault hits a *step*: a request to a store, or a durable step of a disk. At every commit it is
 * checked that epochs, checkpoints and positions rise, that no old owner writes, and that the tables
 * hold what the oracle makes of the input read so far; after the faults, that everything comes to its
 * end, that the tables hold what the whole input gives, and that no timer or source is left.
 *
 * A killed process is one whose promises, timers and writes never come back. Nothing asks a real
 * clock or chance: the same seed gives the same trace. One simulation runs at a time in a process.
 *
 * *State.* The trace, a line or two per step.
 *
 * @returns the trace and its hash, and the first violation, where there is one
 * @throws TypeError for a wrong option
 * @example
 * const result = await simulate({
 *   seed: 7,
 *   stores: { main: ({ clock }) => memoryStore({ clock }) },
 *   input: { clicks: { splits: { p0: [{ at: 1 }, { at: 7 }] } } },
 *   job: (world) => job({
 *     id: 'clicks', checkpoints: world.store('main').checkpoints(), clock: world.clock, every: 50,
 *     topology: (t) => t.sink(t.source(world.source('clicks')).pipe(
 *       watermark({ id: 'time', timestamp: (c) => c.at }),
 *       idempotentSink({ id: 'out', store: world.store('main').table('out', { key: ['at'] }), key: (c) => c.at }),
 *     )),
 *   }),
 *   oracle: (read) => ({ out: read.events<{ at: number }>('clicks')['p0'] ?? [] }),
 *   faults: { 'crash after': 0.1, 'answer lost': 0.1 },
 * });
 * if (result.violations.length > 0) console.log(traceText(result.trace));
 */
export function simulate(config: SimulationConfig): Promise<SimulationResult> {
  check(config);
  return alone(() => new Simulation(config, planFor(config)).run());
}

function planFor({
  seed,
  stores,
  faults = {},
  faultySteps: steps = FAULTY_STEPS,
}: SimulationConfig): Plan {
  if (isList(faults)) return planOf(faults);
  const disks = Object.values(stores).some((s) => typeof s !== 'function' && s.perProcess === true);
  return drawnPlan(seed, faults, { steps, disks });
}

let before: Promise<unknown> = Promise.resolve();

/* RxJS has one hook for errors that reach nobody: two simulations at once would take each other's. */
function alone<T>(task: () => Promise<T>): Promise<T> {
  const mine = before.then(task, task);
  before = mine.catch(() => {});
  return mine;
}

function check(config: SimulationConfig): void {
  const { seed, stores, input, job, oracle, faults = {}, compare = 'end' } = config;
  const fail = (option: string, rule: string, got: unknown) => {
    throw configError('simulate', option, rule, got);
  };
  if (!Number.isSafeInteger(seed)) fail('seed', 'an integer', seed);
  if (Object.keys(stores ?? {}).length === 0) fail('stores', 'one store or more, by name', stores);
  if (typeof input !== 'object' || input === null) fail('input', 'the splits by source', input);
  if (typeof job !== 'function') fail('job', 'a function', job);
  if (typeof oracle !== 'function') fail('oracle', 'a function', oracle);
  if (compare !== 'end' && compare !== 'every commit') {
    fail('compare', "'every commit' or 'end'", compare);
  }
  if (!isList(faults)) checkRates(faults);
}

function isList(
  faults: FaultRates | readonly SimulatedFault[],
): faults is readonly SimulatedFault[] {
  return Array.isArray(faults);
}
