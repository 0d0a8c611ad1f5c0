/** What the store on Redis does with a checkpoint that is damaged, and with owners that a lost second has made equal. */
import { Redis } from 'ioredis';
import { redisStore } from 'tidemark/redis';
import { Names } from '../../../adapters/redis/names.js';
import { PieceNames } from '../../../adapters/testing/stores/pieceNames.js';
import { decode, encode } from '../../../lib/codec.js';
import type { Checkpoint, CheckpointStore, Store } from '../../../lib/ports.js';
import { type RedisServer, startRedis } from '../../servers/redis.js';

const prefix = `generations-${process.pid}`;
/** More pieces than one script takes. */
const MANY = 700;

let server: RedisServer;
let client: Redis;
let store: Store;
let checkpoints: CheckpointStore;
let serial = 0;

beforeAll(async () => {
  server = await startRedis();
  client = new Redis(server.url);
  store = await redisStore({ url: server.url, prefix });
  checkpoints = store.checkpoints();
}, 60_000);
afterAll(async () => {
  client.disconnect();
  await store.close();
  await server.stop();
});

interface Owned {
  readonly job: string;
  readonly epoch: number;
}

const names = new Map<string, PieceNames>();

async function commit({ job, epoch }: Owned, n: number, pieces: Record<string, number | null>) {
  const named = Object.entries(pieces).map(([chunk, v]) => ({ operator: 'op', chunk, v }));
  const own = names.get(job) ?? new PieceNames();
  names.set(job, own);
  const change = {
    n,
    prev: n - 1,
    changed: named.flatMap(({ v, ...name }) => (v === null ? [] : [{ ...name, bytes: encode(v) }])),
    dropped: named.flatMap(({ v, ...name }) => (v === null ? [name] : [])),
  };
  const { outcome } = await checkpoints.commit({
    ...{ job, task: '0', epoch, fingerprint: 'f', drained: false, rows: [], ...change },
    positions: new Map([['in', n]]),
    operators: ['op'],
    pieces: own.after(change),
  });
  return outcome;
}

/* A job with three checkpoints; the newest changes, adds and drops pieces. */
async function task(more: Record<string, number> = {}): Promise<Owned> {
  const job = `j${++serial}`;
  const { epoch } = await checkpoints.acquire(job, '0', 'f');
  const owned = { job, epoch };
  await commit(owned, 1, { a: 1, b: 1, c: 1 });
  await commit(owned, 2, { b: 2, ...more });
  const changed = Object.fromEntries(Object.keys(more).map((chunk) => [chunk, 3]));
  expect(await commit(owned, 3, { a: 3, c: null, d: 3, ...changed })).toBe('ok');
  return owned;
}

const keysOf = ({ job }: Owned) => new Names(prefix).task(job, '0');
const stateOf = (checkpoint: Checkpoint | undefined) =>
  Object.fromEntries(
    [...(checkpoint?.state.get('op') ?? [])].map(([chunk, bytes]) => [chunk, decode(bytes)]),
  );

/* Changes the value of a piece, or of what a piece replaced. */
async function change(key: string, field: string, to: (value: string) => string) {
  await client.hset(key, field, to((await client.hget(key, field)) as string));
}

async function rename(key: string, field: string, to: string) {
  await client.hset(key, to, (await client.hgetBuffer(key, field)) as Buffer);
  await client.hdel(key, field);
}

