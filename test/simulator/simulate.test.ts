/** What the simulator shows of the three jobs: one seed is one world, what is right survives, and crashes hit every step. */
import {
  assertSurvives,
  crashPoints,
  type FaultRates,
  faultKinds,
  simulate,
} from 'tidemark/testing';
import { topologies } from './topologies.js';

const SEEDS = 25;
const rates = Object.fromEntries(
  faultKinds.map((kind) => [kind, kind === 'stalled' ? 0.02 : 0.06]),
) as FaultRates;
const each = Object.entries(topologies);

describe.each(each)('%s', (_, topology) => {
  it('survives what a seed brings, each seed twice with one trace', async () => {
    const met = await assertSurvives((seed) => ({ ...topology(seed), faults: rates }), {
      seeds: SEEDS,
    });
    expect(met.faults).toBeGreaterThan(SEEDS);
    expect(met.processes).toBeGreaterThan(SEEDS * 1.3);
  });

  it('survives a crash at every step, and at every pair of steps', async () => {
    const { steps, singles, pairs, hit, broken } = await crashPoints(topology(2), { pairs: true });
    expect(broken).toEqual([]);
    expect(steps).toBeGreaterThan(4);
    expect(singles).toBe(2 * steps);
    expect(pairs).toBeGreaterThan(2 * singles);
    expect(hit).toBe(singles + pairs);
  });
});

it('two seeds give two traces', async () => {
  const [a, b] = [await simulate(topologies.twoSinks(1)), await simulate(topologies.twoSinks(2))];
  expect(a.hash).not.toBe(b.hash);
});
