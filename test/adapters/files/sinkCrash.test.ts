/** The NDJSON sink crashed at each durable step: each row is in one file, once, and no file was ever half. */
import { type Crash, type Fault, faultyFiles } from 'tidemark/testing';
import type { FileSystem, OpenFile } from '../../../adapters/files/index.js';
import { nothing, runSink, survive } from './sinkRuns.js';

const crashes: readonly Crash[] = ['killed', 'unsynced lost', 'torn'];
const faults = crashes.flatMap((crash) =>
  (['before', 'after'] as const).map((when) => ({ crash, when })),
);
const LAST = 2;

type Wrong = (right: FileSystem) => FileSystem;

async function stepsOf(last: number): Promise<readonly string[]> {
  const files = faultyFiles({});
  await runSink(files.boot(), nothing(), last);
  return files.steps;
}

async function singles(as?: Wrong, last = LAST): Promise<number> {
  const steps = await stepsOf(last);
  let points = 0;
  for (const [step, what] of steps.entries()) {
    for (const fault of faults) {
      const files = faultyFiles({ seed: 1 + points++ });
      files.at(step, fault);
      await survive(files, last, as).catch((thrown: Error) => {
        thrown.message += ` (${what}: ${JSON.stringify(fault)})`;
        throw thrown;
      });
    }
  }
  return points;
}

it('at every step, before and after, killed or without power: nothing lost, nothing doubled', async () => {
  const steps = await stepsOf(LAST);
  const kinds = new Set(steps.map((step) => step.split(' ')[0]));
  expect([...kinds].sort()).toEqual(['append', 'make', 'makeDir', 'rename', 'sync', 'syncDir']);
  expect(steps.filter((step) => step.includes('.ndjson')).length).toBeGreaterThan(5);
  const points = await singles();
  expect(points).toBe(steps.length * faults.length);
  expect(points).toBeGreaterThan(300);
});

it('crashed a second time while it recovers or goes on, it is the same', async () => {
  const steps = (await stepsOf(LAST)).length;
  let points = 0;
  for (let first = 0; first < steps; first += 3) {
    for (let second = first + 1; second < first + 28; second += 5) {
      const files = faultyFiles({ seed: points });
      files.at(first, faults[points % 6] as Fault);
      files.at(second, faults[Math.floor(points / 6) % 6] as Fault);
      await survive(files, LAST);
      points++;
    }
  }
  expect(points).toBeGreaterThan(100);
});

it('a step that fails is answered as a failure, and the sink goes on, also into a crash', async () => {
  const steps = await stepsOf(LAST);
  let failed = 0;
  for (const [step, what] of steps.entries()) {
    for (const [i, after] of [Infinity, 1, 4].entries()) {
      const files = faultyFiles({ seed: step });
      files.at(step, { fail: 'EIO' });
      if (after < Infinity) files.at(step + after, faults[(step + i) % 6] as Fault);
      const told = await survive(files, LAST).catch((thrown: Error) => {
        thrown.message += ` (${what} failed, and a crash ${after} steps later)`;
        throw thrown;
      });
      failed += told.failed;
    }
  }
  expect(failed).toBeGreaterThan(100);
});

/** File systems that leave out what makes the promise true. */
const wrong: readonly [string, RegExp, Wrong][] = [
  [
    'never syncs a file',
    /is no manifest|instead of|half a/,
    (fs) => withFiles(fs, (file) => ({ ...file, sync: async () => {} })),
  ],
  ['never syncs a directory', /rows: /, (fs) => ({ ...fs, syncDir: async () => {} })],
  [
    'never cuts off what does not count',
    /doubled|half a/,
    (fs) => withFiles(fs, (file) => ({ ...file, truncate: async () => {} })),
  ],
  [
    'copies instead of renaming',
    /is no manifest|half a/,
    (fs) => ({
      ...fs,
      async rename(from, to) {
        const [source, target] = [await fs.open(from), await fs.open(to)];
        await target.truncate(0);
        await target.append(await source.read(0, await source.size()));
        await target.sync();
        await fs.remove(from);
      },
    }),
  ],
];

function withFiles(fs: FileSystem, change: (file: OpenFile) => OpenFile): FileSystem {
  return { ...fs, open: async (path) => change(await fs.open(path)) };
}

it.each(wrong)('one that %s is found out', async (_, told, as) => {
  const found = await singles(as).catch((thrown: Error) => thrown);
  expect(found).toMatchObject({ message: expect.stringMatching(told) });
});
