/** `npm run bounded [-- --events N]`: the state and memory of the main job at N / 10 and N events, on both stores. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { main } from '../../examples/main/main.js';

const MIB = 2 ** 20;
const BYTES_PER_KIB = 1024;

interface Figures {
  readonly joinRows: number;
  readonly windows: number;
  readonly dedupeKeys: number;
  readonly eventsPerSecond: number;
  readonly rssMib: number;
}

/* One run in a process of its own, since memory is counted by process. */
function measure(events: number, store: string): Figures {
  const self = fileURLToPath(import.meta.url);
  const args = [self, '--one', String(events), '--store', store];
  const child = spawnSync(process.execPath, args, { encoding: 'utf8', maxBuffer: MIB });
  if (child.status !== 0) throw new Error(child.stderr.trim());
  return JSON.parse(child.stdout.trim().split('\n').at(-1) as string);
}

async function one(events: number, store: string): Promise<number> {
  let summary = '';
  const stdout = Object.assign(Object.create(process.stdout), {
    write(text: string, done?: () => void) {
      summary += text;
      done?.();
      return true;
    },
  });
  const { stdin, stderr } = process;
  const args = ['--generate', String(events), '--store', store, '--quiet', '--summary', '-'];
  const code = await main(args, { stdin, stdout, stderr });
  if (code !== 0) return code;
  const { peak, eventsPerSecond } = JSON.parse(summary);
  const rssMib = Math.round((process.resourceUsage().maxRSS * BYTES_PER_KIB) / MIB);
  console.log(JSON.stringify({ ...peak, eventsPerSecond, rssMib }));
  return 0;
}

function compare(events: number): number {
  const names = ['events', 'store', 'join rows', 'windows', 'ids', 'RSS MiB', 'events/s'];
  console.log(names.map((name) => name.padStart(10)).join(''));
  let grown = false;
  for (const store of ['memory:', 'pglite:']) {
    const [small, large] = [events / 10, events].map((n) => {
      const f = measure(n, store);
      const row = [n, store, f.joinRows, f.windows, f.dedupeKeys, f.rssMib, f.eventsPerSecond];
      console.log(row.map((x) => String(x).padStart(10)).join(''));
      return f;
    }) as [Figures, Figures];
    for (const what of ['joinRows', 'windows', 'dedupeKeys'] as const) {
      if (large[what] > small[what] * 1.1) grown = true;
    }
  }
  console.log(grown ? 'state grows with the input' : 'state does not grow with the input');
  return grown ? 1 : 0;
}

async function run(): Promise<number> {
  const options = {
    events: { type: 'string', default: '5000000' },
    one: { type: 'string' },
    store: { type: 'string', default: 'memory:' },
  } as const;
  const { values } = parseArgs({ options });
  if (values.one !== undefined) return one(Number(values.one), values.store);
  const events = Number(values.events);
  if (Number.isSafeInteger(events) && events >= 10) return compare(events);
  console.error(`bounded: \`--events\` must be a whole number >= 10; got ${values.events}`);
  return 2;
}

process.exitCode = await run();
