/** Tidiness is a test: who imports whom, how long a file is, what never stands in one. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';

interface Source {
  readonly path: string;
  readonly text: string;
}

/** A rule finds what is wrong with a file; it must find something in each of its `bad` samples. */
interface Rule {
  readonly says: string;
  readonly about: (path: string) => boolean;
  readonly finds: (file: Source) => readonly string[];
  readonly bad: readonly Source[];
}

const root = join(__dirname, '..');
const tracked = execFileSync('git', ['ls-files', '-co', '--exclude-standard'], { cwd: root })
  .toString()
  .split('\n')
  .filter((path) => path !== '' && existsSync(join(root, path)));
const files: readonly Source[] = tracked
  .filter((path) => !/\.(gz|jsonl|png)$/.test(path))
  .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }));

const code = (path: string): boolean => /\.(ts|mjs)$/.test(path);
const inside =
  (...floors: readonly string[]) =>
  (path: string): boolean =>
    path.endsWith('.ts') && floors.some((floor) => path.startsWith(`${floor}/`));

function importsOf(text: string): string[] {
  const found = text.matchAll(/^(?:import|export)\s(?:[^'";=()]*?\sfrom\s+)?'([^']+)'/gm);
  const dynamic = text.matchAll(/\bimport\(\s*'([^']+)'/g);
  return [...found, ...dynamic].map((match) => match[1] as string);
}

/** The file that a relative import means; undefined for a package. */
function targetOf(path: string, specifier: string): string | undefined {
  if (!specifier.startsWith('.')) return undefined;
  return normalize(join(dirname(path), specifier)).replace(/\.js$/, '.ts');
}

/** Imports that a file may not have. */
function misplaced(file: Source, may: (target: string) => boolean): string[] {
  return importsOf(file.text).filter((s) => !may(targetOf(file.path, s) ?? s));
}

function room(path: string): string {
  return path.split('/').slice(0, 2).join('/');
}

function lines(file: Source, offends: (line: string) => boolean): string[] {
  return file.text.split('\n').flatMap((line, i) => (offends(line) ? [`${i + 1}: ${line}`] : []));
}

function matches(pattern: RegExp): Rule['finds'] {
  return (file) => lines(file, (line) => pattern.test(line));
}

function sample(path: string, ...text: readonly string[]): Source {
  return { path, text: text.join('\n') };
}

/** The declaration of each export: no bodies, and nothing that overloads hide. */
function exportedSignatures(text: string): string[] {
  const starts = text.matchAll(/^export (?:async )?(function|interface|type|const|class) (\w+)/gm);
  const found = [...starts];
  const names = found.map((match) => match[2]);
  return found.flatMap(({ index, 1: kind, 2: name }) => {
    const rest = text.slice(index);
    const end = kind === 'function' ? /\{\n|;\n/ : /^[}\])]|;\n/m;
    const to = rest.search(end);
    const hidden = rest[to] === '{' && names.indexOf(name) !== names.lastIndexOf(name);
    return hidden ? [] : [rest.slice(0, to)];
  });
}

/** Files that a test imports or mirrors, and what these use, however far down. */
function reachedByTests(sources: readonly Source[]): ReadonlySet<string> {
  const texts = new Map(sources.map((f) => [f.path, f.text]));
  const uses = (path: string): string[] =>
    importsOf(texts.get(path) ?? '').flatMap((s) => targetOf(path, s) ?? []);
  const tests = [...texts.keys()].filter((path) => path.endsWith('.test.ts'));
  const waiting = tests.flatMap((path) => [mirrored(path), ...uses(path)]);
  const reached = new Set<string>();
  for (const path of waiting) {
    if (reached.has(path) || path === DOOR) continue;
    reached.add(path);
    waiting.push(...uses(path));
  }
  return reached;
}

function mirrored(path: string): string {
  return path.replace(/^test\//, '').replace(/\.test\.ts$/, '.ts');
}

/** The public door imports everything: to be reached through it proves nothing. */
const DOOR = 'operators/index.ts';
const reached = reachedByTests(files);

const rules: readonly Rule[] = [
  {
    says: 'lib imports nothing but lib, and RxJS in operate alone',
    about: inside('lib'),
    finds: (file) =>
      misplaced(file, (to) => {
        if (to === 'rxjs') return file.path === 'lib/operate.ts';
        return to.startsWith('lib/');
      }),
    bad: [
      sample('lib/a.ts', "import { of } from 'rxjs';"),
      sample('lib/a.ts', "import { readFile } from 'node:fs';"),
      sample('lib/job/a.ts', 'export {', '  b,', "} from '../../operators/b.js';"),
    ],
  },
  {
    says: 'an operator imports operators, lib and RxJS',
    about: inside('operators'),
    finds: (file) => misplaced(file, (to) => to === 'rxjs' || /^(operators|lib)\//.test(to)),
    bad: [
      sample('operators/a.ts', "import { b } from '../adapters/memory/b.js';"),
      sample('operators/a.ts', "import { b } from 'node:path';"),
      sample('operators/a.ts', "const b = await import('rxjs/testing');"),
    ],
  },
  {
    says: 'an adapter imports its own room, lib and packages, but not this one',
    about: inside('adapters'),
    finds: (file) =>
      misplaced(file, (to) => {
        if (/^(lib|adapters|operators|examples|test)\//.test(to)) {
          return to.startsWith('lib/') || room(to) === room(file.path);
        }
        return !to.startsWith('tidemark') && !to.startsWith('.');
      }),
    bad: [
      sample('adapters/files/a.ts', "import { b } from '../memory/b.js';"),
      sample('adapters/files/a.ts', "import { b } from '../../operators/b.js';"),
      sample('adapters/files/a.ts', "import { b } from 'tidemark';"),
    ],
  },
  {
    says: 'an example imports what a user imports',
    about: inside('examples'),
    finds: (file) => misplaced(file, (to) => !/^(lib|adapters|operators|test|\.|#)/.test(to)),
    bad: [sample('examples/main/a.ts', "import { b } from '../../lib/b.js';")],
  },
  {
    says: 'a file begins with a sentence that says what it is for',
    about: code,
    finds: (file) => {
      const head = /^(?:\/\*\*(?:[^*]|\*(?!\/))+\*\/|(?:\/\/ .+\n)+)/.exec(file.text)?.[0] ?? '';
      return /[\s\S]{15,}[.:;]/u.test(head) ? [] : ['no header'];
    },
    bad: [sample('lib/a.ts', "import { b } from './b.js';"), sample('lib/a.ts', '/** A. */')],
  },
  {
    says: 'a file of the house has at most 300 lines',
    about: inside('lib', 'operators', 'adapters'),
    finds: ({ text }) => {
      const count = text.split('\n').length - 1;
      return count > 300 ? [`${count} lines`] : [];
    },
    bad: [sample('lib/a.ts', '\n'.repeat(301))],
  },
  {
    says: 'a line has at most 140 columns, unless a string makes it longer',
    about: code,
    finds: (file) => {
      let inTemplate = false;
      return lines(file, (line) => {
        const string = inTemplate || /^(?!\s*(?:\/\*|\*|\/\/)).*(['"`]).{30,}\1/.test(line);
        inTemplate = (line.split('`').length % 2 === 0) !== inTemplate;
        return !string && !inTemplate && [...line].length > 140;
      });
    },
    bad: [sample('lib/a.ts', `/** ${'x'.repeat(140)} */`), sample('lib/a.ts', 'x'.repeat(141))],
  },
  {
    says: 'the exported signatures of operators have no `any`',
    about: inside('operators'),
    finds: ({ text }) =>
      exportedSignatures(text).filter((s) =>
        /\bany\b/.test(s.replace(/\/\*[\s\S]*?\*\/|Aggregate<[^<>]*>|\.\.\.Op<any, any>/g, '')),
      ),
    bad: [
      sample('operators/a.ts', 'export function a(b: any): void {', '}'),
      sample('operators/a.ts', 'export interface A {', '  b: any;', '}'),
    ],
  },
  {
    says: 'the library does not print, and leaves nothing to do later',
    about: inside('lib', 'operators', 'adapters'),
    finds: matches(
      /^(?!\s*\*).*\bconsole\b|\bTO[D]O\b|\bFIX[M]E\b|\bXX[X]\b|@ts-(?:ignore|expect-error|nocheck)/,
    ),
    bad: [sample('lib/a.ts', "console.log('');"), sample('lib/a.ts', `// ${'TO'}DO later`)],
  },
  {
    says: 'the core asks neither the wall clock nor chance',
    about: inside('lib', 'operators'),
    finds: matches(
      /\bDate\.now\b|Math\.random\b|\bset(?:Timeout|Interval|Immediate)\b|\bperformance\b|new Date\(\)/,
    ),
    bad: [sample('lib/a.ts', 'const now = Date.now();')],
  },
  {
    says: 'a test is neither left out nor run alone',
    about: (path) => path.endsWith('.test.ts'),
    finds: matches(/\b(?:it|test|describe)\.(?:skip|only|todo|failing)\b|\b[xf](?:it|describe)\(/),
    bad: [sample('test/a.test.ts', `it.${'only'}('x', () => {});`)],
  },
  {
    says: 'each file of lib and operators is reached by a test',
    about: (path) => inside('lib', 'operators')(path) && path !== DOOR,
    finds: ({ path }) => (reached.has(path) ? [] : ['no test leads to it']),
    bad: [sample('lib/nowhere.ts')],
  },
  {
    says: 'each operator shows a diagram',
    about: (path) => /^operators\/\w+\.ts$/.test(path) && path !== DOOR,
    finds: ({ text }) => (/^ \* ```text$/m.test(text) ? [] : ['no ```text block']),
    bad: [sample('operators/a.ts', '/** An operator. */')],
  },
  {
    says: 'a file names no path of a machine and no registry',
    about: (path) => !['test/tidy.test.ts', 'LICENSE'].includes(path),
    finds: matches(
      /(?:^|[\s"'`(=:])\/(?:work|home|Users|root)\/|\bregistry\.|"resolved":|\bartifactory\b/,
    ),
    bad: [
      sample('README.md', `see /${'home'}/notes.md`),
      sample('package-lock.json', '"resolved": "https://example.test/a.tgz"'),
    ],
  },
];

describe.each(rules)('$says', ({ about, finds, bad }) => {
  it('everywhere', () => {
    const offences = files
      .filter((file) => about(file.path))
      .flatMap((file) => finds(file).map((what) => `${file.path}: ${what}`));
    expect(offences).toEqual([]);
  });
  it('and a file that breaks it is found', () => {
    expect(bad.length).toBeGreaterThan(0);
    for (const file of bad) {
      expect(about(file.path)).toBe(true);
      expect(finds(file)).not.toEqual([]);
    }
  });
});

/** A way round in the imports, or undefined. */
function cycleIn(sources: readonly Source[]): readonly string[] | undefined {
  const graph = new Map(
    sources.map((f) => [f.path, importsOf(f.text).flatMap((s) => targetOf(f.path, s) ?? [])]),
  );
  const done = new Set<string>();
  const walk = (path: string, trail: readonly string[]): readonly string[] | undefined => {
    if (trail.includes(path)) return [...trail.slice(trail.indexOf(path)), path];
    if (done.has(path)) return undefined;
    for (const next of graph.get(path) ?? []) {
      const cycle = walk(next, [...trail, path]);
      if (cycle !== undefined) return cycle;
    }
    done.add(path);
    return undefined;
  };
  for (const path of graph.keys()) {
    const cycle = walk(path, []);
    if (cycle !== undefined) return cycle;
  }
  return undefined;
}

describe('no import leads back to its file', () => {
  it('everywhere', () => {
    const all = files.filter((f) => inside('lib', 'operators', 'adapters', 'examples')(f.path));
    expect(all.length).toBeGreaterThan(10);
    expect(cycleIn(all)).toBeUndefined();
  });
  it('and a cycle is found', () => {
    const cycle = cycleIn([
      sample('lib/a.ts', "import { b } from './b.js';"),
      sample('lib/b.ts', "import type { c } from './job/c.js';"),
      sample('lib/job/c.ts', "export { a } from '../a.js';"),
    ]);
    expect(cycle).toEqual(['lib/a.ts', 'lib/b.ts', 'lib/job/c.ts', 'lib/a.ts']);
  });
});

describe('the lockfile names every optional package, also those of other machines', () => {
  it('or `npm ci` refuses it where a registry lacks some of them', () => {
    const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
    expect(unnamedIn(lock.packages)).toEqual([]);
  });
  it('and one that is not named is found', () => {
    const some = { '': {}, 'node_modules/a': { optionalDependencies: { b: '1.0.0' } } };
    expect(unnamedIn(some)).toEqual(['b']);
  });
});

function unnamedIn(packages: Record<string, { optionalDependencies?: object }>): string[] {
  const wanted = Object.values(packages).flatMap((p) => Object.keys(p.optionalDependencies ?? {}));
  const named = (name: string): boolean =>
    Object.keys(packages).some((path) => path.endsWith(`node_modules/${name}`));
  return [...new Set(wanted)].filter((name) => !named(name));
}
