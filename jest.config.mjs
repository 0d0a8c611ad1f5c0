/** Jest 30 with swc: no type check here (`npm run typecheck` does that), right source lines. */
import { availableParallelism } from 'node:os';

const config = {
  testEnvironment: '<rootDir>/test/environment.cjs',
  roots: ['<rootDir>/test', '<rootDir>/examples/testing'],
  testMatch: ['**/*.test.ts'],
  extensionsToTreatAsEsm: [],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: {
          parser: { syntax: 'typescript' },
          target: 'es2022',
          transform: { useDefineForClassFields: false },
        },
        module: { type: 'commonjs' },
        sourceMaps: 'inline',
      },
    ],
  },
  moduleNameMapper: {
    '^#lib/(.*)\\.js$': '<rootDir>/lib/$1.ts',
    '^@electric-sql/pglite$': '<rootDir>/test/pglite.ts',
    '^tidemark$': '<rootDir>/operators/index.ts',
    '^tidemark/(.*)$': '<rootDir>/adapters/$1/index.ts',
    '^(\\.{1,2}/.*)\\.js$': '$1',
  },
  testTimeout: 60000,
  // many tests wait for a server or a process more than they work
  maxWorkers: Math.max(2, Math.floor(availableParallelism() / 2)),
  // what test files leave behind slows all that come after them down
  workerIdleMemoryLimit: '512MB',
};
export default config;
