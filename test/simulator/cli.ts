/**
 * `npm run simulate -- [--seeds N] [--from K] [--topology NAME] [--points singles|pairs|failures] [--each N]
 * [--store all|URL] [--wrong]`: simulates the jobs under many seeds, at every crash point, or catches wrong designs.
 */
import { parseArgs } from 'node:util';
import {
  assertSurvives,
  type Crash,
  crashPoints,
  eventFaultKinds,
  type FaultRates,
  faultText,
  type SimulationConfig,
  traceText,
} from 'tidemark/testing';
import { changedClass, drained, topologies } from './endings.js';
import { moreTopologies } from './moreTopologies.js';
import type { Topology } from './parts.js';
import { type Place, placeOf, places } from './places.js';
import { all as everything, inside } from './rates.js';

const options = {
  seeds: { type: 'string', default: '500' },
  from: { type: 'string', default: '1' },
  seed: { type: 'string', default: '2' },
  topology: { type: 'string', default: 'all' },
  points: { type: 'string', default: 'none' },
  each: { type: 'string', default: '1' },
  store: { type: 'string', default: 'memory:' },
  wrong: { type: 'boolean', default: false },
} as const;

/** What a command line asks for. */
interface Asked {
  readonly seeds: number;
  readonly from: number;
  readonly seed: number;
  readonly each: number;
  readonly points: 'none' | 'singles' | 'pairs' | 'failures';
  readonly chosen: readonly (readonly [name: string, Topology])[];
  readonly stores: readonly string[];
}

/** One of the jobs on one kind of store. */
interface Tried {
  readonly name: string;
  readonly topology: (seed: number) => SimulationConfig;
  readonly place: Place;
  readonly rates: FaultRates;
}

/** For jobs whose rows depend on the clock: one that is set wrong is right to change them. */
const clocksRight: FaultRates = { ...everything, 'clock forward': 0, 'clock back': 0 };
const timed: readonly Topology[] = [moreTopologies.downtime, moreTopologies.absurdClock];
const disks: FaultRates = { ...inside, 'crash before': 0.04, 'crash after': 0.04 };
const powers: readonly Crash[] = ['killed', 'unsynced lost', 'torn'];
const PROGRESS = 100;

async function seeds(asked: Asked, { name, topology, place, rates }: Tried): Promise<boolean> {
  const { seeds: count, from } = asked;
  const faults = place.files ? disks : rates;
  const started = Date.now();
  try {
    const met = await assertSurvives((seed) => ({ ...topology(seed), faults }), {
      seeds: count,
      from,
      survived: (seed) => {
        if (seed % PROGRESS === 0)
          console.log(`${name}: seed ${seed}; go on with ${goOn(name, seed)}`);
      },
    });
    const { steps, faults: hit, commits, processes } = met;
    const took = `${((Date.now() - started) / 1000).toFixed(1)} s`;
    console.log(
      `${name}: ${count} seeds, each twice, ${steps} steps, ${hit} faults, ${commits} commits, ${processes} processes, ${took}`,
    );
    return true;
  } catch (thrown) {
    console.log(`${name}: ${(thrown as Error).message}`);
    return false;
  }
}

async function points(asked: Asked, { name, topology, place }: Tried): Promise<boolean> {
  const { points: which, each, from, seed } = asked;
  const started = Date.now();
  const found = await crashPoints(topology(seed), {
    pairs: which === 'pairs',
    ...(which === 'failures' && { kinds: eventFaultKinds, microtasks: [0, 1, 2, 3, 4, 5] }),
    each,
    from,
    ...(place.files && { powers }),
    ran: ({ number, faults, result }) => {
      if (number % PROGRESS === 0)
        console.log(`${name}: point ${number}; go on with ${goOn(name, number)}`);
      const [first] = result.violations;
      if (first === undefined) return;
      console.log(`${name}: ${faults.map(faultText).join('; ')}: ${first.rule}: ${first.detail}`);
      console.log(traceText(result.trace, 60));
    },
  });
  const ms = Date.now() - started;
  const took = `${(ms / 1000).toFixed(1)} s`;
  const { steps, singles, pairs, hit, broken } = found;
  const perPoint = (ms / Math.max(1, singles + pairs)).toFixed(1);
  console.log(
    `${name}: ${steps} steps, ${singles} single and ${pairs} double faults, ${hit} hit, ${broken.length} broken, ${took}, ${perPoint} ms each`,
  );
  return broken.length === 0;
}

async function wrong(): Promise<boolean> {
  const { designs } = await import('./wrong/designs.js');
  const { caughtBy } = await import('./wrong/catch.js');
  let missed = 0;
  for (const [name, design] of Object.entries(designs)) {
    const caught = await caughtBy(design);
    if (caught === undefined) missed++;
    const by =
      caught === undefined ? 'not caught' : `seed ${caught.seed}: ${caught.violation.rule}`;
    console.log(`${name}: ${by}`);
  }
  console.log(`${Object.keys(designs).length} wrong designs, ${missed} not caught`);
  return missed === 0;
}

async function main(): Promise<number> {
  const { values } = parseArgs({ options });
  if (values.wrong) return (await wrong()) ? 0 : 1;
  const asked = check(values);
  let right = true;
  for (const url of asked.stores) right = (await onStore(asked, url)) && right;
  return right ? 0 : 1;
}

async function onStore(asked: Asked, url: string): Promise<boolean> {
  const place = await placeOf(url);
  const run = asked.points === 'none' ? seeds : points;
  let right = true;
  try {
    for (const [job, given] of asked.chosen) {
      // both stores are of this kind: a table of the other one is reached by an outbox
      const topology = (seed: number) => given(seed, { main: place.main(), other: place.main() });
      const rates = timed.includes(given) ? clocksRight : everything;
      const name = `${url.split('//')[0]} ${job}`;
      right = (await run(asked, { name, topology, place, rates })) && right;
    }
  } finally {
    await place.close();
  }
  return right;
}

/* Of what was begun; the jobs and stores that have not had their turn are left. */
function goOn(name: string, done: number): string {
  const [store, job] = name.split(' ');
  return `--store ${store} --topology ${job} --from ${done + 1}`;
}

function check(values: Record<keyof typeof options, string | boolean>): Asked {
  const number = (name: keyof typeof options) => {
    const n = Number(values[name]);
    if (Number.isSafeInteger(n) && n > 0) return n;
    throw new TypeError(`\`--${name}\` must be a whole number > 0; got ${values[name]}`);
  };
  const known = { ...topologies, changedClass, drained, ...moreTopologies };
  const chosen = Object.entries(values.topology === 'all' ? topologies : known).filter(
    ([name]) => values.topology === 'all' || values.topology === name,
  );
  if (chosen.length === 0) {
    const names = Object.keys(known).join(', ');
    throw new TypeError(`\`--topology\` must be all or one of ${names}; got ${values.topology}`);
  }
  const which = ['none', 'singles', 'pairs', 'failures'].find((one) => one === values.points);
  if (which === undefined) {
    throw new TypeError(`\`--points\` must be singles, pairs or failures; got ${values.points}`);
  }
  return {
    seeds: number('seeds'),
    from: number('from'),
    seed: number('seed'),
    each: number('each'),
    points: which as Asked['points'],
    chosen,
    stores: values.store === 'all' ? places : [String(values.store)],
  };
}

// a promise that is never settled ends a program without a word
process.exitCode = 2;
main().then(
  (code) => {
    process.exitCode = code;
  },
  (thrown) => {
    console.error(`simulate: ${(thrown as Error).message}`);
    process.exitCode = 2;
  },
);
