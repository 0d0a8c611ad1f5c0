/** What the simulator shows of the three jobs: one seed is one world, what is right survives, and crashes hit every step. */
import { fileStore } from 'tidemark/files';
import {
  assertSurvives,
  crashPoints,
  SimulationError,
  type StoreSite,
  simulate,
} from 'tidemark/testing';
import { topologies } from './endings.js';
import { downtime, sinksElsewhere } from './moreTopologies.js';
import { placeOf } from './places.js';
import { all as rates } from './rates.js';

const SEEDS = 8;
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

it.each([
  ['A and O', topologies.twoSinks],
  ['O and O', sinksElsewhere],
])(
  'two sinks, %s: it survives a failure before and soon after every event',
  async (_, topology) => {
    const { events, singles, hit, broken } = await crashPoints(topology(2), {
      kinds: ['failure before', 'failure after', 'position throws'],
      microtasks: [1],
    });
    expect(broken).toEqual([]);
    expect(events).toBeGreaterThan(24);
    expect(singles).toBe(3 * events);
    // sinks do not have the methods of a reader
    expect(hit).toBeGreaterThan(2 * events);
  },
);

it('a failure at an event is one of the trace, and the job goes on in the same process', async () => {
  const faults = [
    { event: 5, kind: 'position throws' },
    { event: 20, kind: 'failure after', microtasks: 2 },
  ] as const;
  const { trace, violations, processes, ...met } = await simulate({
    ...topologies.mainShape(2),
    faults,
  });
  expect([violations, processes, met.faults]).toEqual([[], 1, faults]);
  expect(trace.map(({ text }) => text)).toEqual(
    expect.arrayContaining([
      '!! event 5: position throws',
      '!! event 20: failure after (2 microtasks)',
    ]),
  );
  expect(trace.filter(({ text }) => /^#\d+ acquire/.test(text))).toHaveLength(3);
});

it('two seeds give two traces', async () => {
  const [a, b] = [await simulate(topologies.twoSinks(1)), await simulate(topologies.twoSinks(2))];
  expect(a.hash).not.toBe(b.hash);
});

it('files survive a crash at every step of the disk, with the power lost', async () => {
  const place = await placeOf('file:');
  const found = await crashPoints(topologies.twoSinks(2, { main: place.main() }), {
    powers: ['torn'],
  });
  expect(found.broken).toEqual([]);
  expect(found.steps).toBeGreaterThan(30);
  expect(found.hit).toBe(found.singles);
}, 60_000);

it('the same seed gives the same bytes on a disk, whatever marks the runs of a job have drawn', async () => {
  const place = await placeOf('file:');
  const hashes = [];
  for (const high of [0, 2 ** 15]) {
    const drawn = jest
      .spyOn(globalThis.crypto, 'getRandomValues')
      .mockImplementation((into) => (into as unknown as Uint32Array).fill(high) as never);
    const files = { main: place.main(), other: place.main() };
    const { hash, violations } = await simulate(topologies.twoSinks(2, files));
    drawn.mockRestore();
    expect(violations).toEqual([]);
    hashes.push(hash);
  }
  expect(hashes[0]).toBe(hashes[1]);
});

it('a crash after the end of a job, as its files are compacted, is a crash like others', async () => {
  const open = ({ files: fs, clock }: StoreSite) =>
    fileStore({ dir: '/data', fs, clock, compactAbove: 9000 });
  const world = topologies.replacingSessions(2, { main: { perProcess: true, open } });
  const { trace } = await simulate(world);
  const end = trace.findIndex(({ text }) => text.startsWith('ends'));
  const after = trace.slice(end).flatMap(({ text }) => /^#(\d+)/.exec(text)?.[1] ?? []);
  expect(after).not.toEqual([]);
  for (const step of after.map(Number)) {
    const faults = [{ step, kind: 'crash before', power: 'torn' }] as const;
    const { violations, processes } = await simulate({ ...world, faults });
    expect([violations, processes]).toEqual([[], 1]);
  }
});

it('a split that was idle before a long pause is waited for after it', async () => {
  const faults = [{ step: 9, kind: 'slow' }] as const;
  const { violations } = await simulate({ ...downtime(27), faults });
  expect(violations).toEqual([]);
});

it('rows that a table is to let go are a step like others', async () => {
  const sink = () => ({ retention: 150 });
  const world = {
    ...topologies.twoSinks(2, { sink }),
    compare: 'end',
    oracle: () => ({}),
  } as const;
  const { trace, violations } = await simulate(world);
  expect(violations).toEqual([]);
  expect(trace.map(({ text }) => text)).toContainEqual(
    expect.stringMatching(/^#\d+ expire \d+ in (one|two)$/),
  );
});

it('a violation is told with the fewest faults that it takes', async () => {
  const wrong = { ...topologies.twoSinks(2), oracle: () => ({ one: [] }), compare: 'end' } as const;
  const all = { ...wrong, faults: rates };
  const thrown = await assertSurvives(() => all).catch((error: unknown) => error);
  expect(thrown).toBeInstanceOf(SimulationError);
  expect((thrown as SimulationError).result.faults).toEqual([]);
  expect((thrown as Error).message).toMatch(
    /^seed 1: rows are those of the input: table one at the end/,
  );
});
