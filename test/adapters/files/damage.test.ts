/** The file store on disks that are full, logs that are damaged, and directories that two processes write. */
import { type FaultyFiles, faultyFiles } from 'tidemark/testing';
import { type FileStore, type FileStoreConfig, fileStore } from '../../../adapters/files/store.js';
import { encode } from '../../../lib/codec.js';
import type { CommitAnswer, Upsert } from '../../../lib/ports.js';
import { chunkOf } from '../chunk.js';

const LOG = '/data/tidemark.log';
const row = (key: string, n: number): Upsert => ({
  op: 'upsert',
  ...{ key: [key], row: { n }, revision: [n], timestamp: n },
});

function start(files: FaultyFiles, config: Partial<FileStoreConfig> = {}): Promise<FileStore> {
  return fileStore({ dir: '/data', fs: files.boot(), clock: { now: () => 0 }, ...config });
}

/* A checkpoint with one row and a few bytes of state. */
async function send(store: FileStore, epoch: number, n: number, pad = 1): Promise<CommitAnswer> {
  const rows = [{ store: store.table('t', { key: ['k'] }), rows: [row('a', n)] }];
  return store.checkpoints().commit({
    ...{ job: 'job', task: '0', epoch, n, prev: n - 1, drained: false, fingerprint: 'f', rows },
    positions: new Map([['in', n]]),
    operators: ['op'],
    changed: [{ operator: 'op', chunk: 'a', bytes: encode({ n, pad: 'x'.repeat(pad) }) }],
    dropped: [],
    pieces: 1,
  });
}

/* Takes the job over, and checks that rows, state and positions are those of one checkpoint. */
async function owned(store: FileStore): Promise<{ readonly epoch: number; readonly n: number }> {
  const { epoch, checkpoint } = await store.checkpoints().acquire('job', '0', 'f');
  const n = checkpoint?.n ?? 0;
  const values: unknown[] = [];
  for await (const r of store.table('t', { key: ['k'] }).rows()) values.push(r['n']);
  expect(values).toEqual(n === 0 ? [] : [n]);
  expect(checkpoint?.positions.get('in')).toBe(n === 0 ? undefined : n);
  expect(chunkOf(checkpoint, 'op', 'a') ?? {}).toMatchObject(n === 0 ? {} : { n });
  return { epoch, n };
}

async function withCommits(n: number, beside = false): Promise<FaultyFiles> {
  const files = faultyFiles({});
  const store = await start(files);
  const { epoch } = await owned(store);
  for (let i = 1; i <= n; i++) await send(store, epoch, i);
  if (beside) await store.table('beside', { key: ['k'] }).upsert([row('b', 1)]);
  await store.close();
  return files;
}

it('a full disk is said, nothing of the commit is there, and with space it goes on', async () => {
  const files = faultyFiles({});
  const store = await start(files);
  const { epoch } = await owned(store);
  await send(store, epoch, 1);
  files.capacity = (files.bytesOf(LOG)?.length ?? 0) + 150;
  await expect(send(store, epoch, 2, 500)).rejects.toMatchObject({
    kind: 'connection',
    message: `fileStore: cannot write "${LOG}": the disk is full; free some space, and it goes on`,
  });
  expect(await store.checkpoints().lastCommitted('job', '0')).toEqual({ epoch, n: 1 });
  files.capacity = Infinity;
  expect((await send(store, epoch, 2, 500)).outcome).toBe('ok');
  expect(store.status()).toMatchObject({ reopened: 0, recoveries: [] });
  files.crash('unsynced lost');
  expect(await owned(await start(files))).toEqual({ epoch: epoch + 1, n: 2 });
});

it('a compaction that finds no space leaves the log as it is', async () => {
  const files = faultyFiles({});
  const store = await start(files, { compactAbove: 1 });
  const { epoch } = await owned(store);
  files.capacity = 8000;
  for (let n = 1; n <= 5; n++)
    await send(store, epoch, n, n === 1 ? 3000 : 3000 + n * 10).catch(() => {});
  const { n } = await store.checkpoints().lastCommitted('job', '0');
  files.capacity = Infinity;
  expect(await owned(store)).toMatchObject({ n });
  expect(store.status().failedCompactions).toBeGreaterThan(0);
});

it('after a failed sync the outcome is unknown, and known when it was asked for', async () => {
  const files = faultyFiles({});
  const store = await start(files);
  const { epoch } = await owned(store);
  files.at(files.steps.length + 1, { fail: 'EIO' });
  await expect(send(store, epoch, 1)).rejects.toMatchObject({
    kind: 'connection',
    message: expect.stringMatching(/cannot force to the disk .*: the disk fails/),
  });
  const { n } = await store.checkpoints().lastCommitted('job', '0');
  expect(store.status()).toMatchObject({ reopened: 1 });
  files.crash('unsynced lost');
  expect((await owned(await start(files))).n).toBe(n);
});

