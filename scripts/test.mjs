// Runs all tests and ends with one plain line, `N passed, N failed`. `--no-servers` leaves out, and names, what needs a server.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureServers } from './servers.mjs';

const dir = mkdtempSync(join(tmpdir(), 'tidemark-test-'));
const report = join(dir, 'report.json');
const jest = ['node_modules/jest/bin/jest.js', '--json', `--outputFile=${report}`];
const args = process.argv.slice(2).filter((arg) => arg !== '--no-servers');
const SERVER_TEST = /\.server\.test\.ts$/;
if (args.length < process.argv.length - 2) {
  for (const path of readdirSync('test', { recursive: true }).sort()) {
    if (SERVER_TEST.test(path)) console.log(`left out, as it needs a server: test/${path}`);
  }
  args.push('--testPathIgnorePatterns', '/node_modules/', SERVER_TEST.source);
} else {
  await ensureServers(console.log);
}
const { status } = spawnSync(process.execPath, [...jest, ...args], {
  stdio: ['inherit', 2, 'inherit'],
});
let passed = 0;
let failed = 1;
try {
  const result = JSON.parse(readFileSync(report, 'utf8'));
  passed = result.numPassedTests;
  failed = result.numFailedTests + result.numRuntimeErrorTestSuites;
} catch {
  // no report: the runner itself failed, counted as one failure
}
if (status !== 0 && failed === 0) failed = 1;
rmSync(dir, { recursive: true, force: true });
console.log(`${passed} passed, ${failed} failed`);
process.exit(status ?? 1);
