/** `npm run crash -- [--kills N] [--store KIND:|URL] [--seed S] [--events N]`: prints lost, doubled and wrong rows. */
import { parseArgs } from 'node:util';
import { killRuns } from './kills.js';
import { isStore, rule } from './places.js';

const options = {
  kills: { type: 'string', default: '20' },
  store: { type: 'string', default: 'pglite:' },
  seed: { type: 'string', default: '1' },
  events: { type: 'string', default: '30000' },
} as const;

function usage(sentence: string): number {
  console.error(`crash: ${sentence}`);
  return 2;
}

async function main(): Promise<number> {
  let values: Record<keyof typeof options, string>;
  try {
    values = parseArgs({ options }).values;
  } catch (thrown) {
    return usage((thrown as Error).message);
  }
  const { store } = values;
  if (!isStore(store)) return usage(`\`--store\` must be ${rule}; got ${store}`);
  const [kills, seed, events] = [values.kills, values.seed, values.events].map(Number);
  for (const [name, n] of Object.entries({ kills, seed, events })) {
    if (!Number.isSafeInteger(n) || (n as number) < 1) {
      return usage(`\`--${name}\` must be a whole number > 0; got ${values[name as 'kills']}`);
    }
  }
  const log = (line: string) => console.log(line);
  const report = await killRuns({
    kills: kills as number,
    seed: seed as number,
    events: events as number,
    store,
    log,
  });
  const { runs, kills: killed, midWork, lost, doubled, wrong } = report;
  console.log(`${killed} kills in ${runs} runs, ${midWork} mid-work`);
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
