/** Every case of a built family passes; the others fail, and are never counted as passed. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Case, Row } from './case.js';
import { printCase } from './print.js';
import { caseFiles, readCases } from './read.js';
import { runCase } from './run.js';

const folder = join(__dirname, 'cases');
const cases = caseFiles(folder).flatMap(readCases);
const built = ['D1', 'D2', 'DV', 'J1', 'W1', 'W2', 'W3', 'X'];

function isBuilt(c: Case): boolean {
  return built.includes(c.family) && c.cfg['trigger'] === undefined;
}

function isInnerOrLeft(c: Case): boolean {
  return c.family === 'JO' && ['inner', 'left'].includes(`${c.cfg['type']}`);
}

/* JO is compared without W, and its outer rows only where a case ends in MAX. */
function isCompared(c: Case, row: Row): boolean {
  if (c.family === 'JO') return row[0] === 'J' && !row.includes(null);
  return row[0] !== 'IDLE' && row[0] !== 'ACTIVE';
}

function tooMany(c: Case): Row {
  return c.family === 'JO' ? ['J', 'z', 1, 2, -999] : ['W', -999];
}

function failuresOf(wanted: readonly Case[], partly: boolean): string {
  expect(wanted.length).toBeGreaterThan(0);
  const failing = wanted.flatMap((c) => {
    const verdict = runCase(c, partly);
    return verdict.passed ? [] : [printCase(c, verdict)];
  });
  return failing.join('\n');
}

it.each(built)('family %s does at each step what the engine did', (family) => {
  const wanted = cases.filter((c) => c.family === family && isBuilt(c));
  expect(failuresOf(wanted, false)).toBe('');
});

it('inner and left joins of family JO do what the engine did', () => {
  expect(failuresOf(cases.filter(isInnerOrLeft), true)).toBe('');
});

it('a case of a family, or with a trigger, that is not built fails and says so', () => {
  const wanted = cases.filter((c) => !isBuilt(c));
  expect(wanted.length).toBeGreaterThan(100);
  for (const c of wanted) expect(runCase(c)).toMatchObject({ passed: false, received: undefined });
});

it('a case fails as soon as one row of it is another one, missing, or too many', () => {
  for (const c of cases.filter((x) => isBuilt(x) || isInnerOrLeft(x))) {
    const at = c.out.findIndex((rows) => rows[0] !== undefined && isCompared(c, rows[0]));
    if (at < 0) continue;
    const rows = c.out[at] as readonly Row[];
    const other = [...(rows[0] as Row).slice(0, -1), 'other'];
    for (const wrong of [rows.slice(1), [other, ...rows.slice(1)], [...rows, tooMany(c)]]) {
      expect(runCase({ ...c, out: c.out.with(at, wrong) }, true).passed).toBe(false);
    }
  }
});

it('a case that cannot be read is named by file and line', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tidemark-'));
  try {
    expect(() => caseFiles(folder)).toThrow(`${folder} has no .jsonl or .jsonl.gz file`);
    writeFileSync(
      join(folder, 'a.jsonl.gz'),
      gzipSync(`${JSON.stringify(cases[0])}\n\n{"id":1}\n`),
    );
    expect(() => caseFiles(folder).flatMap(readCases)).toThrow(/a\.jsonl\.gz:3 is no case$/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
