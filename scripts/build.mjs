// Builds the package: ESM and CommonJS, the programs that import it by name, and the prepared
// Postgres data directory of the embedded store. Runs by itself after `npm ci`.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
process.chdir(root);

function run(file, args) {
  const { status } = spawnSync(process.execPath, [file, ...args], { stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}
const tsc = 'node_modules/typescript/bin/tsc';

for (const part of ['esm', 'cjs', 'examples', 'test'])
  rmSync(`dist/${part}`, { recursive: true, force: true });
run(tsc, ['-p', 'tsconfig.esm.json']);
run(tsc, ['-p', 'tsconfig.cjs.json']);
mkdirSync('dist/cjs', { recursive: true });
writeFileSync(
  'dist/cjs/package.json',
  '{ "type": "commonjs", "sideEffects": ["./adapters/testing/jest/index.js"] }\n',
);
run(tsc, ['-p', 'tsconfig.programs.json']);
if (!existsSync('dist/pgdata.tar.gz') && existsSync('scripts/prepare-pgdata.mjs')) {
  run('scripts/prepare-pgdata.mjs', ['dist/pgdata.tar.gz']);
}