const damages: [string, (of: Owned) => Promise<unknown>, RegExp][] = [
  ['piece', (of) => change(keysOf(of).state, 'op:a', (v) => v.replace('\n3', '\n9')), /checksum/],
  ['piece that is cut', (of) => client.hset(keysOf(of).state, 'op:a', 'tidemark/1 p'), /cut short/],
  ['piece that is gone', (of) => client.hdel(keysOf(of).state, 'op:d'), /2 of 3 pieces/],
  ['piece of another name', (of) => rename(keysOf(of).state, 'op:a', 'op:z'), /not that of its/],
  ['piece of another operator', (of) => rename(keysOf(of).state, 'op:d', 'z:d'), /not that of its/],
  [
    'piece of another checkpoint',
    (of) => change(keysOf(of).state, 'op:a', (v) => v.replace('3 ', '4 ')),
    /not that of its/,
  ],
  ['seal', (of) => change(keysOf(of).state, 'op:a', (v) => v.slice(0, -9)), /has lost its seal/],
  [
    'piece that is an older one',
    async (of) => {
      const old = await client.hgetBuffer(keysOf(of).undo, 'op:a');
      await client.hset(keysOf(of).state, 'op:a', (old as Buffer).subarray(1));
    },
    /1 of 2 pieces that it wrote/,
  ],
  ['header', (of) => client.hset(keysOf(of).meta, 'header', 'x'), /not state of ours/],
  ['header that is gone', (of) => client.hdel(keysOf(of).meta, 'header'), /header is missing/],
  ['n', (of) => client.hset(keysOf(of).meta, 'n', '7'), /field n is 7, and was 3/],
  [
    'n that is that of the one before',
    (of) => client.hset(keysOf(of).meta, 'n', '2'),
    /field n is 2, and was 3/,
  ],
  ['n that is no number', (of) => client.hset(keysOf(of).meta, 'n', 'x'), /and was 3/],
  ['n that is gone', (of) => client.hdel(keysOf(of).meta, 'n'), /field n is 0, and was 3/],
];

it.each(damages)(
  'a damaged %s: the checkpoint before is read, and taken over for good',
  async (_, damage, why) => {
    const of = await task();
    await damage(of);
    const known = await checkpoints.lastCommitted(of.job, '0');
    const before = { a: 1, b: 2, c: 1 };
    const read = await checkpoints.read(of.job, '0');
    expect([read?.n, stateOf(read)]).toEqual([2, before]);
    expect(await checkpoints.lastCommitted(of.job, '0')).toEqual(known);
    const owned = await checkpoints.acquire(of.job, '0', 'f');
    expect(owned.fallback).toMatch(/checkpoint \w+ is damaged .* goes on from checkpoint 2$/);
    expect(owned.fallback).toMatch(why);
    expect([owned.checkpoint?.n, stateOf(owned.checkpoint)]).toEqual([2, before]);
    expect(owned.checkpoint?.positions).toEqual(new Map([['in', 2]]));
    const next = { job: of.job, epoch: owned.epoch };
    expect(await commit(next, 3, { e: 5 })).toBe('ok');
    const after = await checkpoints.acquire(of.job, '0', 'f');
    expect(after.fallback).toBeUndefined();
    expect(stateOf(after.checkpoint)).toEqual({ ...before, e: 5 });
  },
);

test('a damaged checkpoint of many pieces is left in steps', async () => {
  const many = Object.fromEntries(Array.from({ length: MANY }, (_, i) => [`m${i}`, 2]));
  const of = await task(many);
  await client.hset(keysOf(of).state, 'op:a', 'x');
  const owned = await checkpoints.acquire(of.job, '0', 'f');
  expect(owned.checkpoint?.n).toBe(2);
  const again = await checkpoints.acquire(of.job, '0', 'f');
  expect(again.fallback).toBeUndefined();
  expect(stateOf(again.checkpoint)).toEqual({ a: 1, b: 2, c: 1, ...many });
});

test.each([
  ['piece', 'op:a', 'op:z'],
  ['mark of a piece that was not there', 'op:d', 'op:b'],
])('what was replaced is not taken where a %s stands under another name', async (_, field, to) => {
  const of = await task();
  await client.hset(keysOf(of).state, 'op:a', 'x');
  await rename(keysOf(of).undo, field, to);
  const taken = checkpoints.acquire(of.job, '0', 'f');
  await expect(taken).rejects.toThrow(
    /3 is damaged .* 2 is damaged .*replaced stands under another name/,
  );
  expect(await checkpoints.lastCommitted(of.job, '0')).toEqual({ epoch: of.epoch, n: 3 });
});

