/** What event-time marbles cost: long tests by their length, and 200 tests beside 200 by hand. */
import { median } from './figures.js';
import { type LongTest, longTests } from './longTests.js';
import { marbleFile, plainFile, TESTS } from './testFiles.js';
import { type ProcessCost, TestFiles } from './testProcess.js';

const ELEMENTS = 10_000;
const MORE = 4 * ELEMENTS;
const RUNS = 5;

interface LongReport {
  readonly name: string;
  readonly question: string;
  readonly elements: readonly [number, number];
  /** Seconds of CPU time, of a first run and of the medians. */
  readonly firstSeconds: number;
  readonly seconds: readonly [number, number];
  /** What an element costs among `MORE`, to what it costs among `ELEMENTS`. */
  readonly ratio: number;
}

interface FileReport {
  readonly name: string;
  readonly question: string;
  readonly tests: number;
  readonly measured: ProcessCost;
  readonly against: ProcessCost;
  /** Of the medians, and of the best runs. */
  readonly ratio: ProcessCost;
  readonly bestRatio: ProcessCost;
}

export type MarblesReport = LongReport | FileReport;

export const howMarbles = `CPU time of whole processes; medians of ${RUNS} runs each, in turns after a first`;

function secondsOf(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}

function measureLong({ name, question, run }: LongTest): LongReport {
  const firstSeconds = secondsOf(() => run(ELEMENTS));
  run(MORE);
  const times: [number[], number[]] = [[], []];
  for (let i = 0; i < RUNS; i++) {
    times[0].push(secondsOf(() => run(ELEMENTS)));
    times[1].push(secondsOf(() => run(MORE)));
  }
  const seconds = [median(times[0]), median(times[1])] as const;
  const ratio = seconds[1] / MORE / (seconds[0] / ELEMENTS);
  return { name, question, elements: [ELEMENTS, MORE], firstSeconds, seconds, ratio };
}

function each(pick: (cost: keyof ProcessCost) => number): ProcessCost {
  return { cpu: pick('cpu'), clock: pick('clock') };
}

type Pair<T> = readonly [measured: T, against: T];

function both(
  runs: Pair<ProcessCost[]>,
  of: (list: readonly number[]) => number,
): Pair<ProcessCost> {
  const cost = (list: ProcessCost[]) => each((c) => of(list.map((run) => run[c])));
  return [cost(runs[0]), cost(runs[1])];
}

function measureFiles(root: string): FileReport {
  const files = new TestFiles(root);
  const runs: Pair<ProcessCost[]> = [[], []];
  try {
    files.write('marbles.test.ts', marbleFile());
    files.write('plain.test.ts', plainFile());
    for (let i = -1; i < RUNS; i++) {
      const pair = [
        files.run('marbles.test.ts', TESTS),
        files.run('plain.test.ts', TESTS),
      ] as const;
      if (i < 0) continue;
      runs[0].push(pair[0]);
      runs[1].push(pair[1]);
    }
  } finally {
    files.remove();
  }
  const [measured, against] = both(runs, median);
  const [best, bestAgainst] = both(runs, (list) => Math.min(...list));
  return {
    name: 'files',
    question: `${TESTS} marble tests of a window against ${TESTS} that push by hand, a Jest process each`,
    tests: TESTS,
    measured,
    against,
    ratio: each((c) => measured[c] / against[c]),
    bestRatio: each((c) => best[c] / bestAgainst[c]),
  };
}

function row(what: string, ...cells: readonly (number | string)[]): string {
  const texts = cells.map((c) => (typeof c === 'number' ? c.toFixed(2) : c).padStart(10));
  return `  ${what.padEnd(12)}${texts.join('')}`;
}

function print(r: MarblesReport): void {
  console.log(`\n${r.name}: ${r.question}`);
  if ('tests' in r) {
    console.log(row('seconds', 'CPU', 'clock'));
    for (const part of ['measured', 'against'] as const) {
      console.log(row(part, r[part].cpu, r[part].clock));
    }
    console.log(`${row('ratio', r.ratio.cpu, r.ratio.clock)}   (should be at most 1.3)`);
    console.log(row('of the best', r.bestRatio.cpu, r.bestRatio.clock));
    return;
  }
  console.log(row('elements', ...r.elements.map(String), 'first run'));
  console.log(row('seconds', ...r.seconds, r.firstSeconds));
  console.log(`${row('ratio', 1, r.ratio)}             of an element`);
}

/** Measures and prints, one after the other. */
export function measureMarbles(root: string): readonly MarblesReport[] {
  const tasks = [...longTests.map((t) => () => measureLong(t)), () => measureFiles(root)];
  return tasks.map((measure) => {
    const report = measure();
    print(report);
    return report;
  });
}
