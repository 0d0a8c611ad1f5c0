/** The file store keeps the laws of all stores; and what only directories, logs and disks can be asked. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type StoreUnderTest, storeLaws } from 'tidemark/testing';
import { type FileStore, fileStore } from '../../../adapters/files/store.js';
import type { CommitEntry, TaskEntry } from '../../../lib/log/entry.js';
import {
  encodeRecord,
  FILE_HEADER,
  type LogRecord,
  recordAt,
  statedLength,
} from '../../../lib/log/record.js';

const base = mkdtempSync(join(tmpdir(), 'tidemark-log-'));
const path = (...names: string[]) => join(base, ...names);
const open: FileStore[] = [];
afterAll(async () => {
  for (const store of open) await store.close();
  rmSync(base, { recursive: true });
});

/** A store in a directory of its own, and how to do to its log what a law asks for. */
function under(name: string, compactAbove: number): StoreUnderTest {
  const clock = { ms: 0 };
  let store: FileStore | undefined;
  const log = path(name, 'tidemark.log');
  const opened = async () => {
    if (store !== undefined) return store;
    store = await fileStore({ dir: path(name), clock: { now: () => clock.ms }, compactAbove });
    open.push(store);
    return store;
  };
  const closed = async () => {
    await store?.close();
    store = undefined;
  };
  return {
    store: opened,
    clock,
    leases: true,
    outbox: true,
    expires: true,
    reopen: closed,
    async raiseFormat(job) {
      await closed();
      writeFileSync(log, raised(readFileSync(log), job));
    },
    async lose(job, chunk) {
      await closed();
      writeFileSync(log, without(readFileSync(log), job, chunk));
    },
    async damage() {
      await closed();
      const bytes = readFileSync(log);
      bytes.writeUInt8(bytes.readUInt8(bytes.length - 2) ^ 1, bytes.length - 2);
      writeFileSync(log, bytes);
    },
  };
}

/* The log with the checkpoints of a job as a version to come would write them. */
function raised(log: Buffer, job: string): Uint8Array {
  return changed(log, job, ({ entry, raw }) => encodeRecord({ ...entry, format: 2 }, [raw]));
}

/* The log as one that has written each piece but these. */
function without(log: Buffer, job: string, chunk: string): Uint8Array {
  return changed(log, job, ({ entry, raw }) => {
    let at = 0;
    const pieces = entry.changed.map((name) => {
      at += name[2];
      return { name, bytes: raw.subarray(at - name[2], at) };
    });
    const left = pieces.filter(({ name }) => name[1] !== chunk);
    const names = left.map(({ name }) => name);
    return encodeRecord(
      { ...entry, changed: names },
      left.map(({ bytes }) => bytes),
    );
  });
}

type OfJob = CommitEntry | TaskEntry;

/* The log with other records for the checkpoints of a job. */
function changed(
  log: Buffer,
  job: string,
  change: (record: { entry: OfJob; raw: Uint8Array }) => Uint8Array,
): Uint8Array {
  const records: Uint8Array[] = [FILE_HEADER];
  for (let at = FILE_HEADER.length; at < log.length; at += statedLength(log, at) as number) {
    const { entry, raw } = recordAt(log, at) as LogRecord;
    const ours = (entry.kind === 'commit' || entry.kind === 'task') && entry.job === job;
    records.push(ours ? change({ entry, raw }) : encodeRecord(entry, [raw]));
  }
  return Buffer.concat(records);
}

it.each(storeLaws(under('laws', 2 ** 20)))('$name', ({ check }) => check());

const compacting = under('compacting', 1);
const { damage: _, ...means } = compacting;
it.each(storeLaws(means))('compacted all the time: $name', ({ check }) => check());

it('that compaction had happened all the time', async () => {
  const store = (await compacting.store()) as FileStore;
  await store.checkpoints().lastCommitted('job', '0'); // comes after the compaction under way
  expect(store.status()).toMatchObject({ failedCompactions: 0, recoveries: [] });
  const { bytes, liveBytes } = store.status();
  expect(bytes).toBeLessThan(4 * liveBytes);
  expect(readdirSync(path('compacting')).sort()).toEqual([
    `tidemark.lock.${process.pid}`,
    'tidemark.log',
    'tidemark.open',
  ]);
});

