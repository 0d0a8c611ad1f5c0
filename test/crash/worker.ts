/**
 * The main job in a process that waits, loaded, until it is told its command line, tells of each of its
 * durable steps, and kills itself where it was told to.
 */
import { once } from 'node:events';
import { writeSync } from 'node:fs';
import type { Store } from 'tidemark/memory';
import { sentenceOf } from '../../examples/main/main.js';
import { mainProgram } from '../../examples/main/mainJob.js';
import { openStore } from '../../examples/main/openStore.js';
import { readMainOptions } from '../../examples/main/options.js';
import type { Program } from '../../examples/main/program.js';
import { runOn } from '../../examples/main/run.js';
import { type Death, Steps, tellCaptures, told } from './steps.js';

/** What a worker is to do. */
export interface Errand {
  readonly args: readonly string[];
  /** A store of its own for the checkpoints: the table is then of class O. */
  readonly checkpoints?: string;
  readonly deaths: readonly Death[];
}

/** Where it tells of its steps. */
const TOLD_FD = 3;

async function work({ args, checkpoints, deaths }: Errand): Promise<number> {
  const steps = new Steps(TOLD_FD, deaths);
  tellCaptures(steps);
  steps.counted('errand');
  const options = readMainOptions(args);
  if (options === undefined) throw new Error('there is nothing to run');
  const table = await steps.around('open', () => openStore(options, process));
  const other = checkpoints === undefined ? table : await opened(args, checkpoints);
  const store: Store = {
    table: (name, config) => table.table(name, config),
    checkpoints: () => other.checkpoints(),
    async close() {
      await table.close();
      if (other !== table) await other.close();
    },
  };
  const all = told(store, steps);
  const code = await runOn(all, toldProgram(mainProgram(options), steps), process);
  await all.close();
  return code;
}

async function opened(args: readonly string[], store: string): Promise<Store> {
  const options = readMainOptions([...args, '--store', store]);
  if (options === undefined) throw new Error('there is nothing to open');
  return openStore(options, process);
}

/* The same program; it tells when its input is opened, and may die in the middle of it. */
function toldProgram(program: Program, steps: Steps): Program {
  const build: Program['build'] = (context) => {
    const { inputDoors } = context;
    const doors: typeof inputDoors = {
      ...inputDoors,
      opened(input, from) {
        inputDoors.opened(input, from);
        steps.passed('read');
      },
      rejected(row) {
        inputDoors.rejected(row);
        steps.counted('line');
      },
    };
    return program.build({ ...context, inputDoors: doors });
  };
  return { ...program, build };
}

/* What a store needs is loaded before it is asked for: a process that waits is ready. */
async function load(kind: string): Promise<void> {
  if (kind.startsWith('pglite:')) await import('tidemark/embedded');
  if (kind.startsWith('postgres')) await Promise.all([import('tidemark/postgres'), import('pg')]);
  if (kind.startsWith('redis')) await Promise.all([import('tidemark/redis'), import('ioredis')]);
}

await load(process.argv[2] ?? '');
writeSync(TOLD_FD, '= ready\n');
const [errand] = await once(process.stdin.setEncoding('utf8'), 'data');
process.stdin.destroy();
try {
  process.exitCode = await work(JSON.parse(errand) as Errand);
} catch (thrown) {
  process.stderr.write(`main: ${sentenceOf(thrown)}\n`);
  process.exitCode = 1;
}
