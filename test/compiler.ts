/** What the compiler says of examples, which are no files of this project. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = join(__dirname, '..');

/** What the compiler says of modules, with the settings of this package. */
export function complaintsAbout(modules: readonly string[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'tidemark-docs-'));
  try {
    for (const [i, code] of modules.entries()) writeFileSync(join(folder, `e${i}.ts`), code);
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(settings()));
    return compile(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function settings(): object {
  const { compilerOptions } = JSON.parse(readFileSync(join(root, 'tsconfig.json'), 'utf8'));
  const paths = Object.fromEntries(
    Object.entries<string[]>(compilerOptions.paths).map(([name, [path = '']]) => [
      name,
      [join(root, path)],
    ]),
  );
  return {
    extends: join(root, 'tsconfig.base.json'),
    compilerOptions: {
      ...compilerOptions,
      module: 'preserve',
      noUnusedLocals: false,
      noUnusedParameters: false,
      types: ['node', 'jest'],
      typeRoots: [join(root, 'node_modules/@types')],
      paths: { ...paths, '*': [join(root, 'node_modules/*')] },
    },
  };
}

function compile(folder: string): string {
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  try {
    return execFileSync(process.execPath, [tsc, '-p', folder], { encoding: 'utf8' });
  } catch (thrown) {
    return (thrown as { stdout: string }).stdout;
  }
}
