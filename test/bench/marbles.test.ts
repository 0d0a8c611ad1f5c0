/** The benchmarks of marble tests measure what they say: tests that pass, and that can fail. */
import { transformSync } from '@swc/core';
import { longTests } from './longTests.js';
import { marbleFile, plainFile, TESTS } from './testFiles.js';

type Body = () => void;

/** The bodies of the tests of a file. */
function testsOf(file: string): Body[] {
  const { code } = transformSync(file, {
    jsc: { parser: { syntax: 'typescript' }, target: 'es2022' },
    module: { type: 'commonjs' },
  });
  const bodies: Body[] = [];
  const it = (_: string, body: Body) => void bodies.push(body);
  const packages: Readonly<Record<string, unknown>> = {
    rxjs: require('rxjs'),
    tidemark: require('tidemark'),
    'tidemark/testing': require('tidemark/testing'),
  };
  new Function('require', 'exports', 'it', code)((name: string) => packages[name], {}, it);
  return bodies;
}

describe.each([
  ['marbles', marbleFile()],
  ['elements that are pushed by hand', plainFile()],
])('the file of %s', (_, file) => {
  it('has all its tests, and they pass', () => {
    const bodies = testsOf(file);
    expect(bodies).toHaveLength(TESTS);
    for (const body of bodies) expect(body).not.toThrow();
  });
  /* A failure costs more than a success: one test in ten shows it. */
  it.each([
    ['a count', /n: 2/g, 'n: 3'],
    ['the late event', /W(?=\d+ d@)|(?<=watermarkAt\()(?=\d+\)\);\n.*'d')/g, '$&-'],
  ])('fails where %s is wrong', (_, right, wrong) => {
    const bodies = testsOf(file.replace(right, wrong));
    for (let i = 0; i < TESTS; i += 10) expect(bodies[i]).toThrow();
  });
});

it.each(longTests)('the long test of $name passes at any length', ({ run }) => {
  for (const n of [1, 2, 1000]) expect(() => run(n)).not.toThrow();
});
