/** `npm run crash -- [--kills N | --zombies N] [--store KIND:|URL] [--seed S] [--events N]`: prints lost, doubled and wrong rows. */
import { parseArgs } from 'node:util';
import { killRuns } from './kills.js';
import { isStore, kinds, rule } from './places.js';
import { type ZombieReport, zombieRuns } from './zombies.js';

const options = {
  kills: { type: 'string', default: '20' },
  zombies: { type: 'string' },
  store: { type: 'string', default: 'pglite:' },
  seed: { type: 'string', default: '1' },
  events: { type: 'string', default: '30000' },
} as const;

function usage(sentence: string): number {
  console.error(`crash: ${sentence}`);
  return 2;
}

async function main(): Promise<number> {
  let values: ReturnType<typeof parseArgs<{ options: typeof options }>>['values'];
  try {
    values = parseArgs({ options }).values;
  } catch (thrown) {
    return usage((thrown as Error).message);
  }
  const { store } = values;
  if (!isStore(store)) return usage(`\`--store\` must be ${rule}; got ${store}`);
  const zombies = Number(values.zombies ?? 1);
  const [kills, seed, events] = [Number(values.kills), Number(values.seed), Number(values.events)];
  for (const [name, n] of Object.entries({ kills, zombies, seed, events })) {
    if (!Number.isSafeInteger(n) || n < 1) {
      return usage(`\`--${name}\` must be a whole number > 0; got ${values[name as 'kills']}`);
    }
  }
  const log = (line: string) => console.log(line);
  if (values.zombies !== undefined) {
    if (kinds.some((kind) => kind === store)) {
      return usage(`\`--store\` must be a server, where \`--zombies\` is given; got ${store}`);
    }
    return verdict(await zombieRuns({ zombies, seed, events, store, log }));
  }
  const report = await killRuns({ kills, seed, events, store, log });
  console.log(`${report.kills} kills in ${report.runs} runs, ${report.midWork} mid-work`);
  return rowsVerdict(report);
}

function verdict(report: ZombieReport): number {
  const { zombies, midWork, longestMs } = report;
  console.log(`${zombies} zombies, ${midWork} woke mid-work; taken over within ${longestMs} ms`);
  return rowsVerdict(report);
}

function rowsVerdict({ lost, doubled, wrong }: Pick<ZombieReport, 'lost' | 'doubled' | 'wrong'>) {
  console.log(`lost ${lost}, doubled ${doubled}, wrong ${wrong}`);
  return lost + doubled + wrong === 0 ? 0 : 1;
}

main().then(
  (code) => {
    process.exitCode = code;
  },
  (thrown) => {
    console.error(`crash: ${(thrown as Error).message}`);
    process.exitCode = 1;
  },
);
