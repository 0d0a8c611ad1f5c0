/** Directories of the embedded store: killed, locked, half-made, wrong. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { embeddedStore } from '../../adapters/embedded/index.js';
import { chunkOf } from './chunk.js';

const base = mkdtempSync(join(tmpdir(), 'tidemark-test-'));
const children: ChildProcess[] = [];
afterAll(() => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(base, { recursive: true });
});
const path = (name: string) => join(base, name);

function start(dir: string): ChildProcess {
  const child = fork(join(__dirname, '../typescript.cjs'), [
    join(__dirname, 'embeddedChild.ts'),
    dir,
  ]);
  children.push(child);
  return child;
}

async function killed(child: ChildProcess): Promise<void> {
  child.kill('SIGKILL');
  await once(child, 'exit');
}

async function told<T>(child: ChildProcess, about: (message: any) => boolean): Promise<T> {
  for (;;) {
    const [message] = await once(child, 'message');
    if (about(message)) return message as T;
  }
}

test('a process killed while it commits loses nothing, and what it held is free again', async () => {
  const dir = path('killed');
  let done = 0;
  for (const more of [3, 12]) {
    const child = start(dir);
    const begun = await told<{ epoch: number; n: number; count: number }>(
      child,
      (m) => 'epoch' in m,
    );
    expect(begun.n).toBeGreaterThanOrEqual(done);
    expect(begun.count).toBe(begun.n * 10);
    ({ done } = await told<{ done: number }>(child, (m) => m.done >= begun.n + more));
    const other = embeddedStore({ dir });
    await expect(other).rejects.toThrow(`"${dir}" is in use by process ${child.pid}`);
    await killed(child);
  }
  const store = await embeddedStore({ dir });
  const { n } = await store.checkpoints().lastCommitted('job', '0');
  const { epoch, checkpoint } = await store.checkpoints().acquire('job', '0', 'f');
  expect(epoch).toBe(3);
  expect(n).toBeGreaterThanOrEqual(done);
  expect(chunkOf(checkpoint, 'op', 'a')).toMatchObject({ n });
  const table = store.table('t', { key: ['k'] });
  expect(await table.count()).toBe(n * 10);
  await expect(embeddedStore({ dir })).rejects.toThrow(
    `is in use by this process (${process.pid})`,
  );
  await store.close();
}, 30_000);

test('a process killed while it fills a new directory leaves one that opens', async () => {
  const dir = path('half');
  mkdirSync(join(dir, 'base'), { recursive: true });
  writeFileSync(join(dir, 'tidemark.loading'), '');
  writeFileSync(join(dir, 'PG_VERSION'), '18\n');
  writeFileSync(join(dir, 'base', 'half'), 'written');
  const store = await embeddedStore({ dir });
  expect(await store.checkpoints().lastCommitted('job', '0')).toEqual({ epoch: 0, n: 0 });
  await store.close();
  expect(existsSync(join(dir, 'tidemark.loading'))).toBe(false);
  expect(existsSync(join(dir, 'base', 'half'))).toBe(false);
});

test('a lock of a process that is gone, or of another that got its id, is no lock', async () => {
  const dir = path('stale');
  mkdirSync(dir);
  writeFileSync(join(dir, 'tidemark.lock.999999999'), '1');
  writeFileSync(join(dir, `tidemark.lock.${process.ppid}`), 'another start');
  writeFileSync(join(dir, `tidemark.lock.${process.pid}`), 'another start');
  const store = await embeddedStore({ dir });
  const locks = readdirSync(dir).filter((name) => name.startsWith('tidemark.lock'));
  expect(locks).toEqual([`tidemark.lock.${process.pid}`]);
  await store.close();
  expect(readdirSync(dir).some((name) => name.startsWith('tidemark.'))).toBe(false);
});

test('a store without a directory leaves nothing behind', async () => {
  const temporary = () => readdirSync(tmpdir()).filter((name) => name.startsWith('tidemark-pg-'));
  const before = temporary();
  const store = await embeddedStore();
  const [made] = temporary().filter((name) => !before.includes(name));
  expect(made).toBeDefined();
  await store.close();
  await store.close();
  expect(temporary()).not.toContain(made);
});

test('what cannot be a data directory is refused in one sentence', async () => {
  const file = path('file');
  writeFileSync(file, '');
  const full = path('full');
  mkdirSync(full);
  writeFileSync(join(full, 'letter.txt'), '');
  await expect(embeddedStore({ dir: file })).rejects.toThrow(
    `embeddedStore: cannot use "${file}": it is not a directory, or lies below a file`,
  );
  await expect(embeddedStore({ dir: join(file, 'below') })).rejects.toThrow('lies below a file');
  await expect(embeddedStore({ dir: full })).rejects.toThrow('holds other files and no store');
  expect(readdirSync(full)).toEqual(['letter.txt']);
  await expect(embeddedStore({ dir: '/proc/none' })).rejects.toThrow(
    'cannot use "/proc/none": no directory can be made there',
  );
  await expect(embeddedStore({ dir: '' })).rejects.toThrow('`dir` must be the path of a directory');
  const damaged = path('damaged');
  mkdirSync(damaged);
  writeFileSync(join(damaged, 'PG_VERSION'), '18\n');
  await expect(embeddedStore({ dir: damaged })).rejects.toThrow('Postgres does not start on');
  expect(readdirSync(damaged)).toEqual(['PG_VERSION']);
});
