/** Outbox: rows are applied after their checkpoint, in order, once in effect, whatever happens to answers. */

import { Outbox } from '../../../../lib/job/sinks/outbox.js';
import type { SinkMember } from '../../../../lib/membership.js';
import type { OutboxTarget } from '../../../../lib/ports.js';
import { Retry } from '../../../../lib/retry.js';
import type { PendingRow } from '../../../../lib/rowBatch.js';
import { sinkWriting } from '../../../../lib/sinkWriting.js';
import { VirtualTime } from '../../virtualTime.js';
import { type Fate, type Watched, watched } from './outboxes.js';

const row = (k: number, v: unknown, revision = 0): PendingRow => ({
  ...{ op: 'upsert', key: [k], row: { v }, revision: [revision] },
  ...{ timestamp: 0, value: { k, v } },
});
const rowsOf = (...ks: number[]) => ks.map((k) => row(k, k));

function outboxOver(
  to: Watched,
  o: { size?: number; epoch?: number; timeout?: number; mark?: number; owns?: boolean } = {},
) {
  const time = new VirtualTime();
  const seen = { acks: [] as unknown[], poison: [] as unknown[], failed: [] as unknown[] };
  let resumed = 0;
  const sink: SinkMember = {
    store: to.store,
    committed: (n, result) => seen.acks.push([n, (result as { rows: number }).rows]),
    refused: (rows) => seen.poison.push(...rows.map((r) => (r as PendingRow).key[0])),
    resumed: (rows) => {
      resumed += rows;
    },
  };
  const writing = sinkWriting('t', { retry: { timeout: o.timeout ?? '30s' } });
  const box = new Outbox({
    owner: { job: 'j', task: '0', sink: 'out' },
    epoch: o.epoch ?? 1,
    mark: o.mark ?? 0,
    owns: async () => o.owns ?? false,
    target: to.store.outbox as OutboxTarget,
    sink,
    size: o.size ?? 2,
    retry: new Retry({ ...writing.retry, attempts: Infinity }, time),
    timing: time,
    changed: () => {},
    failed: (thrown) => seen.failed.push(thrown),
  });
  return { ...seen, box, time, resumed: () => resumed };
}

/** Takes and commits rows as checkpoints 1, 2, ... */
async function through(made: ReturnType<typeof outboxOver>, all: readonly PendingRow[][]) {
  for (const [i, rows] of all.entries()) {
    made.box.take(i + 1, rows);
    await made.box.prepare(i + 1);
    made.box.durable(i + 1);
  }
}

it('applies nothing before the checkpoint is durable and the table is fenced', async () => {
  const to = watched();
  const made = outboxOver(to);
  made.box.take(1, rowsOf(1));
  await made.box.prepare(1);
  await made.time.run();
  expect(to.log).toEqual([]);
  made.box.durable(1);
  await made.time.run();
  expect(to.log).toEqual([]);
  await made.box.fence();
  await made.time.run();
  expect(to.log).toEqual(['fence 1', '1/1/0+1']);
  expect(made.acks).toEqual([[1, 1]]);
});

it('applies in order of n, then of place, in batches; and tells of an n when all of it is there', async () => {
  const to = watched();
  const made = outboxOver(to);
  await made.box.fence();
  await through(made, [rowsOf(1, 2, 3), [], rowsOf(4, 5)]);
  await made.time.run();
  expect(to.log.slice(1)).toEqual(['1/1/0+2', '1/1/2+1', '1/3/0+2']);
  expect(made.acks).toEqual([
    [1, 3],
    [3, 2],
  ]);
  expect(made.box.pending).toBe(0);
  expect(await to.rows()).toHaveLength(5);
});

