/** The NDJSON sink by its port: what is taken once, what is refused, when a part is finished, what a full disk does. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { VirtualTimeScheduler } from 'rxjs';
import { faultyFiles } from 'tidemark/testing';
import { type NdjsonSink, ndjsonSink, rowOfJson } from '../../../adapters/files/index.js';
import { encode } from '../../../lib/codec.js';
import type { Upsert } from '../../../lib/ports.js';
import { DIR, finished, idsIn, open, rowsOf, still } from './sinkRuns.js';

const owner = { job: 'j', task: '0', sink: 's' };
const up = (k: string, row: Upsert['row'] = { v: 1 }): Upsert => ({
  ...{ op: 'upsert', key: [k], row, revision: [1], timestamp: 5 },
});
const send = (sink: NdjsonSink, epoch: number, n: number, i: number, rows: readonly Upsert[]) =>
  sink.outbox.apply({ owner, epoch, n, i, rows });

const dirs: string[] = [];
function scratch(): string {
  const dir = mkdtempSync(join(tmpdir(), 'tidemark-sink-'));
  dirs.push(dir);
  return dir;
}
afterAll(() => {
  for (const dir of dirs) rmSync(dir, { recursive: true, force: true });
});

it('takes each place once, in parts too, across epochs and instances', async () => {
  const fs = faultyFiles({}).boot();
  const sink = open(fs, { roll: { rows: 100 } });
  const rows = rowsOf(1);
  expect(await sink.outbox.fence(owner, 1)).toBe('ok');
  const ok = (written: number, ignored: number) => ({
    ...{ outcome: 'ok', result: { written, ignored, conflicts: 0 } },
  });
  expect(await send(sink, 1, 1, 0, rows.slice(0, 3))).toEqual(ok(3, 0));
  expect(await send(sink, 1, 1, 0, rows.slice(0, 3))).toEqual({ outcome: 'duplicate' });
  expect(await send(sink, 1, 1, 1, rows.slice(1))).toEqual(ok(2, 2));
  await sink.close();
  const next = open(fs);
  expect(await next.outbox.fence(owner, 2)).toBe('ok');
  expect(await send(next, 2, 1, 0, rows)).toEqual({ outcome: 'duplicate' });
  expect(await send(next, 1, 2, 0, rowsOf(2))).toEqual({ outcome: 'fenced' });
  expect(await next.outbox.fence(owner, 1)).toEqual({ fencedBy: 2 });
  const other = { owner: { ...owner, sink: 't' }, epoch: 1, n: 1, i: 0, rows: rowsOf(3) };
  expect(await next.outbox.apply(other)).toEqual(ok(5, 0));
  await next.close();
  expect(await idsIn(fs)).toHaveLength(10);
  await expect(next.upsert([up('a')])).rejects.toThrow('ndjsonSink: the sink is closed');
});

it('rows made anew after a checkpoint was lost are written, those before it are not', async () => {
  const fs = faultyFiles({}).boot();
  const sink = open(fs);
  for (const n of [3, 4, 5]) await send(sink, 1, n, 0, [up(`old ${n}`, { part: 0 })]);
  expect(await sink.outbox.fence(owner, 2, { from: 3, mark: 0 })).toBe('ok');
  expect(await send(sink, 2, 3, 0, [up('old 3')])).toEqual({ outcome: 'duplicate' });
  expect(await send(sink, 2, 4, 0, [up('new 4')])).toMatchObject({ outcome: 'ok' });
  expect(await send(sink, 2, 4, 0, [up('new 4')])).toEqual({ outcome: 'duplicate' });
  await sink.close();
});

it('a row that cannot be written is refused by name, and nothing of its batch is there', async () => {
  const fs = faultyFiles({}).boot();
  const partition = ({ v }: Upsert['row']) => {
    if (v === 'throw') throw new Error('no place');
    return v as string;
  };
  const sink = open(fs, { partition, deletes: 'refuse' });
  const bad: [Upsert, RegExp][] = [
    [up('a', { v: 'a', f: () => 1 }), /cannot be written/],
    [up('a', { v: 'throw' }), /`partition` threw: no place/],
    [up('a', { v: 7 }), /`partition` gave no string/],
    [{ ...up('a', {}), op: 'delete' }, /takes no deletes/],
  ];
  for (const [row, message] of bad) {
    const answer = send(sink, 1, 1, 0, [up('b', { v: 'b' }), row]);
    await expect(answer).rejects.toMatchObject({
      kind: 'refused',
      message: expect.stringMatching(message),
    });
    await expect(answer).rejects.toHaveProperty('refused', [row]);
  }
  await sink.close();
  expect(await finished(fs)).toEqual(new Map());
});

it('hostile partitions and rows stay inside, whole', async () => {
  const dir = scratch();
  const partition = (_: unknown, [k]: readonly unknown[]) => k as string;
  const sink = ndjsonSink({ dir: join(dir, 'out'), partition });
  const hostile = [
    '../../etc',
    '/',
    '\0',
    '',
    '..',
    'A',
    'a',
    'é',
    'e\u0301',
    '\ud800',
    'x'.repeat(5000),
  ];
  const row = JSON.parse('{"__proto__":{"a":1},"constructor":2}');
  Object.assign(row, {
    big: 2n ** 70n,
    nan: Number.NaN,
    lone: '\udfff',
    long: 'y'.repeat(2 ** 20),
  });
  const rows = hostile.map((k) => up(k, row));
  expect(await send(sink, 1, 1, 0, rows)).toMatchObject({ outcome: 'ok' });
  await sink.close();
  expect(readdirSync(dir)).toEqual(['out']);
  const parts = readdirSync(join(dir, 'out'), { recursive: true, encoding: 'utf8' }).filter(
    (name) => name.endsWith('.ndjson'),
  );
  expect(parts).toHaveLength(hostile.length);
  const read = parts.map((name) => rowOfJson(readFileSync(join(dir, 'out', name), 'utf8')));
  const byKey = new Map(read.map((r) => [r.key[0], r]));
  for (const k of hostile) expect(byKey.get(k)).toStrictEqual(up(k, row));
});

it('finishes a part by rows, bytes, age, and those beyond `maxOpen`; never before', async () => {
  const time = new VirtualTimeScheduler();
  const files = faultyFiles({});
  const fs = files.boot();
  const partition = (_: unknown, [k]: readonly unknown[]) => (k as string).slice(0, 1);
  const sink = open(fs, {
    partition,
    maxOpen: 2,
    roll: { rows: 3, bytes: 400, every: '1s' },
    scheduler: time,
  });
  const names = async () => [...(await finished(fs)).keys()];
  await sink.upsert([up('a1'), up('a2')]);
  expect(await names()).toEqual([]);
  await sink.upsert([up('a3')]);
  expect(await names()).toEqual(['a/part-000000001.ndjson']);
  await sink.upsert([up('b1', { pad: 'x'.repeat(400) })]);
  expect(await names()).toContain('b/part-000000002.ndjson');
  for (const k of ['c', 'd', 'c', 'e']) await sink.upsert([up(k)]);
  expect((await names()).slice(2)).toEqual(['d/part-000000004.ndjson']);
  time.maxFrames = 999;
  time.flush();
  await sink.upsert([]);
  expect(await names()).toHaveLength(3);
  time.maxFrames = 1000;
  time.flush();
  await sink.upsert([]);
  expect((await names()).slice(3).sort()).toEqual([
    'c/part-000000003.ndjson',
    'e/part-000000005.ndjson',
  ]);
  await sink.close();
  expect(files.bytesOf(`${DIR}/c/.part-000000003.open`)).toBeUndefined();
});

it('a full disk is said, nothing of the batch is there, and with space it goes on', async () => {
  const files = faultyFiles({});
  const fs = files.boot();
  const sink = open(fs, { roll: { rows: 100 } });
  await send(sink, 1, 1, 0, rowsOf(1));
  files.capacity = 1000;
  for (let tries = 0; tries < 20; tries++) {
    await expect(send(sink, 1, 2, 0, rowsOf(2))).rejects.toMatchObject({
      kind: 'connection',
      message: `ndjsonSink: cannot write "${DIR}": the disk is full; free some space, and it goes on`,
    });
  }
  files.capacity = Infinity;
  expect(await send(sink, 1, 2, 0, rowsOf(2))).toMatchObject({ outcome: 'ok' });
  files.crash('unsynced lost');
  const later = files.boot();
  await open(later).finish();
  expect(new Set(await idsIn(later)).size).toBe(10);
  expect(await idsIn(later)).toHaveLength(10);
});

it('a finished part may be taken away, an open one may not', async () => {
  const files = faultyFiles({});
  const fs = files.boot();
  const sink = open(fs, { partition: () => 'p', roll: { rows: 5 } });
  await send(sink, 1, 1, 0, rowsOf(1));
  await fs.remove(`${DIR}/p/part-000000001.ndjson`);
  await send(sink, 1, 2, 0, rowsOf(2).slice(1));
  files.crash('killed');
  const again = files.boot();
  await again.remove(`${DIR}/p/.part-000000002.open`);
  await expect(open(again).outbox.fence(owner, 2)).rejects.toMatchObject({
    name: 'DamagedSinkError',
    message: expect.stringMatching(
      /\.part-000000002\.open" is gone, and 4 rows with it; restore it/,
    ),
  });
});

it('taken away while it writes, a directory is not begun anew, and a file of others is not written over', async () => {
  const dir = scratch();
  const sink = ndjsonSink({ dir, roll: { rows: 5 } });
  await sink.outbox.fence(owner, 1);
  await send(sink, 1, 1, 0, rowsOf(1).slice(1));
  rmSync(dir, { recursive: true });
  const late = () => send(sink, 1, 2, 0, rowsOf(2));
  await expect(late()).rejects.toThrow(`cannot write "${dir}"`);
  await expect(late()).rejects.toMatchObject({
    name: 'DamagedSinkError',
    message: expect.stringContaining(`"${dir}/.tidemark" is gone; restore it`),
  });
  await expect(sink.close()).rejects.toThrow('is gone');
  const place = scratch();
  const other = ndjsonSink({ dir: place, roll: { rows: 2 } });
  await send(other, 1, 1, 0, rowsOf(1).slice(0, 1));
  const foreign = join(place, 'part-000000001.ndjson');
  writeFileSync(foreign, 'mine');
  await expect(send(other, 1, 2, 0, rowsOf(2))).rejects.toMatchObject({
    name: 'DamagedSinkError',
    message: expect.stringContaining('part-000000001.ndjson" is there already'),
  });
  expect(readFileSync(foreign, 'utf8')).toBe('mine');
  rmSync(foreign);
  await send(other, 1, 2, 0, rowsOf(2));
  expect(readdirSync(place).sort()).toEqual(['.tidemark', 'part-000000001.ndjson']);
  await other.close();
});

it('a directory of others, a damaged manifest and one of a newer format are refused, unchanged', async () => {
  const dir = scratch();
  writeFileSync(join(dir, 'mine.txt'), 'mine');
  await expect(ndjsonSink({ dir }).upsert([up('a')])).rejects.toThrow(
    /holds other files and no manifest; give an empty directory or a new one/,
  );
  expect(readdirSync(dir).sort()).toEqual(['.tidemark', 'mine.txt']);
  const files = faultyFiles({});
  await open(files.boot()).upsert([up('a')]);
  const manifest = files.bytesOf(`${DIR}/.tidemark/manifest`) as Uint8Array;
  const good = manifest.slice();
  for (let at = 0; at < manifest.length; at++) {
    manifest.set(good);
    manifest[at] = (manifest[at] as number) ^ (1 << (at % 8));
    files.crash('killed');
    const steps = files.steps.length;
    await expect(open(files.boot()).upsert([up('a')])).rejects.toThrow(
      /is no manifest: .*; restore a copy/,
    );
    expect(files.steps.slice(steps)).toEqual([`makeDir ${DIR}/.tidemark`]);
  }
  files.crash('killed');
  const fs = files.boot();
  await fs.remove(`${DIR}/.tidemark/manifest`);
  await (await fs.open(`${DIR}/.tidemark/manifest`)).append(encode({ format: 2 }));
  await expect(open(fs).upsert([up('a')])).rejects.toThrow(
    /has format 2, and this version reads 1; use a newer one/,
  );
});

it('one process holds a directory, and says which', async () => {
  const dir = scratch();
  const sink = ndjsonSink({ dir });
  await sink.upsert([up('a')]);
  await expect(ndjsonSink({ dir }).upsert([up('b')])).rejects.toMatchObject({
    ...{ kind: 'connection', holder: `this process (${process.pid})` },
    message: expect.stringMatching(/^ndjsonSink: cannot write ".*": it is in use by this process/),
  });
  await sink.close();
  await sink.close();
  expect(readdirSync(join(dir, '.tidemark'))).toEqual(['manifest']);
  const next = ndjsonSink({ dir });
  await next.upsert([up('b')]);
  await next.close();
  expect(readdirSync(dir).filter((name) => name.endsWith('.ndjson'))).toHaveLength(2);
});

it('wrong options are told at construction', () => {
  const bad: [object, RegExp][] = [
    [{ dir: '' }, /ndjsonSink: `dir` must be the path of a directory; got ""/],
    [{ partition: 'p' }, /`partition` must be a function/],
    [{ roll: { rows: 0 } }, /`roll.rows` must be an integer > 0; got 0/],
    [{ roll: { bytes: Number.NaN } }, /`roll.bytes`/],
    [{ roll: { every: '0s' } }, /`roll.every` must be a duration > 0/],
    [{ maxOpen: 1.5 }, /`maxOpen`/],
    [{ deletes: 'drop' }, /`deletes` must be 'write' or 'refuse'; got "drop"/],
  ];
  for (const [options, message] of bad) {
    expect(() => ndjsonSink({ dir: DIR, scheduler: still, ...options } as never)).toThrow(message);
  }
});
