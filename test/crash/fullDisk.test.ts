/** The main job on a disk that is full: one clear sentence, and it goes on when there is space again. */
import fs, { mkdtempSync, rmSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { main } from '../../examples/main/main.js';
import { expectTable, ran, rowsOf } from '../examples/commands.js';

const dir = mkdtempSync(join(tmpdir(), 'tidemark-full-'));
afterEach(() => jest.restoreAllMocks());
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/* From now on the disk takes so many bytes, and of a write that passes the end only what still fits. */
async function fill(space: number): Promise<void> {
  const handle = await open(join(dir, 'any'), 'a');
  const proto = Object.getPrototypeOf(handle) as FileHandle;
  await handle.close();
  const { write } = proto;
  let left = space;
  jest.spyOn(proto, 'write').mockImplementation(function (this: FileHandle, ...args: unknown[]) {
    const [bytes, from = 0] = args as [Uint8Array, number?];
    if (left === 0) {
      const full = new Error('ENOSPC: no space left on device, write');
      return Promise.reject(Object.assign(full, { code: 'ENOSPC' }));
    }
    const length = Math.min(left, bytes.length - from);
    left -= length;
    return Reflect.apply(write, this, [bytes, from, length]);
  });
}

const run = (store: string, out: string) =>
  ran(main, [
    ...['--generate', '20000', '--checkpoint-every-events', '1000', '--quiet'],
    ...['--store', store, '--out', join(dir, out)],
  ]);

it.each([200, 40_000])(
  'a disk that takes %d bytes more is told of in one sentence, and nothing is lost when there is space again',
  async (space) => {
    const store = `file:${join(dir, `store-${space}`)}`;
    await fill(space);
    const full = await run(store, 'none');
    expect(full).toMatchObject({ code: 1, stdout: '' });
    expect(full.stderr).toMatch(
      /^main: fileStore: cannot [^\n]*: the disk is full; free some space, and it goes on\n$/,
    );
    jest.restoreAllMocks();
    expect((await run(store, 'out')).code).toBe(0);
    await run('memory:', 'undisturbed');
    expectTable(rowsOf(dir, 'out'), rowsOf(dir, 'undisturbed'));
  },
  60_000,
);

it('an embedded Postgres is stopped before it meets the end of the disk, from where it never comes back', async () => {
  const store = `pglite:${join(dir, 'embedded')}`;
  const disk = { bavail: 2 ** 18, bsize: 4096 } as fs.StatsFs;
  let asked = 0;
  // other processes fill it
  jest.spyOn(fs, 'statfsSync').mockImplementation((() => {
    return ++asked < 30 ? disk : { ...disk, bavail: 2 ** 12 - 1 };
  }) as never);
  expect(await run(store, 'none')).toEqual({
    code: 1,
    stdout: '',
    stderr: `main: embeddedStore: cannot write to "${join(dir, 'embedded')}": the disk is full; free some space, and it goes on\n`,
  });
  jest.restoreAllMocks();
  expect(await run(store, 'out')).toMatchObject({ code: 0, stderr: '' });
  await run('memory:', 'undisturbed');
  expectTable(rowsOf(dir, 'out'), rowsOf(dir, 'undisturbed'));
});
