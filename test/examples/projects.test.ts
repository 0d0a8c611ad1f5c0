/** Facts about the projects `sliding` and `join`: their rows and counts are those of the oracle. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { main } from '../../examples/projects/main.js';
import { joinTruth, slidingTruth } from '../oracle/projects.js';
import { expectTable, ran, rowsOf } from './commands.js';
import { hostile } from './hostile.js';

const folder = mkdtempSync(join(tmpdir(), 'tidemark-projects-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const at = (name: string) => join(folder, name);
const latestMs = () => Date.now() + 300_000;
const outputs = ['--out', at('out'), '--summary', at('summary'), '--quiet'];
const MINUTE = 60_000;

it('sliding gives the windows, the tumbling ones and the counts of the oracle', async () => {
  const seen = { late: 0, duplicate: 0, runs: 0 };
  const rules = fc.record({
    size: fc.constantFrom(30_000, 120_000, 6 * MINUTE),
    slide: fc.constantFrom(7000, 30_000),
    texts: hostile(4 * MINUTE),
  });
  await fc.assert(
    fc.asyncProperty(rules, async ({ texts, size, slide }) => {
      writeFileSync(at('events'), texts.events);
      const argv = ['sliding', '--events', at('events'), '--tumbling', at('t'), ...outputs];
      const { code, stderr } = await ran(main, [...argv, `--size=${size}`, `--slide=${slide}`]);
      expect([code, stderr]).toEqual([0, '']);
      const truth = slidingTruth(texts.events, { size, slide, latestMs: latestMs() });
      expectTable(rowsOf(folder, 'out'), truth.table);
      expectTable(rowsOf(folder, 't'), truth.tumbling);
      expect(rowsOf(folder, 'summary')[0]).toMatchObject({ events: truth.events });
      seen.runs++;
      if (truth.events.late > 0) seen.late++;
      if (truth.events.duplicate > 0) seen.duplicate++;
    }),
    { numRuns: 60 },
  );
  expect(seen.late).toBeGreaterThan(0);
  expect(seen.duplicate).toBeGreaterThan(0);
});

it('windows that leave gaps count what falls between them as accepted', async () => {
  const events = [0, 45_000, 70_000].map((event_time, i) =>
    JSON.stringify({ user_id: 'u', event_id: `e${i}`, event_time, value: 1 }),
  );
  const argv = ['sliding', '--events=-', '--size=30s', '--slide=60s', ...outputs];
  await ran(main, argv, events.join('\n'));
  expect(rowsOf(folder, 'out').map((row) => row['window_start'])).toEqual([
    '1970-01-01T00:00:00.000Z',
    '1970-01-01T00:01:00.000Z',
  ]);
  expect(rowsOf(folder, 'summary')[0]).toMatchObject({ events: { lines: 3, accepted: 3 } });
});

it('join gives every pair and the counts of the oracle', async () => {
  const seen = { late: 0, duplicate: 0, pairs: 0, runs: 0 };
  await fc.assert(
    fc.asyncProperty(hostile(5 * MINUTE), async (texts) => {
      writeFileSync(at('events'), texts.events);
      writeFileSync(at('profiles'), texts.profiles);
      const files = ['--events', at('events'), '--profiles', at('profiles')];
      const { code, stderr } = await ran(main, ['join', ...files, ...outputs]);
      expect([code, stderr]).toEqual([0, '']);
      const truth = joinTruth(texts.events, texts.profiles, latestMs());
      expectTable(rowsOf(folder, 'out'), truth.table);
      const { events, profiles } = truth;
      expect(rowsOf(folder, 'summary')[0]).toMatchObject({ events, profiles });
      seen.runs++;
      if (events.late > 0 && profiles.late > 0) seen.late++;
      if (events.duplicate > 0) seen.duplicate++;
      if (truth.table.length > 0) seen.pairs++;
    }),
    { numRuns: 150 },
  );
  for (const [name, n] of Object.entries(seen)) {
    expect([name, n > 0]).toEqual([name, true]);
  }
});