test('pieces of an earlier version, without seals, are read beside new ones', async () => {
  const of = await task();
  const { state, undo, meta } = keysOf(of);
  for (const [key, mark] of [
    [state, ''],
    [undo, '='],
  ] as const) {
    for (const [field, value] of Object.entries(await client.hgetall(key))) {
      if (value === '-') continue;
      await client.hset(key, field, `${mark}${value.slice(mark.length + 2, -9)}`);
    }
  }
  for (const header of ['header', 'header-before']) {
    const written = decode((await client.hgetBuffer(meta, header)) as Buffer) as object;
    const { changed: _, names: __, ...earlier } = written as Record<string, unknown>;
    await client.hset(meta, header, Buffer.from(encode(earlier)));
  }
  const newest = { a: 3, b: 2, d: 3 };
  const owned = await checkpoints.acquire(of.job, '0', 'f');
  expect([owned.fallback, stateOf(owned.checkpoint)]).toEqual([undefined, newest]);
  expect(await commit({ job: of.job, epoch: owned.epoch }, 4, { a: 4 })).toBe('ok');
  const mixed = await checkpoints.read(of.job, '0');
  expect(stateOf(mixed)).toEqual({ ...newest, a: 4 });
  await client.hset(state, 'op:a', 'x');
  expect(stateOf(await checkpoints.read(of.job, '0'))).toEqual(newest);
});

test('a damaged epoch is refused, as nobody could be kept out by it', async () => {
  const of = await task();
  await client.hset(keysOf(of).meta, 'epoch', 'x');
  await expect(checkpoints.acquire(of.job, '0', 'f')).rejects.toThrow(
    `job "${of.job}": its epoch is damaged ("x"); start a new job id`,
  );
});

test('a job whose task was deleted begins anew, without the state that is left', async () => {
  const of = await task();
  await client.del(keysOf(of).meta);
  names.delete(of.job);
  const owned = await checkpoints.acquire(of.job, '0', 'g');
  expect(owned).toEqual({ epoch: 1, checkpoint: undefined });
  expect(await commit({ job: of.job, epoch: 1 }, 1, { z: 1 })).toBe('ok');
  expect(stateOf(await checkpoints.read(of.job, '0'))).toEqual({ z: 1 });
});

test('where both are damaged nothing is taken over, and the owner goes on', async () => {
  const of = await task();
  await client.hset(keysOf(of).state, 'op:b', 'x');
  const taken = checkpoints.acquire(of.job, '0', 'f');
  await expect(taken).rejects.toMatchObject({ name: 'JobError' });
  await expect(taken).rejects.toThrow(/checkpoint 3 is damaged .*checkpoint 2 is damaged/);
  await expect(checkpoints.read(of.job, '0')).rejects.toThrow(/damaged/);
  expect(await checkpoints.lastCommitted(of.job, '0')).toEqual({ epoch: of.epoch, n: 3 });
});

test('a piece of a newer version is no damage: it is refused', async () => {
  const of = await task();
  await client.hset(keysOf(of).state, 'op:a', 'tidemark/2 p00000000\n1');
  await expect(checkpoints.acquire(of.job, '0', 'f')).rejects.toThrow(/has format 2/);
  expect(await checkpoints.lastCommitted(of.job, '0')).toEqual({ epoch: of.epoch, n: 3 });
});

test('an owner whose epoch was lost by the server and given again can write nothing more', async () => {
  const of = await task();
  await client.hset(keysOf(of).meta, 'epoch', of.epoch - 1);
  const other = await redisStore({ url: server.url, prefix });
  const owned = await other.checkpoints().acquire(of.job, '0', 'f');
  await other.close();
  expect(owned.epoch).toBe(of.epoch);
  expect(await commit(of, 4, { a: 4 })).toBe('fenced');
  expect(stateOf(await checkpoints.read(of.job, '0'))).toEqual({ a: 3, b: 2, d: 3 });
});
