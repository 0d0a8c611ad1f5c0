/**
 * `npm run crash -- [--kills N] [--zombies N] [--restarts N] [--cuts N] [--store KIND:|URL] [--seed S]
 * [--events N] [--jobs N] [--resume FILE]`: prints a line after each fault, and at the end lost, doubled and
 * wrong rows, and which stages were hit.
 */
import { createHash } from 'node:crypto';
import { rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { killRuns } from './kills.js';
import { outageRuns } from './outages.js';
import { isStore, kinds, rule, serverKinds } from './places.js';
import { type Found, missed, type Report, Saved } from './tally.js';
import { zombieRuns } from './zombies.js';

const options = {
  kills: { type: 'string' },
  zombies: { type: 'string' },
  restarts: { type: 'string' },
  cuts: { type: 'string' },
  store: { type: 'string', default: 'pglite:' },
  seed: { type: 'string', default: '1' },
  events: { type: 'string', default: '40000' },
  jobs: { type: 'string', default: '2' },
  resume: { type: 'string' },
} as const;

/** What a command line asks for; of the faults, those that were named. */
interface Asked {
  readonly kills: number;
  readonly zombies: number;
  readonly restarts: number;
  readonly cuts: number;
  readonly seed: number;
  readonly events: number;
  readonly jobs: number;
  readonly store: string;
  readonly resume: string | undefined;
}

const faults = ['kills', 'zombies', 'restarts', 'cuts'] as const;
/** So many kills hit every stage; of fewer some may be missing. */
const ENOUGH = 200;
const log = (line: string) => console.log(line);

function asked(): Asked | string {
  let values: ReturnType<typeof parseArgs<{ options: typeof options }>>['values'];
  try {
    values = parseArgs({ options }).values;
  } catch (thrown) {
    return (thrown as Error).message;
  }
  const { store, resume } = values;
  if (!isStore(store)) return `\`--store\` must be ${rule}; got ${store}`;
  const named = faults.some((name) => values[name] !== undefined);
  const numbers = { ...values, kills: values.kills ?? (named ? '0' : '20') };
  const n = { kills: 0, zombies: 0, restarts: 0, cuts: 0, seed: 0, events: 0, jobs: 0 };
  for (const name of Object.keys(n) as (keyof typeof n)[]) {
    const text = numbers[name];
    n[name] = Number(text ?? 0);
    const least = faults.some((fault) => fault === name) ? 0 : 1;
    if (!Number.isSafeInteger(n[name]) || n[name] < least) {
      return `\`--${name}\` must be a whole number >= ${least}; got ${text}`;
    }
  }
  for (const name of ['zombies', 'restarts', 'cuts'] as const) {
    const server = name === 'zombies' ? 'a server' : serverKinds.join(' or ');
    const fits = name === 'zombies' ? !isOneOf(kinds, store) : isOneOf(serverKinds, store);
    if (n[name] > 0 && !fits)
      return `\`--store\` must be ${server}, where \`--${name}\` is given; got ${store}`;
  }
  return { ...n, store, resume };
}

function isOneOf(names: readonly string[], text: string): boolean {
  return names.includes(text);
}

async function kills(o: Asked): Promise<boolean> {
  const { kills, seed, events, store, jobs } = o;
  const what = `${store.split('://')[0]} ${digest(store)} seed ${seed} events ${events}`;
  const path = o.resume ?? join(tmpdir(), `tidemark-crash-${digest(what)}.json`);
  const saved = new Saved(path, what);
  const { runs } = saved.read();
  log(runs === 0 ? `goes on from ${path} if interrupted` : `goes on from run ${runs} of ${path}`);
  const report = await killRuns({ kills, seed, events, store, jobs, saved, log });
  // one that is done does not stand in the way of the next
  if (o.resume === undefined) rmSync(path, { force: true });
  tell(report);
  const none = missed(report);
  if (none.length > 0) log(`no kill landed in: ${none.join(', ')}`);
  return rowsRight(report) && (none.length === 0 || kills < ENOUGH);
}

function tell(report: Report): void {
  const { runs, kills, midWork, longestMs, elapsedMs } = report;
  log(`${kills} kills in ${runs} runs, ${midWork} mid-work; went on within ${longestMs} ms`);
  log(`by stage: ${stagesText(report)}`);
  log(`${(elapsedMs / 1000 / kills).toFixed(2)} s a kill`);
}

async function zombies(o: Asked): Promise<boolean> {
  const { zombies, seed, events, store, jobs } = o;
  const report = await zombieRuns({ zombies, seed, events, store, jobs, log });
  const { midWork, longestMs } = report;
  log(`${report.zombies} zombies, ${midWork} woke mid-work; taken over within ${longestMs} ms`);
  return rowsRight(report);
}

async function outages(o: Asked, kind: 'restart' | 'cut', faults: number): Promise<boolean> {
  const { seed, events, store } = o;
  const report = await outageRuns({ kind, faults, seed, events, store, log });
  log(
    `${report.kills} ${kind}s in ${report.runs} runs; the job was run again ${report.again} times`,
  );
  log(`went on within ${report.longestMs} ms; by stage: ${stagesText(report)}`);
  return rowsRight(report);
}

function stagesText({ byStage }: Report): string {
  return Object.entries(byStage)
    .map(([stage, n]) => `${stage} ${n}`)
    .join(', ');
}

function rowsRight({ lost, doubled, wrong }: Found): boolean {
  log(`lost ${lost}, doubled ${doubled}, wrong ${wrong}`);
  return lost + doubled + wrong === 0;
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 12);
}

async function main(): Promise<number> {
  const o = asked();
  if (typeof o === 'string') {
    console.error(`crash: ${o}`);
    return 2;
  }
  let right = true;
  if (o.kills > 0) right = (await kills(o)) && right;
  if (o.zombies > 0) right = (await zombies(o)) && right;
  if (o.restarts > 0) right = (await outages(o, 'restart', o.restarts)) && right;
  if (o.cuts > 0) right = (await outages(o, 'cut', o.cuts)) && right;
  return right ? 0 : 1;
}

// an interrupted command ends what it has started, as its processes do at every exit
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => process.exit(130));

main().then(
  (code) => {
    process.exitCode = code;
  },
  (thrown) => {
    console.error(`crash: ${(thrown as Error).message}`);
    process.exitCode = 1;
  },
);
