/** The examples of the README and of docs/ compile as they stand, and print what they say. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { transformSync } from '@swc/core';
import { complaintsAbout } from './compiler.js';

interface Example {
  readonly name: string;
  readonly code: string;
  readonly output: string;
}

const root = join(__dirname, '..');
const docs = readdirSync(join(root, 'docs')).filter((name) => name.endsWith('.md'));
const pages = ['README.md', ...docs.map((name) => `docs/${name}`)];
const examples = pages.flatMap((page) => examplesOf(page, readFileSync(join(root, page), 'utf8')));

/** A `ts` block, and the `text` block right after it: what it prints. */
function examplesOf(page: string, text: string): Example[] {
  const blocks = text.matchAll(/^```ts\n([\s\S]*?)^```\n(?:\s*```text\n([\s\S]*?)^```)?/gm);
  return [...blocks].map(({ index, 1: code = '', 2: output }) => {
    const name = `${page}:${text.slice(0, index).split('\n').length}`;
    if (output === undefined) throw new Error(`${name} does not say what it prints`);
    return { name, code, output };
  });
}

/** Runs an example as a module of its own; gives what it printed. */
async function outputOf(code: string): Promise<string> {
  const { code: script } = transformSync(code, {
    jsc: { parser: { syntax: 'typescript' }, target: 'es2022' },
    module: { type: 'commonjs' },
  });
  const lines: string[] = [];
  const log = (...args: readonly unknown[]): void => {
    lines.push(args.map((x) => (typeof x === 'string' ? x : inspect(x))).join(' '));
  };
  const AsyncFunction = Object.getPrototypeOf(async () => {}).constructor;
  const tests: [name: string, body: () => unknown][] = [];
  const it = (name: string, body: () => unknown) => tests.push([name, body]);
  await new AsyncFunction('require', 'exports', 'console', 'it', script)(load, {}, { log }, it);
  for (const [name, body] of tests) log(await verdictOn(name, body));
  return `${lines.join('\n')}\n`;
}

function load(name: string): unknown {
  if (name.startsWith('node:')) return require(name);
  switch (name) {
    case 'rxjs':
      return require('rxjs');
    case 'tidemark':
      return require('tidemark');
    case 'tidemark/files':
      return require('tidemark/files');
    case 'tidemark/http':
      return require('tidemark/http');
    case 'tidemark/memory':
      return require('tidemark/memory');
    case 'tidemark/process':
      return require('tidemark/process');
    case 'tidemark/testing':
      return require('tidemark/testing');
    case 'tidemark/testing/jest':
      return require('tidemark/testing/jest');
    case 'tidemark/testing/fast-check':
      return require('tidemark/testing/fast-check');
    default:
      throw new Error(`an example imports ${name}`);
  }
}

/** What a test says: its name, and the message of its failure below. */
async function verdictOn(name: string, body: () => unknown): Promise<string> {
  try {
    await body();
    return `✓ ${name}`;
  } catch (thrown) {
    return `✗ ${name}\n\n${(thrown as Error).message}`;
  }
}

it.each(examples)('$name prints what it says', async ({ code, output }) => {
  expect(await outputOf(code)).toBe(output);
});

it('every example compiles without an annotation', () => {
  expect(complaintsAbout(examples.map(({ code }) => code))).toBe('');
});

it('the README shows a program and its output within twenty lines', () => {
  const lines = readFileSync(join(root, 'README.md'), 'utf8').split('\n').slice(0, 20);
  expect(lines.filter((line) => line.startsWith('```'))).toEqual([
    '```ts',
    '```',
    '```text',
    '```',
  ]);
});

it('an example that prints something else, or does not compile, is found', async () => {
  const [wrong] = examplesOf('a.md', '```ts\nconsole.log(1 as string);\n```\n```text\n2\n```\n');
  expect(await outputOf(wrong?.code ?? '')).not.toBe(wrong?.output);
  expect(complaintsAbout([wrong?.code ?? ''])).toContain("type 'number' to type 'string'");
  expect(() => examplesOf('a.md', '```ts\nlet a = 1;\n```\n')).toThrow('a.md:1 does not say');
});
