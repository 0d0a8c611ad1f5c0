/**
 * `npm run bench -- [--only NAME] [--json FILE]`: what the operators cost, as ratios of one run; with
 * `--only marbles`, what event-time tests cost; with `--only checkpoints`, what checkpoints do.
 */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { howCheckpoints, measureCheckpoints } from './checkpoints.js';
import { machine, median } from './figures.js';
import { howMarbles, measureMarbles } from './marbles.js';
import { Checksum } from './reference.js';
import { type Run, type Workload, workloads } from './workloads.js';

const EVENTS = 2_000_000;
const WARM_UPS = 3;
const RUNS = 7;

interface Figures {
  /** CPU nanoseconds per event: user and system, garbage collection and compilation included. */
  readonly medianNs: number;
  readonly bestNs: number;
}

interface Report extends Pick<Workload, 'name' | 'question' | 'must'> {
  readonly events: number;
  readonly runs: number;
  readonly measured: Figures;
  readonly against: Figures;
  /** Of the medians, and of the best runs. */
  readonly ratio: number;
  readonly bestRatio: number;
  readonly results: string;
}

function time(run: Run): number {
  const before = process.cpuUsage();
  run(EVENTS, new Checksum());
  const { user, system } = process.cpuUsage(before);
  return ((user + system) * 1000) / EVENTS;
}

function figures(times: readonly number[]): Figures {
  return { medianNs: median(times), bestNs: Math.min(...times) };
}

function checked(what: string, run: Run, expected: Run): string {
  const [got, wanted] = [new Checksum(), new Checksum()];
  run(EVENTS, got);
  expected(EVENTS, wanted);
  if (`${got}` !== `${wanted}`) throw new Error(`${what} gave ${got}, should give ${wanted}`);
  return `${got}`;
}

/** Checks the results, warms up, then takes turns, so that a slow moment hits both sides. */
function measure(w: Workload): Report {
  const results = checked(w.name, w.measured, w.expected);
  checked(`${w.name}, what it is compared with,`, w.against, w.expectedAgainst);
  const times: [number[], number[]] = [[], []];
  for (let i = -WARM_UPS; i < RUNS; i++) {
    const pair = [time(w.measured), time(w.against)] as const;
    if (i < 0) continue;
    times[0].push(pair[0]);
    times[1].push(pair[1]);
  }
  const [measured, against] = [figures(times[0]), figures(times[1])];
  const { name, question, must } = w;
  const ratio = measured.medianNs / against.medianNs;
  const bestRatio = measured.bestNs / against.bestNs;
  return {
    name,
    question,
    must,
    events: EVENTS,
    runs: RUNS,
    measured,
    against,
    ratio,
    bestRatio,
    results,
  };
}

function print(r: Report): void {
  const line = (what: string, f: Figures): string =>
    `  ${what.padEnd(10)}${f.medianNs.toFixed(0).padStart(8)}${f.bestNs.toFixed(0).padStart(8)}`;
  console.log(`\n${r.name}: ${r.question}`);
  console.log(`  ${'ns/event'.padEnd(10)}${'median'.padStart(8)}${'best'.padStart(8)}`);
  console.log(line('measured', r.measured));
  console.log(line('against', r.against));
  const ratios = `${r.ratio.toFixed(2).padStart(8)}${r.bestRatio.toFixed(2).padStart(8)}`;
  console.log(`  ${'ratio'.padEnd(10)}${ratios}   (must be at most ${r.must})`);
  console.log(`  ${r.results}`);
}

const root = fileURLToPath(new URL('../../../', import.meta.url));

function measureWorkloads(wanted: readonly Workload[]): readonly Report[] {
  return wanted.map((w) => {
    const report = measure(w);
    print(report);
    return report;
  });
}

/* What is not measured in this process. */
const others = [
  {
    name: 'marbles',
    packages: ['rxjs', 'jest'],
    how: howMarbles,
    measure: (): readonly object[] => measureMarbles(root),
  },
  {
    name: 'checkpoints',
    packages: ['rxjs'],
    how: howCheckpoints,
    measure: (): readonly object[] => measureCheckpoints(console.log),
  },
];

function main(): number {
  const options = { only: { type: 'string' }, json: { type: 'string' } } as const;
  let values: { only?: string | undefined; json?: string | undefined };
  try {
    values = parseArgs({ options }).values;
  } catch (thrown) {
    console.error(`bench: ${(thrown as Error).message}`);
    return 2;
  }
  const { only, json } = values;
  const wanted = workloads.filter((w) => only === undefined || w.name === only);
  const other = others.find(({ name }) => name === only);
  if (wanted.length === 0 && other === undefined) {
    const names = [...workloads, ...others].map((w) => w.name).join(' or ');
    console.error(`bench: --only must be ${names}; got ${JSON.stringify(only)}`);
    return 2;
  }
  const how = `${EVENTS} events a run, ${RUNS} runs each in turns after ${WARM_UPS}; CPU time of the process`;
  const head = [...machine(root, other?.packages ?? ['rxjs']), other?.how ?? how];
  console.log(head.join('\n'));
  const reports = other?.measure() ?? measureWorkloads(wanted);
  if (json !== undefined) {
    writeFileSync(json, `${JSON.stringify({ machine: head, reports }, null, 2)}\n`);
  }
  return 0;
}

process.exitCode = main();
