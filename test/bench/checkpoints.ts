/** What checkpoints cost the main job: its events per second with them and without any but the last. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { median } from './figures.js';

const EVENTS = 1_500_000;
const RUNS = 3;
/** The throughput must be at least this part of that without checkpoints. */
const MUST = 0.8;
const NEVER = ['1000d', '1000000000'] as const;

interface Workload {
  readonly name: string;
  readonly every: string;
  readonly everyEvents: string;
}

const checkpointWorkloads: readonly Workload[] = [
  { name: "every: '10s'", every: '10s', everyEvents: '1000000' },
  { name: 'every 10,000 events', every: '10s', everyEvents: '10000' },
];

export interface CheckpointsReport {
  readonly name: string;
  readonly question: string;
  readonly must: number;
  /** Events per second of processor time, medians. */
  readonly measured: number;
  readonly against: number;
  readonly ratio: number;
}

export const howCheckpoints = `${EVENTS} events a run, memory store; CPU time of whole processes, medians of ${RUNS} runs in turns`;

/* Processor time, of the whole process: other work on the machine does not count. */
function eventsPerSecond(every: string, everyEvents: string): number {
  const cli = fileURLToPath(new URL('../../examples/main/cli.js', import.meta.url));
  const when = ['--checkpoint-every', every, '--checkpoint-every-events', everyEvents];
  const what = ['--generate', String(EVENTS), '--store', 'memory:', '--quiet', ...when];
  const script = `process.on('exit', () => { const { user, system } = process.cpuUsage(); process.stderr.write('cpu ' + (user + system)); })`;
  const hook = `data:text/javascript,${encodeURIComponent(script)}`;
  const child = spawnSync(process.execPath, ['--import', hook, cli, ...what], { encoding: 'utf8' });
  const micros = Number(/cpu (\d+)$/.exec(child.stderr)?.[1]);
  if (child.status !== 0 || Number.isNaN(micros)) throw new Error(child.stderr.trim());
  return Math.round((EVENTS * 1e6) / micros);
}

/** Runs take turns, so that a slow moment hits all. */
export function measureCheckpoints(print: (line: string) => void): CheckpointsReport[] {
  const times = new Map<Workload, number[]>(checkpointWorkloads.map((w) => [w, []]));
  const none: number[] = [];
  for (let i = 0; i < RUNS; i++) {
    none.push(eventsPerSecond(...NEVER));
    for (const [{ every, everyEvents }, all] of times)
      all.push(eventsPerSecond(every, everyEvents));
  }
  return [...times].map(([{ name }, all]) => {
    const [measured, against] = [median(all), median(none)];
    const question = `main job, ${name}, against no checkpoint but the last`;
    const ratio = measured / against;
    const kept = ratio >= MUST ? 'yes' : 'NO';
    print(`\n${question}\n  events/s of CPU ${measured} and ${against}`);
    print(`  ratio ${ratio.toFixed(2)}, must be at least ${MUST}: ${kept}`);
    return { name, question, must: MUST, measured, against, ratio };
  });
}
