/** The examples on the pages of the test world compile, with the names that its packages export. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { complaintsAbout } from './compiler.js';

const root = join(__dirname, '..');
const room = 'adapters/testing';
const pages = readdirSync(join(root, room), { recursive: true, encoding: 'utf8' }).filter((path) =>
  path.endsWith('.ts'),
);
const examples = pages.flatMap((page) => examplesOf(readFileSync(join(root, room, page), 'utf8')));

/** What stands behind each `@example`, up to the next tag. */
function examplesOf(text: string): string[] {
  const comments = [...text.matchAll(/\/\*\*[\s\S]*?\*\//g)].map(([comment]) => comment);
  return comments.flatMap((comment) => {
    const lines = comment.replace(/\s*\*\/$/, '').replace(/^\s*\* ?/gm, '');
    const [, ...parts] = lines.split(/^@example/m);
    return parts.map((part) => part.split(/^@\w/m)[0] as string);
  });
}

/** The door of a package, turned round: it imports all that the package exports. */
function importsOf(name: string, door: string): string {
  const text = readFileSync(join(root, door), 'utf8');
  return text.replace(/^export/gm, 'import').replace(/from '[^']+'/g, `from '${name}'`);
}

/** What an example may use without saying where it comes from. */
const prelude = [
  importsOf('tidemark', 'operators/index.ts'),
  importsOf('tidemark/testing', `${room}/index.ts`),
  importsOf('tidemark/testing/fast-check', `${room}/fast-check/index.ts`),
  "import 'tidemark/testing/jest';",
  "import fc from 'fast-check';",
  "import { concatMap, from, type Observable } from 'rxjs';",
  "import { memoryStore } from 'tidemark/memory';",
  "import { fileStore } from 'tidemark/files';",
  "import { readFileSync } from 'node:fs';",
  'declare const readings: readonly { at: number }[], seen: unknown[];',
  'declare const countsOf: (readings: readonly { at: number }[]) => unknown;',
  'declare const input: readonly Message[], received: typeof input, expected: typeof input;',
  'declare const checkpoints: CheckpointStore;',
  'declare const sink: <T>(in$: Observable<Element<T>>) => Observable<Ack>;',
  'declare const out$: Observable<Element<string>>;',
  'declare const body: (t: TestTools) => void;',
  'declare const t: EventTimeTest;',
  'const { stream, expectStream, record, door, flush } = t;',
  'declare const lane: SceneLane;',
  "declare const simulated: Omit<SimulationConfig, 'seed' | 'faults'>;",
].join('\n');

function moduleOf(example: string): string {
  return example.includes('import ') ? example : `${prelude}\n{\n${example}\n}\n`;
}

it('every example on a page of the test world compiles', () => {
  expect(examples.length).toBeGreaterThan(30);
  expect(complaintsAbout(examples.map(moduleOf))).toBe('');
});

it('an example that uses what nobody exports is found', () => {
  const [wrong = ''] = examplesOf(
    '/**\n * Does.\n * @example\n * marble(1);\n * @throws Error\n */',
  );
  expect(wrong.trim()).toBe('marble(1);');
  expect(complaintsAbout([moduleOf(wrong)])).toContain("Cannot find name 'marble'");
});
