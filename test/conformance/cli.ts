/** `npm run conformance -- PATH...`: runs case files and tells what differs. Exit 0, 1 failed, 2 unreadable. */
import type { Case } from './case.js';
import { printCase, printTable, type Tally } from './print.js';
import { caseFiles, readCases } from './read.js';
import { runCase } from './run.js';

function main(paths: readonly string[]): number {
  if (paths.length === 0) {
    console.error('conformance: PATH must be a .jsonl or .jsonl.gz file or a folder; got none');
    return 2;
  }
  let cases: Case[];
  try {
    cases = paths.flatMap(caseFiles).flatMap(readCases);
  } catch (thrown) {
    console.error(`conformance: ${(thrown as Error).message}`);
    return 2;
  }
  const tallies = runAll(cases);
  console.log(printTable(tallies));
  const all = [...tallies.values()];
  const failed = all.reduce((n, t) => n + t.failed, 0);
  console.log(`${all.reduce((n, t) => n + t.passed, 0)} passed, ${failed} failed`);
  return failed > 0 ? 1 : 0;
}

function runAll(cases: readonly Case[]): Map<string, Tally> {
  const tallies = new Map<string, Tally>();
  for (const c of cases) {
    const tally = tallies.get(c.family) ?? { passed: 0, failed: 0, notBuilt: 0 };
    tallies.set(c.family, tally);
    const verdict = runCase(c);
    if (verdict.passed) {
      tally.passed++;
      continue;
    }
    tally.failed++;
    if (verdict.received === undefined) tally.notBuilt++;
    console.log(printCase(c, verdict));
  }
  return tallies;
}

process.exitCode = main(process.argv.slice(2));