it('whichever byte is flipped: refused, or told of and gone back from', async () => {
  const length = (await withCommits(3)).bytesOf(LOG)?.length ?? 0;
  const seen = { refused: 0, back: 0 };
  for (let at = 0; at < length; at++) {
    const files = await withCommits(3);
    const bytes = files.bytesOf(LOG) as Uint8Array;
    bytes[at] = (bytes[at] as number) ^ (1 << (at % 8));
    const told: string[] = [];
    const store = await start(files, { recovered: ({ message }) => told.push(message) }).catch(
      (thrown: Error) => {
        expect(thrown).toMatchObject({ name: 'StoreError', kind: 'refused' });
        expect(thrown.message).toMatch(/damaged|has format/);
      },
    );
    if (store === undefined) {
      seen.refused++;
      continue;
    }
    expect(told).toEqual([
      expect.stringMatching(
        /^the last \d+ bytes of .* are (damaged|cut short); job "job" goes on from checkpoint 2$/,
      ),
    ]);
    const { epoch, n } = await owned(store);
    expect([epoch > 2, n]).toEqual([true, 2]);
    expect(store.status().recoveries).toHaveLength(1);
    seen.back++;
  }
  expect(seen.refused).toBeGreaterThan(200);
  expect(seen.back).toBeGreaterThan(100);
});

/* In the state of checkpoint 2 of 3. */
function damageSecond(files: FaultyFiles): void {
  const bytes = files.bytesOf(LOG) as Uint8Array;
  const text = Buffer.from(bytes).toString('latin1');
  bytes[text.lastIndexOf('{"n":2,"pad"') + 3] = 0;
}

it('damage before valid records is refused, unless going back is asked for', async () => {
  const files = await withCommits(3);
  damageSecond(files);
  const refused = start(files);
  await expect(refused).rejects.toThrow(/damaged at byte \d+, with 1 valid records after it; rest/);
  await expect(refused).rejects.toThrow(
    'or open it with `onDamage: \'previous\'` to go back: job "job" goes on from checkpoint 1',
  );
  const told: string[] = [];
  const recovered = ({ message }: { message: string }) => told.push(message);
  const store = await start(files, { onDamage: 'previous', recovered });
  expect(told).toEqual([expect.stringMatching(/tidemark\.log\.damaged".*from checkpoint 1$/)]);
  expect(files.bytesOf(`${LOG}.damaged`)?.length).toBeGreaterThan(100);
  const first = await store.checkpoints().acquire('job', '0', undefined);
  expect(first.fallback).toBe(told[0]);
  expect(await store.checkpoints().acquire('job', '0', undefined)).not.toHaveProperty('fallback');
  const { epoch, n } = await owned(store);
  expect([epoch > 2, n]).toEqual([true, 1]);
  expect((await send(store, epoch, 2)).outcome).toBe('ok');
  files.crash('unsynced lost');
  expect(await owned(await start(files))).toMatchObject({ n: 2 });
});

it('where more than checkpoints would be lost, going back is refused', async () => {
  const files = await withCommits(3, true);
  damageSecond(files);
  await expect(start(files, { onDamage: 'previous' })).rejects.toThrow(
    /with 2 valid records after it, not all of them checkpoints; restore a copy/,
  );
});

it('without a lock, an owner that was taken over is refused by what it reads', async () => {
  const files = faultyFiles({ locks: false });
  const [a, b] = [await start(files), await start(files, { compactAbove: 1 })];
  const first = await owned(a);
  await send(a, first.epoch, 1);
  const second = await owned(b);
  expect(second).toEqual({ epoch: 2, n: 1 });
  expect(await send(a, first.epoch, 2)).toEqual({ outcome: 'fenced' });
  for (let n = 2; n < 12; n++) expect((await send(b, second.epoch, n)).outcome).toBe('ok');
  expect(b.status().compactions).toBeGreaterThan(0);
  expect(await send(a, first.epoch, 12)).toEqual({ outcome: 'fenced' });
  expect(a.status().reopened).toBeGreaterThan(0);
});

it('without a lock, of two owners that meet at any point no answered checkpoint is lost', async () => {
  let [met, done] = [0, 0];
  for (let seed = 1; seed <= 60; seed++) {
    const files = faultyFiles({ seed, locks: false });
    const answered = new Map<number, number>();
    const work = async (store: FileStore) => {
      for (let tries = 0; tries < 6; tries++) {
        try {
          const { epoch, checkpoint } = await store.checkpoints().acquire('job', '0', 'f');
          for (let n = (checkpoint?.n ?? 0) + 1; ; n++) {
            const { outcome } = await send(store, epoch, n);
            if (outcome !== 'ok') break;
            expect(answered.get(n)).toBeUndefined();
            answered.set(n, epoch);
            if (n % 3 === 0) break;
          }
        } catch (thrown) {
          expect(thrown).toMatchObject({ name: 'StoreError', kind: 'connection' });
          met++;
        }
      }
    };
    const [a, b] = [await start(files), await start(files)];
    await Promise.all([work(a), work(b)]);
    const { n } = await owned(await start(files));
    expect(n).toBeGreaterThanOrEqual(Math.max(0, ...answered.keys()));
    done += answered.size;
  }
  expect(met).toBeGreaterThan(300);
  expect(done).toBeGreaterThan(100);
});
