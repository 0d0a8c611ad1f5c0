/** A large checkpoint in a log: several records of bounded size, and all of it or nothing. */
import { mkdtempSync, readFileSync, rmSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { faultyFiles } from 'tidemark/testing';
import { fileStore } from '../../../adapters/files/store.js';
import { decode, encode } from '../../../lib/codec.js';
import { FILE_HEADER, recordAt, statedLength } from '../../../lib/log/record.js';
import type { CheckpointStore, Commit, CommitAnswer, Store } from '../../../lib/ports.js';

const dir = mkdtempSync(join(tmpdir(), 'tidemark-parts-'));
const log = join(dir, 'tidemark.log');
afterAll(() => rmSync(dir, { recursive: true }));

const PIECE = 400_000;

function commit(epoch: number, n: number, pieces: number): Commit {
  const changed = Array.from({ length: pieces }, (_, i) => {
    const bytes = encode(`${n}.${i} `.padEnd(PIECE, 'x'));
    return { operator: 'op', chunk: `p ${i}`, bytes };
  });
  const named = { job: 'j', task: '0', fingerprint: 'f', operators: ['op'], dropped: [] };
  return {
    ...named,
    epoch,
    n,
    prev: n - 1,
    positions: new Map(),
    changed,
    pieces,
    rows: [],
    drained: false,
  };
}

async function reopened<T>(work: (checkpoints: CheckpointStore) => Promise<T>): Promise<T> {
  const store = await fileStore({ dir });
  try {
    return await work(store.checkpoints());
  } finally {
    await store.close();
  }
}

async function found(): Promise<string[]> {
  const checkpoint = await reopened((checkpoints) => checkpoints.read('j', '0'));
  const own = checkpoint?.state.get('op') ?? new Map<string, Uint8Array>();
  return [...own.values()].map((bytes) => String(decode(bytes)).split(' ')[0] as string).sort();
}

function records(): { kind: string; end: number }[] {
  const bytes = readFileSync(log);
  const all: { kind: string; end: number }[] = [];
  for (let at = FILE_HEADER.length; at < bytes.length; ) {
    const kind = recordAt(bytes, at)?.entry.kind ?? 'none';
    at += statedLength(bytes, at) as number;
    all.push({ kind, end: at });
  }
  return all;
}

it('a checkpoint of many pieces is records of about a megabyte, of which the last one counts', async () => {
  await reopened(async (checkpoints) => {
    const { epoch } = await checkpoints.acquire('j', '0', 'f');
    await checkpoints.commit(commit(epoch, 1, 5));
  });
  const all = records().slice(-3);
  expect(all.map(({ kind }) => kind)).toEqual(['part', 'part', 'commit']);
  expect(await found()).toEqual(['1.0', '1.1', '1.2', '1.3', '1.4']);

  await reopened(async (checkpoints) => {
    const { epoch } = await checkpoints.acquire('j', '0', 'f');
    await checkpoints.commit(commit(epoch, 2, 7));
  });
  expect((await found()).length).toBe(7);
  const ends = records().slice(-4);
  expect(ends.map(({ kind }) => kind)).toEqual(['part', 'part', 'part', 'commit']);
  // cut short anywhere, also exactly behind a part: the checkpoint before, and the next one is whole
  const [first = 0, second = 0, third = 0, whole = 0] = ends.map(({ end }) => end);
  for (const size of [whole - 1, third, second, first, first - 9]) {
    truncateSync(log, size);
    expect(await found()).toEqual(['1.0', '1.1', '1.2', '1.3', '1.4']);
  }
  await reopened(async (checkpoints) => {
    const { epoch } = await checkpoints.acquire('j', '0', 'f');
    expect(await checkpoints.commit(commit(epoch, 2, 6))).toMatchObject({ outcome: 'ok' });
  });
  expect(await found()).toEqual(['2.0', '2.1', '2.2', '2.3', '2.4', '2.5']);
});

const MANY = 3000;
const config = { key: ['k'], columns: { k: 'int8', n: 'int8', b: 'bytea' } };

/* Checkpoint n with a row of each key below `rows`, in two tables. */
async function sendRows(
  store: Store,
  epoch: number,
  n: number,
  rows: number,
): Promise<CommitAnswer> {
  const sinks = ['t', 'u'].map((name) => ({
    store: store.table(name, config),
    rows: Array.from({ length: rows }, (_, k) => ({
      ...{ op: 'upsert' as const, key: [k], row: { n, b: Uint8Array.of(n, k & 255) } },
      ...{ revision: [n], timestamp: n },
    })),
  }));
  const one = commit(epoch, n, 1);
  return store.checkpoints().commit({ ...one, rows: sinks });
}

async function values(store: Store): Promise<unknown[]> {
  const found = new Map<string, number>();
  for (const name of ['t', 'u']) {
    for await (const { k, n, b } of store.table(name, config).rows()) {
      expect(b).toEqual(Uint8Array.of(Number(n), Number(k) & 255));
      found.set(`${name}${n}`, (found.get(`${name}${n}`) ?? 0) + 1);
    }
  }
  return [...found];
}

it('a checkpoint of many rows is records of bounded size, and all of its rows or none', async () => {
  const files = faultyFiles({});
  const dir = '/data';
  const path = `${dir}/tidemark.log`;
  let store = await fileStore({ dir, fs: files.boot(), compactAbove: 2 ** 30 });
  const { epoch } = await store.checkpoints().acquire('j', '0', 'f');
  await sendRows(store, epoch, 1, 3);
  // full before the last record: what was written before it is not part of the next commit
  files.capacity = (files.bytesOf(path)?.length ?? 0) + 200_000;
  await expect(sendRows(store, epoch, 2, MANY)).rejects.toMatchObject({ kind: 'connection' });
  files.capacity = Infinity;
  const result = { written: 4, ignored: 0, conflicts: 0 };
  expect(await sendRows(store, epoch, 2, 4)).toEqual({ outcome: 'ok', results: [result, result] });
  const before = files.bytesOf(path)?.length ?? 0;
  const all = { written: MANY, ignored: 0, conflicts: 0 };
  expect(await sendRows(store, epoch, 3, MANY)).toMatchObject({ results: [all, all] });
  expect(await values(store)).toEqual([
    ['t3', MANY],
    ['u3', MANY],
  ]);
  await store.close();
  const log = files.bytesOf(path) as Uint8Array;
  const ends: number[] = [];
  for (let at = before; at < log.length; ) {
    const length = statedLength(log, at) as number;
    if (recordAt(log, at)?.entry.kind !== 'commit') expect(length).toBeLessThan(100_000);
    ends.push((at += length));
  }
  expect(ends.length).toBeGreaterThan((2 * MANY) / 500);
  for (const [i, end] of [before, ...ends].entries()) {
    const copy = faultyFiles({});
    const cut = await fileStore({ dir, fs: copy.boot(), compactAbove: 2 ** 30 });
    await cut.close();
    const file = await copy.boot().open(path);
    await file.truncate(0);
    await file.append(log.subarray(0, end));
    await file.close();
    store = await fileStore({ dir, fs: copy.boot(), compactAbove: 2 ** 30 });
    const n = i === ends.length ? MANY : 4;
    const [t, u] = n === MANY ? ['t3', 'u3'] : ['t2', 'u2'];
    expect(await values(store)).toEqual([
      [t, n],
      [u, n],
    ]);
    await store.close();
  }
});
