/** A large checkpoint in a log: several records of bounded size, and all of it or nothing. */
import { mkdtempSync, readFileSync, rmSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileStore } from '../../../adapters/files/store.js';
import { decode, encode } from '../../../lib/codec.js';
import { FILE_HEADER, recordAt, statedLength } from '../../../lib/log/record.js';
import type { CheckpointStore, Commit } from '../../../lib/ports.js';

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
