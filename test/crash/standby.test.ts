/** Two processes of the main job on one store: the second is refused, or waits and takes over; never both at work. */
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  compare,
  ended,
  inputOf,
  reference,
  rowsIn,
  sizeOf,
  sleep,
  start,
  startStandby,
} from './runs.js';

const dir = mkdtempSync(join(tmpdir(), 'tidemark-standby-'));
const children: ChildProcess[] = [];
afterAll(() => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(dir, { recursive: true, force: true });
});

/** Stores that outlive their process, each time another. */
const stores = [
  ['file:', async () => `file:${mkdtempSync(join(dir, 'file-'))}`],
  ['pglite:', async () => `pglite:${mkdtempSync(join(dir, 'pglite-'))}`],
] as const;

const EVENTS = 20_000;
const SEED = 5;

function paths(name: string) {
  const at = join(dir, name);
  const out = ['--out', `${at}.out`, '--rejected', `${at}.rejected`];
  return { out: `${at}.out`, rejected: `${at}.rejected`, args: [...out, '--rate', '8000'] };
}

const input = [
  ...inputOf(SEED, EVENTS),
  ...['--checkpoint-every', '100ms', '--checkpoint-every-events', '1000'],
];

function run(store: string, name: string) {
  const { args, ...at } = paths(name);
  return known(start([...input, '--store', store, ...args]), at);
}

async function standBy(store: string, name: string) {
  const { args, ...at } = paths(name);
  return known(await startStandby([...input, '--store', store, ...args]), at);
}

function known<T extends object>(child: ChildProcess, at: T) {
  children.push(child);
  return { child, over: ended(child), ...at };
}

async function atWork({ rejected, over }: ReturnType<typeof run>): Promise<void> {
  let running = true;
  over.then(() => {
    running = false;
  });
  while (running && sizeOf(rejected) === 0) await sleep(5);
  expect(running).toBe(true);
}

const NONE = { lost: 0, doubled: 0, wrong: 0 };
let undisturbed: readonly string[];
beforeAll(async () => {
  undisturbed = await reference(dir, SEED, EVENTS);
}, 60_000);

it.each(stores)(
  'on %s a second process is refused; a standby takes over when the first is killed, and ends with its table',
  async (kind, make) => {
    const store = await make();
    const owner = run(store, `${kind}owner`);
    await atWork(owner);
    const second = await run(store, `${kind}second`).over;
    expect(second).toMatchObject({ code: 1, signal: null });
    expect(second.error).toMatch(/^main: [^\n]*process \d+[^\n]*standby[^\n]*$/);
    const standby = await standBy(store, `${kind}standby`);
    expect(sizeOf(standby.rejected)).toBe(0);
    expect(owner.child.kill('SIGKILL')).toBe(true);
    const killed = Date.now();
    await atWork(standby);
    expect(Date.now() - killed).toBeLessThan(15_000);
    expect(await owner.over).toMatchObject({ signal: 'SIGKILL' });
    expect(await standby.over).toMatchObject({ code: 0, signal: null });
    expect(compare(undisturbed, rowsIn(standby.out))).toEqual(NONE);
  },
  60_000,
);

it.each(stores)(
  'on %s SIGTERM ends an owner at a checkpoint, and a standby that waits, with 0; the next one goes on',
  async (kind, make) => {
    const store = await make();
    const owner = run(store, `${kind}stopped`);
    await atWork(owner);
    const [unwanted, standby] = [
      await standBy(store, `${kind}unwanted`),
      await standBy(store, `${kind}next`),
    ];
    unwanted.child.kill('SIGTERM');
    expect(await unwanted.over).toMatchObject({ code: 0, signal: null });
    expect(owner.child.kill('SIGTERM')).toBe(true);
    expect(await owner.over).toEqual({ code: 0, signal: null, error: '' });
    expect(await standby.over).toMatchObject({ code: 0, signal: null });
    expect(compare(undisturbed, rowsIn(standby.out))).toEqual(NONE);
    expect(sizeOf(owner.out) + sizeOf(unwanted.out)).toBe(0);
  },
  60_000,
);