it.each<[string, (nth: number) => Fate]>([
  ['a batch that never came', (nth) => (nth === 1 ? 'lost' : 'ok')],
  ['a batch whose answer was lost', (nth) => (nth === 1 ? 'unanswered' : 'ok')],
])('sends %s again, and nothing overtakes it', async (_, fate) => {
  const to = watched((_batch, nth) => fate(nth));
  const made = outboxOver(to);
  await made.box.fence();
  await through(made, [rowsOf(1, 2, 3), rowsOf(4)]);
  await made.time.run();
  expect(to.log.slice(1)).toEqual(['1/1/0+2', '1/1/2+1', '1/1/2+1', '1/2/0+1']);
  expect(made.acks.map((ack) => (ack as number[])[1])).toEqual([3, 1]);
  expect(await to.rows()).toHaveLength(4);
});

it('a batch that timed out and arrives after later ones does nothing', async () => {
  let arrive: () => void = () => {};
  const late = new Promise<void>((resolve) => (arrive = resolve));
  const to = watched((_, nth) => (nth === 0 ? late : 'ok'));
  const made = outboxOver(to, { timeout: 100 });
  await made.box.fence();
  const gone: PendingRow = { ...row(1, 0, 5), op: 'delete', row: {} };
  await through(made, [[row(1, 1, 1)], [gone]]);
  await made.time.run();
  await to.store.forget?.(Infinity);
  arrive();
  await made.time.run();
  expect(await to.rows()).toEqual([]);
});

it('a refused row goes to poison before its n is told of, and the others keep their places', async () => {
  const to = watched();
  const made = outboxOver(to, { size: 4 });
  await made.box.fence();
  await through(made, [[row(1, 1), row(2, 'x'), row(3, 3), row(4, 4)], rowsOf(2)]);
  await made.time.run();
  expect(made.poison).toEqual([2]);
  expect(to.log.slice(1)).toEqual(['1/1/0+4', '1/1/0+1', '1/1/2+2', '1/2/0+1']);
  expect(made.acks).toEqual([
    [1, 3],
    [2, 1],
  ]);
});

const throwing = Object.defineProperty({}, 'v', {
  enumerable: true,
  get() {
    throw new Error('no');
  },
});
it.each([
  ['no checkpoint can hold', row(2, new URL('http://x'))],
  ['throws when it is read', { ...row(2, 2), row: throwing }],
])('a row that %s goes to poison, and the others are held', async (_, bad) => {
  const to = watched();
  const made = outboxOver(to);
  await made.box.fence();
  await through(made, [[row(1, 1), bad, row(3, 3)]]);
  await made.time.run();
  expect(made.poison).toEqual([2]);
  expect((await to.rows()).map(({ k }) => k)).toEqual([1, 3]);
});

it('holds its rows as pieces of bounded size until they are applied, and drops them then', async () => {
  const many = Array.from({ length: 1201 }, (_, k) => row(k, k));
  const to = watched();
  const made = outboxOver(to, { size: 1000 });
  made.box.take(7, many);
  const ready = made.box.prepare(7);
  await made.time.run();
  await ready;
  expect([...made.box.pieces(7).keys()]).toEqual(['outbox 7.0', 'outbox 7.1', 'outbox 7.2']);
  expect([...made.box.pieces(6).keys()]).toEqual([]);
  made.box.durable(7);
  await made.box.fence();
  await made.time.run();
  expect([...made.box.pieces(8).keys()]).toEqual([]);
  expect(await to.table.count()).toBe(1201);
});

it('what a checkpoint held is applied again by the next owner, from its first row', async () => {
  const to = watched((_, nth) => (nth === 1 ? new Promise<void>(() => {}) : 'ok'));
  const first = outboxOver(to);
  await first.box.fence();
  const binary = { ...row(9, 9), row: { v: 9 } };
  await through(first, [rowsOf(1, 2, 3), [binary]]);
  await first.time.run(10);
  const held = first.box.pieces(2);
  first.box.end();
  const second = outboxOver(to, { epoch: 2 });
  second.box.restore(held);
  expect([second.box.pending, second.resumed()]).toEqual([4, 4]);
  await second.box.fence();
  await second.time.run();
  expect(to.log.slice(3)).toEqual(['fence 2', '2/1/0+2', '2/1/2+1', '2/2/0+1']);
  expect((await to.rows()).map(({ k }) => k)).toEqual([1, 2, 3, 9]);
  await expect(first.box.fence()).rejects.toMatchObject({ name: 'FencedError' });
});

