/** Facts about the main job: its table and counts are those of the oracle, whatever comes in. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { bundledEvents, bundledProfiles } from '../../examples/main/bundled.js';
import { main } from '../../examples/main/main.js';
import { mainTruth } from '../oracle/windows.js';
import { expectTable, ran, rowsOf } from './commands.js';
import { hostile } from './hostile.js';

const folder = mkdtempSync(join(tmpdir(), 'tidemark-main-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const at = (name: string) => join(folder, name);
const latestMs = () => Date.now() + 300_000;

function inputs(texts: { events: string; profiles: string }): string[] {
  writeFileSync(at('events'), texts.events);
  writeFileSync(at('profiles'), texts.profiles);
  return ['--events', at('events'), '--profiles', at('profiles'), '--store', 'memory:'];
}

const outputs = ['--out', at('out'), '--summary', at('summary'), '--quiet'];

it('the bundled log gives the table of the oracle', async () => {
  const { code, stderr } = await ran(main, [
    '--store',
    'memory:',
    ...outputs,
    '--sliding',
    at('s'),
  ]);
  expect([code, stderr]).toEqual([0, '']);
  const truth = mainTruth(bundledEvents().join('\n'), bundledProfiles().join('\n'), {
    size: 300_000,
    outOfOrderness: 600_000,
    within: 900_000,
    lateness: 0,
    latestMs: latestMs(),
  });
  expectTable(rowsOf(folder, 'out'), truth.table);
  expectTable(rowsOf(folder, 's'), truth.sliding);
  const [summary] = rowsOf(folder, 'summary');
  expect(summary).toMatchObject({ events: truth.events, profiles: truth.profiles });
  expect(truth.events).toMatchObject({ lines: 10_000, invalid: 669, late: 0, accepted: 9331 });
});

it('any input gives the table, the sliding table and the counts of the oracle', async () => {
  const seen = { late: 0, duplicate: 0, plans: 0, nulls: 0, lateProfiles: 0, runs: 0 };
  const sizes = fc.constantFrom(1000, 60_000, 300_000, 420_001);
  const rules = sizes.chain((size) =>
    fc.record({
      size: fc.constant(size),
      outOfOrderness: fc.constantFrom(0, 1, size, 3 * size),
      within: fc.constantFrom(0, size, 3 * size),
      lateness: fc.constantFrom(0, 0, 1, 2 * size),
      lenient: fc.boolean(),
      texts: hostile(size),
    }),
  );
  await fc.assert(
    fc.asyncProperty(rules, async ({ texts, ...o }) => {
      const argv = [...inputs(texts), ...outputs, '--sliding', at('s')];
      argv.push(`--size=${o.size}`, `--out-of-orderness=${o.outOfOrderness}`);
      argv.push(`--within=${o.within}`, `--allowed-lateness=${o.lateness}`);
      if (o.lenient) argv.push('--lenient');
      const { code, stderr } = await ran(main, argv);
      expect([code, stderr]).toEqual([0, '']);
      const truth = mainTruth(texts.events, texts.profiles, { ...o, latestMs: latestMs() });
      expectTable(rowsOf(folder, 'out'), truth.table);
      expectTable(rowsOf(folder, 's'), truth.sliding);
      const [summary] = rowsOf(folder, 'summary');
      expect(summary).toMatchObject({ events: truth.events, profiles: truth.profiles });
      expect(summary?.['rows']).toBe(truth.table.length);
      seen.runs++;
      if (truth.events.late > 0) seen.late++;
      if (truth.events.duplicate > 0) seen.duplicate++;
      if (truth.profiles.late > 0) seen.lateProfiles++;
      if (truth.table.some((row) => row['plan'] !== null)) seen.plans++;
      if (truth.table.some((row) => row['plan'] === null)) seen.nulls++;
    }),
    { numRuns: 150 },
  );
  const { runs, ...corners } = seen;
  for (const [name, n] of Object.entries(corners)) {
    if (runs >= 100) expect([name, n > 0]).toEqual([name, true]);
  }
});
