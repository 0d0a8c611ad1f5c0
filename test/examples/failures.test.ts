/** Facts about what goes wrong: an exit code, one sentence on standard error, and never a stack trace. */
import {
  appendFileSync,
  linkSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { main } from '../../examples/main/main.js';
import { main as project } from '../../examples/projects/main.js';
import { ndjson, ran, rowsOf } from './commands.js';

const folder = mkdtempSync(join(tmpdir(), 'tidemark-failures-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const at = (name: string) => join(folder, name);
const file = (name: string, content: string | Uint8Array) => {
  writeFileSync(at(name), content);
  return at(name);
};
const quiet = ['--store', 'memory:', '--quiet'];
const row = (i: number) =>
  `${JSON.stringify({ user_id: 'u', event_id: `e${i}`, event_time: i * 1000, value: 1 })}\n`;
const empty = () => ['--profiles', file('empty', '')];

it.each([
  [main, ['--nope'], /^main: options must be one of .*; got "--nope"\n$/],
  [
    main,
    ['--events', '/nowhere'],
    /^main: `--events` must be a file that can be read; got "\/nowhere"\n$/,
  ],
  [
    main,
    ['--out', '/nowhere/x'],
    /^main: `--out` must be a file that can be written; got "\/nowhere\/x"\n$/,
  ],
  [main, ['--store', 'mysql://u:p@h/d'], /^main: `--store` must be .*; got "mysql:\/\/…@h\/d"\n$/],
  [
    main,
    ['--kafka', 'h:9092'],
    /^main: `--kafka` must be left out until reading from Kafka is built; got "h:9092"\n$/,
  ],
  [project, [], /^project: NAME must be sliding or join; got ""\n$/],
  [
    project,
    ['sales', '--sales', 'x'],
    /^project: NAME must be sliding or join until sales is built; got "sales"\n$/,
  ],
  [
    project,
    ['pings'],
    /^project: NAME must be sliding or join until pings is built; got "pings"\n$/,
  ],
  [project, ['funnel'], /^project: NAME must be .* until funnel is built; got "funnel"\n$/],
  [project, ['spikes'], /^project: NAME must be .* until spikes is built; got "spikes"\n$/],
  [
    project,
    ['sliding', '--slide', '0'],
    /^sliding: `--slide` must be a duration > 0 .*; got "0"\n$/,
  ],
  [
    project,
    ['sliding', '--profiles', 'x'],
    /^sliding: options must be one of .*; got "--profiles"\n$/,
  ],
  [
    project,
    ['join', '--dashboard'],
    /^join: `--dashboard` must be left out until the dashboard is built; got ""\n$/,
  ],
] as const)('%p %j ends with 2 and one sentence', async (command, argv, sentence) => {
  const { code, stdout, stderr } = await ran(command, argv);
  expect([code, stdout]).toEqual([2, '']);
  expect(stderr).toMatch(sentence);
});

it('help goes to standard output and ends with 0', async () => {
  for (const [command, argv, line] of [
    [main, ['--help'], /--checkpoint-every DURATION .*\(default 1s\)/],
    [project, ['-h'], /sliding {2}count and sum/],
    [project, ['sliding', '--help'], /--slide DURATION .*\(default 30s\)/],
    [project, ['join', '--help'], /--store URL .*\(default memory:\)/],
  ] as const) {
    const { code, stdout, stderr } = await ran(command, argv);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(line);
    expect(stdout).not.toMatch(/kafka|dashboard|undefined/);
  }
});

it('a cut gzip file gives all that can be read, then 1 and a sentence with file and line', async () => {
  const rows = Array.from({ length: 3000 }, (_, i) => row(i)).join('');
  const path = file('cut.gz', gzipSync(rows).subarray(0, -20));
  const outputs = ['--out', at('out'), '--summary', at('summary')];
  const r = await ran(main, ['--events', path, ...empty(), ...quiet, ...outputs]);
  expect(r.code).toBe(1);
  const [summary] = rowsOf(folder, 'summary') as { events?: Record<string, number> }[];
  const { lines = 0, malformed = 0, accepted = 0 } = summary?.events ?? {};
  expect(lines).toBeGreaterThan(2900);
  expect(accepted).toBe(lines - malformed);
  expect(r.stderr).toBe(
    `main: ${path} is damaged after line ${accepted}: unexpected end of file\n`,
  );
  const counts = rowsOf(folder, 'out').map((one) => one['count'] as number);
  expect(counts.reduce((a, b) => a + b)).toBe(accepted);
});

it('an empty file gives an empty table and 0', async () => {
  const r = await ran(main, ['--events', file('none', ''), ...empty(), ...quiet, '--out', '-']);
  expect(r).toEqual({ code: 0, stdout: '', stderr: '' });
});

it('an output that fails while it is written ends with 1 and its name', async () => {
  const events = ['--events', file('some', row(1)), ...empty()];
  const r = await ran(main, [...events, ...quiet, '--out', '/dev/full']);
  expect(r.code).toBe(1);
  expect(r.stderr).toMatch(/^main: \/dev\/full cannot be written: ENOSPC[^\n]*\n$/);
});

it.each(['pglite', 'file'])('a store %s: that cannot be opened ends with 1', async (kind) => {
  const r = await ran(main, ['--store', `${kind}:${file('plain', 'x')}`]);
  expect(r.code).toBe(1);
  expect(r.stderr).toMatch(/^main: [^\n]*plain[^\n]*\n$/);
});

it('what is rejected and what is late stands in its file, with input, line and reason', async () => {
  const lines = [
    row(0),
    'x\n',
    '\n',
    '{"user_id":"u"}\n',
    row(9_000_000),
    row(1),
    `${JSON.stringify({ user_id: 'u', event_id: 'f', event_time: 1e13, value: 1 })}\n`,
  ];
  const doors = ['--rejected', at('rejected'), '--late', at('late')];
  file('rejected', 'of an earlier run\n');
  const r = await ran(main, ['--events', '-', ...empty(), ...quiet, ...doors], lines.join(''));
  expect([r.code, r.stderr]).toEqual([0, '']);
  expect(rowsOf(folder, 'rejected')).toMatchObject([
    { input: 'events', line: 2, kind: 'malformed', reason: 'not JSON', text: 'x' },
    { input: 'events', line: 4, kind: 'invalid', reason: '`event_id` is missing' },
    { input: 'events', line: 7, kind: 'invalid', reason: 'future' },
  ]);
  expect(rowsOf(folder, 'late')).toMatchObject([
    { input: 'events', line: 6, row: { event_id: 'e1', event_time: '1970-01-01T00:00:01.000Z' } },
  ]);
});

it('a row further ahead than --max-future-skew is invalid and moves no time', async () => {
  const now = Date.now();
  const lines = [now, now + 3_000_000, now + 8_000_000].map((event_time, i) =>
    JSON.stringify({ user_id: 'u', event_id: `e${i}`, event_time, value: 1 }),
  );
  const argv = ['--events=-', ...empty(), ...quiet, '--max-future-skew=1h', '--summary=-'];
  const { stdout } = await ran(main, argv, lines.join('\n'));
  expect(ndjson(stdout)[0]).toMatchObject({ events: { lines: 3, invalid: 1, accepted: 2 } });
});

it('a person sees counts and first rows, on standard error where results go to standard output', async () => {
  const events = ['--events', file('some', row(1) + row(1)), ...empty(), '--store', 'memory:'];
  const plain = await ran(main, events);
  expect(plain.stdout).toMatch(/events +2 lines, 1 accepted, 0 late, 1 duplicate/);
  expect(plain.stdout).toMatch(/1970-01-01T00:00:00.000Z +1970-01-01T00:05:00.000Z +u +1 /);
  const piped = await ran(main, [...events, '--out', '-']);
  expect(ndjson(piped.stdout)).toHaveLength(1);
  expect(piped.stderr).toMatch(/events +2 lines, 1 accepted.*user_metrics\nwindow_start/s);
});

it('control characters of strangers do not reach a terminal', async () => {
  const nasty = JSON.stringify({ user_id: '\u001b[2Jx', event_id: 'e', event_time: 0, value: 1 });
  const { stdout } = await ran(main, ['--events=-', ...empty(), '--store', 'memory:'], nasty);
  expect(stdout).toContain('?[2Jx');
  expect(stdout).not.toContain('\u001b');
});

it('an output that leads to an input by another name is refused before anything is read', async () => {
  const path = file('linked', row(1));
  for (const link of [linkSync, symlinkSync]) {
    const other = at(`other-${link.name}`);
    link(path, other);
    for (const [from, to] of [
      [path, other],
      [other, path],
    ] as const) {
      const { code, stderr } = await ran(main, ['--events', from, ...empty(), '--out', to]);
      expect(code).toBe(2);
      expect(stderr).toContain('`--out` must be another file than that of `--events`');
    }
  }
  expect(readFileSync(path, 'utf8')).toBe(row(1));
});

it('a file that has grown since its job ended is refused', async () => {
  const path = file('grown', row(1));
  const argv = ['--events', path, ...empty(), '--quiet', '--store', `pglite:${at('grown-store')}`];
  expect((await ran(main, argv)).code).toBe(0);
  expect((await ran(main, argv)).code).toBe(0);
  appendFileSync(path, row(2));
  const { code, stderr } = await ran(main, argv);
  expect([code, stderr]).toEqual([
    1,
    expect.stringContaining('source "events" has input after its end'),
  ]);
});
