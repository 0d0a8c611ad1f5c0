/** Runs a test file in a process of Jest and takes down what the process costs. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Seconds. */
export interface ProcessCost {
  /** User and system, of the whole process. */
  readonly cpu: number;
  /** From its start to its end. */
  readonly clock: number;
}

/* The package is taken as users have it: built, and found by its name. */
const CONFIG = `import config from '../../jest.config.mjs';
const root = new URL('../..', import.meta.url).pathname;
const roots = [new URL('.', import.meta.url).pathname];
export default { ...config, rootDir: root, roots, moduleNameMapper: {} };
`;
const METER = `process.on('exit', () => {
  const { user, system } = process.cpuUsage();
  require('node:fs').writeFileSync(process.env.METER, String((user + system) / 1e6));
});
`;

/** Test files in a directory of the package at `root`, so that they import it by its name. */
export class TestFiles {
  private readonly dir: string;

  constructor(private readonly root: string) {
    mkdirSync(join(root, 'tmp'), { recursive: true });
    this.dir = mkdtempSync(join(root, 'tmp', 'bench-'));
    writeFileSync(join(this.dir, 'jest.config.mjs'), CONFIG);
    writeFileSync(join(this.dir, 'meter.cjs'), METER);
  }

  write(name: string, text: string): void {
    writeFileSync(join(this.dir, name), text);
  }

  /** @throws Error unless exactly `tests` tests pass */
  run(name: string, tests: number): ProcessCost {
    const { dir, root } = this;
    const meter = join(dir, 'cpu');
    const jest = ['node_modules/jest/bin/jest.js', '--config', join(dir, 'jest.config.mjs'), '-i'];
    const args = ['--require', join(dir, 'meter.cjs'), ...jest, join(dir, name)];
    const env = { ...process.env, METER: meter };
    const began = performance.now();
    const { status, stderr } = spawnSync(process.execPath, args, { cwd: root, env });
    const clock = (performance.now() - began) / 1000;
    const passed = `${stderr}`.includes(`Tests:       ${tests} passed, ${tests} total`);
    if (status !== 0 || !passed) throw new Error(`${name} does not pass:\n${stderr}`);
    return { cpu: Number(readFileSync(meter, 'utf8')), clock };
  }

  remove(): void {
    rmSync(this.dir, { recursive: true });
  }
}