it('bytes, dates and plain data come back after a reopening, and after a compaction', async () => {
  const dir = path('values');
  const row = {
    b: new Uint8Array([0, 255]),
    d: new Date(5),
    list: [1n, { a: Number.NaN }],
    u: null,
  };
  const key = ['k', 'bin'];
  for (const compactAbove of [2 ** 20, 0, 0]) {
    const store = await fileStore({ dir, compactAbove });
    const table = store.table('any', { key });
    const binary = store.table('typed', { key: ['k'], columns: { k: 'bytea', v: 'bytea' } });
    await table.upsert([{ op: 'upsert', key: ['a', 1], row, revision: [0], timestamp: 0 }]);
    const k = new Uint8Array([7]) as unknown as string;
    const typed = { op: 'upsert' as const, key: [k], revision: [0], timestamp: 0 };
    await binary.upsert([{ ...typed, row: { v: new Uint8Array([1, 2]) } }]).catch(() => {});
    for await (const back of table.rows()) expect(back).toEqual({ k: 'a', bin: 1, ...row });
    expect(await table.count()).toBe(1);
    await store.close();
  }
});

it('one process at a time holds a directory, and files of the dead hold nothing', async () => {
  const dir = path('held');
  const store = await fileStore({ dir });
  await expect(fileStore({ dir })).rejects.toThrow(
    `fileStore: "${dir}" is in use by this process (${process.pid})`,
  );
  await store.close();
  await store.close();
  await expect(store.table('t', { key: ['k'] }).count()).rejects.toMatchObject({
    kind: 'connection',
    message: 'fileStore: the store is closed',
  });
  expect(readdirSync(dir)).toEqual(['tidemark.log']);
  writeFileSync(join(dir, 'tidemark.lock.999999999'), '1');
  writeFileSync(join(dir, `tidemark.lock.${process.ppid}`), 'another start');
  writeFileSync(join(dir, `tidemark.lock.${process.pid}`), 'another start');
  const again = await fileStore({ dir });
  expect(readdirSync(dir).length).toBe(3);
  await again.close();
  writeFileSync(join(dir, `tidemark.lock.${process.ppid}`), '');
  await expect(fileStore({ dir })).rejects.toMatchObject({
    message: expect.stringContaining(`is in use by process ${process.ppid}`),
    holder: `process ${process.ppid}`,
  });
});

it('what cannot be the directory of a store is refused in one sentence, and left as it is', async () => {
  const file = path('file');
  writeFileSync(file, '');
  mkdirSync(path('full'));
  writeFileSync(path('full', 'letter.txt'), '');
  const refused = (dir: string) => expect(fileStore({ dir })).rejects;
  await refused(file).toThrow(
    `fileStore: cannot use "${file}": it is not a directory, or lies below a file`,
  );
  await refused(join(file, 'below')).toThrow('lies below a file');
  await refused(path('full')).toThrow('holds other files and no store');
  expect(readdirSync(path('full'))).toEqual(['letter.txt']);
  await refused('').toThrow('`dir` must be the path of a directory');
  await expect(fileStore({ dir: file, compactAbove: -1 })).rejects.toThrow(
    '`compactAbove` must be',
  );
  const other = { dir: file, onDamage: 'ignore' } as unknown as { dir: string };
  await expect(fileStore(other)).rejects.toThrow(/`onDamage` must be 'refuse' or 'previous'/);
});

it('a log of a newer format, or of something else, is refused and left as it is', async () => {
  mkdirSync(path('newer'));
  for (const [text, sentence] of [
    ['tidemark-log 000002\nmore', 'has format 2; this version reads up to 1: run the version'],
    ['dear diary, today I sailed', 'is no log of ours, or is damaged at its beginning'],
    ['', 'is no log of ours'],
  ]) {
    writeFileSync(path('newer', 'tidemark.log'), text as string);
    await expect(fileStore({ dir: path('newer') })).rejects.toThrow(sentence);
    expect(readFileSync(path('newer', 'tidemark.log'), 'utf8')).toBe(text);
  }
  expect(readdirSync(path('newer'))).toEqual(['tidemark.log']);
});

it('a table keeps the layout that it was made with', async () => {
  const store = await fileStore({ dir: path('layout') });
  const columns = { k: 'text', t: 'timestamptz' };
  const row = { op: 'upsert' as const, key: ['a'], row: { t: 5 }, revision: [0], timestamp: 0 };
  await store.table('t', { key: ['k'], columns }).upsert([row]);
  await store.close();
  const again = await fileStore({ dir: path('layout') });
  const other = { t: { ...columns, t: 'int8' }, u: { ...columns, v: 'text' } };
  await expect(again.table('t', { key: ['k'], columns: other.t }).open()).rejects.toThrow(
    'table "t" has the columns (k text, t timestamptz), not (k text, t int8)',
  );
  await again.close();
  const third = await fileStore({ dir: path('layout') });
  await expect(third.table('t', { key: ['t'] }).open()).rejects.toThrow(
    'table "t" has the key k, not t',
  );
  await third.close();
  const untyped = await fileStore({ dir: path('layout') });
  for await (const back of untyped.table('t', { key: ['k'] }).rows()) {
    expect(back).toEqual({ k: 'a', t: new Date(5) });
  }
  await untyped.close();
});