it('an owner that was taken over applies nothing more', async () => {
  const to = watched();
  const made = outboxOver(to);
  await made.box.fence();
  await to.store.outbox?.fence({ job: 'j', task: '0', sink: 'out' }, 2);
  await through(made, [rowsOf(1)]);
  await made.time.run();
  expect(made.failed).toMatchObject([{ name: 'FencedError' }]);
  expect(await to.rows()).toEqual([]);
});

it('binary values, dates and nasty numbers come back from a checkpoint', async () => {
  const { packRows, unpackRows } = await import('../../../../lib/outboxRows.js');
  const value = { a: new Uint8Array([0, 255]), b: new Date(5), c: Number.NaN, d: 5n, e: undefined };
  const one = { ...row(1, 1), row: value, key: ['\u0000', ['x', -0]] };
  const [back] = unpackRows(packRows([one]));
  expect(back).toEqual({ ...one, value: { key: one.key, row: value } });
});

it('an epoch of checkpoints that are lost is gone above, so that nothing passes for a duplicate', async () => {
  for (const held of [1, 2, 7]) {
    const to = watched();
    const before = outboxOver(to, { epoch: held, mark: 5 });
    await before.box.fence();
    await through(before, [rowsOf(1), rowsOf(2)]);
    await before.time.run();
    // checkpoints begin anew: their n too
    const next = outboxOver(to, { epoch: held === 7 ? 1 : held, mark: 6, owns: true });
    await next.box.fence();
    await through(next, [rowsOf(3), rowsOf(4)]);
    await next.time.run();
    expect(await to.rows()).toEqual([1, 2, 3, 4].map((k) => ({ k, v: k })));
    await through(before, [[], [], rowsOf(9)]);
    await before.time.run();
    expect(before.failed).toMatchObject([{ name: 'FencedError', epoch: held }]);
  }
});

it('two runs of one epoch that fence before either writes have not both the table', async () => {
  const to = watched();
  const [one, two] = [5, 6].map((mark) => outboxOver(to, { mark }));
  await one?.box.fence();
  await expect(two?.box.fence()).rejects.toMatchObject({ name: 'FencedError', epoch: 1 });
});

/** A target that hears of a fence with the first batch, and then says which epoch it has; with `always`, ever another. */
function unheard(to: Watched, held: number, always = false): Watched {
  const inner = to.store.outbox as OutboxTarget;
  let above = held;
  const outbox: OutboxTarget = {
    fence: (owner, epoch, run) => inner.fence(owner, epoch, run),
    async apply(batch) {
      if (batch.epoch > above && !always) return inner.apply(batch);
      if (always) above = batch.epoch;
      to.log.push(`fenced ${batch.epoch}`);
      return { outcome: 'fenced', fencedBy: above };
    },
  };
  return { ...to, store: { ...to.store, outbox } };
}

it('goes above the epoch that is told with its first batch, while it is the owner', async () => {
  const to = watched();
  const made = outboxOver(unheard(to, 4), { owns: true });
  await made.box.fence();
  await through(made, [rowsOf(1, 2, 3)]);
  await made.time.run();
  expect(to.log).toEqual(['fence 1', 'fenced 1', 'fence 5', '5/1/0+2', '5/1/2+1']);
  expect(made.acks).toEqual([[1, 3]]);
});

it.each([
  ['is no longer the owner', false, ['fence 1', 'fenced 1']],
  [
    'is shut out again and again',
    true,
    ['fence 1', 'fenced 1', 'fence 2', 'fenced 2', 'fence 3', 'fenced 3', 'fence 4', 'fenced 4'],
  ],
])('ends where its first batch is fenced and it %s', async (_, owns, log) => {
  const to = watched();
  const made = outboxOver(unheard(to, 1, owns), { owns });
  await made.box.fence();
  await through(made, [rowsOf(1)]);
  await made.time.run();
  expect(made.failed).toMatchObject([{ name: 'FencedError', epoch: 1 }]);
  expect(to.log).toEqual(log);
});
