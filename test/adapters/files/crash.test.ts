/** The file store crashed at each durable step of a job: exactly what was answered is there afterwards, whole. */
import { type Crash, type Fault, type FaultyFiles, faultyFiles } from 'tidemark/testing';
import type { FileSystem, OpenFile } from '../../../adapters/files/index.js';
import { attempt, nothing, runJob, type Told } from './crashes.js';

const crashes: readonly Crash[] = ['killed', 'unsynced lost', 'torn'];
const faults = crashes.flatMap((crash) =>
  (['before', 'after'] as const).map((when) => ({ crash, when })),
);
const LAST = 7;

type Wrong = (right: FileSystem) => FileSystem;
const right: Wrong = (fs) => fs;

/** How many steps the job takes without a fault. */
async function stepsOf(last: number): Promise<readonly string[]> {
  const files = faultyFiles({});
  await runJob(files.boot(), nothing(), last);
  return files.steps;
}

/** Runs the job to its end through the planned crashes, and loses the power once more. */
async function survive(files: FaultyFiles, last: number, as: Wrong = right): Promise<Told> {
  const told = nothing();
  for (let tries = 0; told.acked < last || told.error !== undefined; tries++) {
    if (tries > 4) throw told.error;
    delete told.error;
    await attempt(as(files.boot()), told, last);
    if (told.error !== undefined) files.crash('killed');
  }
  files.calm();
  files.crash('unsynced lost');
  await runJob(as(files.boot()), told, last);
  return told;
}

async function singles(as: Wrong = right, seed = 1): Promise<number> {
  const steps = (await stepsOf(LAST)).length;
  let points = 0;
  for (let step = 0; step < steps; step++) {
    for (const fault of faults) {
      const files = faultyFiles({ seed: seed * 10_000 + points++ });
      files.at(step, fault);
      await survive(files, LAST, as).catch((thrown: Error) => {
        thrown.message += ` (${files.steps[step]}: ${JSON.stringify(fault)})`;
        throw thrown;
      });
    }
  }
  return points;
}

it('at every step, before and after, killed or without power: what was answered is there', async () => {
  const steps = await stepsOf(LAST);
  const kinds = new Set(steps.map((step) => step.split(' ')[0]));
  const all = ['makeDir', 'make', 'truncate', 'append', 'sync', 'rename', 'syncDir', 'remove'];
  expect([...kinds].sort()).toEqual(all.sort());
  expect(steps.filter((step) => step.startsWith('rename')).length).toBeGreaterThan(1);
  const points = await singles();
  expect(points).toBe(steps.length * faults.length);
  expect(points).toBeGreaterThan(200);
});

it('crashed a second time while it recovers or goes on, it is the same', async () => {
  const steps = (await stepsOf(3)).length;
  let points = 0;
  for (let first = 0; first < steps; first++) {
    for (let second = first + 1; second < first + 22; second += 2) {
      const files = faultyFiles({ seed: points });
      files.at(first, faults[points % 6] as Fault);
      files.at(second, faults[Math.floor(points / 6) % 6] as Fault);
      await survive(files, 3);
      points++;
    }
  }
  expect(points).toBeGreaterThan(300);
});

it('a step that fails is answered as a failure, and the store goes on, also into a crash', async () => {
  const steps = await stepsOf(LAST);
  let failed = 0;
  for (const [step, what] of steps.entries()) {
    for (const [i, after] of [Infinity, 1, 2, 3, 4, 6, 9].entries()) {
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
  expect(failed).toBeGreaterThan(50);
});

/** File systems that leave out what makes the promise true. */
const wrong: Readonly<Record<string, Wrong>> = {
  'never syncs a file': (fs) => withFiles(fs, (file) => ({ ...file, sync: async () => {} })),
  'never syncs a directory': (fs) => ({ ...fs, syncDir: async () => {} }),
  'never cuts off a torn end': (fs) =>
    withFiles(fs, (file) => ({ ...file, truncate: async () => {} })),
  'copies instead of renaming': (fs) => ({
    ...fs,
    async rename(from, to) {
      const [source, target] = [await fs.open(from), await fs.open(to)];
      await target.truncate(0);
      await target.append(await source.read(0, await source.size()));
      await target.sync();
    },
  }),
};

function withFiles(fs: FileSystem, change: (file: OpenFile) => OpenFile): FileSystem {
  return { ...fs, open: async (path) => change(await fs.open(path)) };
}

it.each(Object.entries(wrong))('one that %s is found out', async (_, as) => {
  await expect(singles(as)).rejects.toThrow();
});

it('a sync that is tried again after it has failed is found out', async () => {
  const again: Wrong = (fs) =>
    withFiles(fs, (file) => ({ ...file, sync: () => file.sync().catch(() => file.sync()) }));
  const steps = await stepsOf(LAST);
  const found: unknown[] = [];
  for (const [step, what] of steps.entries()) {
    if (!what.startsWith('sync ')) continue;
    const files = faultyFiles({ seed: step });
    files.at(step, { fail: 'EIO' });
    await survive(files, LAST, again).catch((thrown) => found.push(thrown));
  }
  expect(found.length).toBeGreaterThan(0);
});
