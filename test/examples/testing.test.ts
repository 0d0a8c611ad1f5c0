/** The examples of tests under node:test and Vitest pass there, and fail there when they should. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(__dirname, '../..');

function run(command: readonly string[], file: string): { status: number | null; text: string } {
  const { PATH } = process.env;
  const all = spawnSync(process.execPath, [...command, file], {
    cwd: root,
    env: { ...(PATH !== undefined && { PATH }), NO_COLOR: '1' },
    encoding: 'utf8',
  });
  return { status: all.status, text: all.stdout + all.stderr };
}

/* Inside the package, so that the copy too imports it by name. */
function runWrong(command: readonly string[], file: string) {
  mkdirSync(join(root, 'tmp'), { recursive: true });
  const dir = mkdtempSync(join(root, 'tmp/wrong-'));
  try {
    const copy = join(dir, file.replace(/.*\//, ''));
    const text = readFileSync(join(root, file), 'utf8');
    writeFileSync(copy, text.replace("late.toBe('· · · · d@2')", "late.toBe('· · · d@2')"));
    return run(command, copy);
  } finally {
    rmSync(dir, { recursive: true });
  }
}

const runners: readonly [string, readonly string[], string, RegExp][] = [
  ['node:test', ['--test', '--test-reporter=tap'], 'examples/testing/node.test.mjs', /^# pass 2$/m],
  [
    'Vitest',
    ['node_modules/vitest/vitest.mjs', 'run', '--root', '.', '--dir', '.'],
    'examples/testing/vitest.spec.ts',
    /Tests +2 passed/,
  ],
];

describe.each(runners)('under %s', (_, command, file, passed) => {
  it('the example passes', () => {
    const { status, text } = run(command, file);
    expect(text).toMatch(passed);
    expect(status).toBe(0);
  }, 60_000);
  it('a wrong expectation fails, with its lanes', () => {
    const { status, text } = runWrong(command, file);
    expect(status).toBe(1);
    expect(text).toMatch(/door, frame 3: .*d@2/);
    expect(text).toMatch(/door +expected +· +· +· +d@2/);
  }, 60_000);
});
