/** Facts about runs that are stopped and started again: one table, one set of counts, nothing twice. */
import { mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { fileStore } from 'tidemark/files';
import { memoryStore, type Store } from 'tidemark/memory';
import { syntheticEvents, syntheticProfiles } from '../../examples/main/generate.js';
import { main } from '../../examples/main/main.js';
import { mainProgram } from '../../examples/main/mainJob.js';
import { readMainOptions } from '../../examples/main/options.js';
import { runOn } from '../../examples/main/run.js';
import { mainTruth } from '../oracle/windows.js';
import { expectTable, ran, rowsOf } from './commands.js';

const folder = mkdtempSync(join(tmpdir(), 'tidemark-restarts-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const at = (name: string) => join(folder, name);

function optionsOf(argv: readonly string[]) {
  const options = readMainOptions(argv);
  if (options === undefined) throw new Error('no options');
  return options;
}

/* After so many turns of the event loop, counted from the start of the run. */
async function turns(n: number): Promise<string> {
  for (let i = 0; i < n; i++) await new Promise((resolve) => setImmediate(resolve));
  return 'test';
}

async function runUntil(store: Store, argv: readonly string[], stopAfter = Infinity) {
  let stderr = '';
  const sink = new Writable({
    write(chunk, _, done) {
      stderr += String(chunk);
      done();
    },
  });
  const streams = { stdin: process.stdin, stdout: sink, stderr: sink };
  const requested = stopAfter < Infinity ? turns(stopAfter) : new Promise<string>(() => {});
  const code = await runOn(store, mainProgram(optionsOf(argv)), streams, { requested });
  return { code, stderr };
}

const outputs = ['--quiet', '--out', at('out'), '--sliding', at('s'), '--summary', at('summary')];

it('stopped anywhere and started again, any input gives the oracle’s table and counts', async () => {
  const cases = fc.record({
    stops: fc.array(fc.integer({ min: 1, max: 25 }), { minLength: 1, maxLength: 4 }),
    every: fc.constantFrom(50, 100, 500),
    seed: fc.integer(),
    from: fc.constantFrom('generate', 'plain', 'gz'),
  });
  let stopped = 0;
  await fc.assert(
    fc.asyncProperty(cases, async ({ stops, every, seed, from }) => {
      const made = ['--generate=500', '--users=5', '--malformed-share=.05', '--dup-share=.1'];
      made.push('--span=2h', '--late-share=.3', '--late-by=25m', `--seed=${seed}`);
      const { generate } = optionsOf(made);
      if (generate === undefined) throw new Error('no options');
      const text = ({ count, lineAt }: ReturnType<typeof syntheticEvents>) =>
        Array.from({ length: count }, (_, i) => `${lineAt(i)}\n`).join('');
      const [events, profiles] = [
        text(syntheticEvents(generate)),
        text(syntheticProfiles(generate)),
      ];
      const pack = (t: string) => (from === 'gz' ? gzipSync(t) : t);
      writeFileSync(at('events'), pack(events));
      writeFileSync(at('profiles'), pack(profiles));
      const files = ['--events', at('events'), '--profiles', at('profiles')];
      const input = from === 'generate' ? made : files;
      const doors = ['--rejected', at('rejected'), '--late', at('late')];
      const argv = [...input, ...outputs, ...doors, `--checkpoint-every-events=${every}`];
      const store = memoryStore();
      for (const n of stops) {
        const { code, stderr } = await runUntil(store, argv, n);
        if (code === 1) stopped++;
        expect([code, stderr]).toEqual(
          code === 0 ? [0, ''] : [1, 'main: stopped by test; its store is gone with it\n'],
        );
      }
      expect(await runUntil(store, argv)).toEqual({ code: 0, stderr: '' });
      const truth = mainTruth(events, profiles, {
        size: 300_000,
        outOfOrderness: 600_000,
        within: 900_000,
        lateness: 0,
        latestMs: Date.now(),
      });
      expectTable(rowsOf(folder, 'out'), truth.table);
      expectTable(rowsOf(folder, 's'), truth.sliding);
      const [summary] = rowsOf(folder, 'summary');
      expect(summary).toMatchObject({ events: truth.events, profiles: truth.profiles });
      expect(truth.events.late).toBeGreaterThan(5);
      // a stop is at a checkpoint: even the doors hear of everything once
      expect(rowsOf(folder, 'rejected')).toHaveLength(
        truth.events.malformed + truth.profiles.malformed,
      );
      expect(rowsOf(folder, 'late')).toHaveLength(truth.events.late + truth.profiles.late);
    }),
    { numRuns: 10 },
  );
  expect(stopped).toBeGreaterThan(5);
});

it('in files, stopped anywhere, it is opened again and ends with the table of one run', async () => {
  const argv = ['--generate=2000', '--users=5', '--seed=3', '--checkpoint-every-events=100'];
  expect(await runUntil(memoryStore(), [...argv, ...outputs])).toEqual({ code: 0, stderr: '' });
  const names = ['out', 's'];
  const undisturbed = names.map((name) => rowsOf(folder, name));
  let stopped = 0;
  for (const n of [8, 20, 35, Infinity]) {
    const store = await fileStore({ dir: at('log'), compactAbove: 20_000 });
    const { code, stderr } = await runUntil(store, [...argv, ...outputs], n);
    if (code === 1) stopped++;
    expect([code, stderr]).toEqual(
      code === 0 ? [0, ''] : [1, 'main: stopped by test; its store is gone with it\n'],
    );
    if (n === Infinity) expect(store.status().bytes).toBeGreaterThan(20_000);
    await store.close();
  }
  expect(stopped).toBeGreaterThan(0);
  for (const [i, name] of names.entries()) {
    expectTable(rowsOf(folder, name), undisturbed[i] ?? []);
  }
});

it('a log that was torn is gone on from, one that is damaged is told of even when quiet', async () => {
  const dir = at('torn');
  const log = join(dir, 'tidemark.log');
  const argv = ['--generate=500', ...outputs, '--store', `file:${dir}`];
  expect(await ran(main, argv)).toMatchObject({ code: 0, stderr: '' });
  const table = rowsOf(folder, 'out');
  truncateSync(log, statSync(log).size - 3);
  expect(await ran(main, argv)).toMatchObject({ code: 0, stderr: '' });
  expect(rowsOf(folder, 'out')).toEqual(table);
  const bytes = readFileSync(log);
  bytes.writeUInt8(bytes.readUInt8(bytes.length - 3) ^ 1, bytes.length - 3);
  writeFileSync(log, bytes);
  const { code, stderr } = await ran(main, argv);
  expect(code).toBe(0);
  expect(stderr).toMatch(
    /^main: the last \d+ bytes of ".*" are damaged; job "main user_metrics" .*\n$/,
  );
  expect(rowsOf(folder, 'out')).toEqual(table);
});

it('a run that had ended gives its results again, damage and counts included', async () => {
  const rows = Array.from({ length: 900 }, (_, i) =>
    JSON.stringify({ user_id: 'u', event_id: `e${i}`, event_time: i * 1000, value: i }),
  );
  writeFileSync(at('cut.gz'), gzipSync(rows.join('\n')).subarray(0, -30));
  writeFileSync(at('none'), '');
  const argv = ['--events', at('cut.gz'), '--profiles', at('none'), ...outputs];
  const store = memoryStore();
  const first = await runUntil(store, argv);
  expect(first).toMatchObject({ code: 1, stderr: expect.stringMatching(/cut\.gz is damaged/) });
  const table = readFileSync(at('out'), 'utf8');
  const counts = rowsOf(folder, 'summary')[0]?.['events'];
  expect(await runUntil(store, argv)).toEqual(first);
  expect(readFileSync(at('out'), 'utf8')).toBe(table);
  expect(rowsOf(folder, 'summary')[0]?.['events']).toEqual(counts);
});

it('a checkpoint of other inputs or other windows is refused, with what to do', async () => {
  const store = memoryStore();
  const argv = ['--generate=200', ...outputs];
  expect((await runUntil(store, argv)).code).toBe(0);
  const other = runUntil(store, ['--generate=201', ...outputs]);
  await expect(other).rejects.toThrow(/has read events from .*; give the same options, or another/);
  const size = runUntil(store, [...argv, '--size=1m']);
  await expect(size).rejects.toThrow(/`size` is 60000 but was 300000/);
});
