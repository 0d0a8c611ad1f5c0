/** idempotentSink as an operator: rows by key and order, acks, deletes, poison, faults, the end. */
import {
  type Ack,
  count,
  type Element,
  event,
  eventTimeWindow,
  type IdempotentSinkConfig,
  idempotentSink,
  type SinkStats,
  type SinkStore,
  StoreError,
  session,
  type TableStore,
  tumbling,
} from 'tidemark';
import { memoryStore } from 'tidemark/memory';
import {
  ArrivalClock,
  type Build,
  eventTimeTest,
  type Harness,
  type HarnessOptions,
  harness,
} from 'tidemark/testing';
import type { Upsert } from '../../lib/ports.js';

interface Reading {
  readonly k: string;
  readonly n: number;
}

const reading = (k: string, n: number): Reading => ({ k, n });
const at = (k: string, n: number, t: number, revision?: readonly number[]): Element<Reading> =>
  event(reading(k, n), t, { revision });
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function tableOf(): TableStore {
  return memoryStore().table('t', { key: ['k'] });
}

async function rowsOf(table: TableStore): Promise<unknown[]> {
  const rows: unknown[] = [];
  for await (const row of table.rows()) rows.push(row);
  return rows;
}

/** A sink in the hand: what it has said, and its counters. */
interface Driven {
  readonly h: Harness;
  readonly stats: Readonly<SinkStats>;
  readonly acks: readonly Ack[];
  readonly error: unknown;
  readonly completed: boolean;
}

function sink(
  store: SinkStore,
  config: Partial<IdempotentSinkConfig<Reading>> = {},
  options: HarnessOptions = {},
): Driven {
  let live = {} as Readonly<SinkStats>;
  const stats = (s: Readonly<SinkStats>): void => {
    live = s;
  };
  const rules = { key: (r: Reading) => r.k, row: (r: Reading) => ({ n: r.n }) };
  const build: Build = (in$) => in$.pipe(idempotentSink({ store, ...rules, stats, ...config }));
  const h = harness(build, { inJob: false, ...options });
  return {
    h,
    get stats() {
      return live;
    },
    get acks() {
      return h.outputs.flatMap((m) => (m.kind === 'value' ? [m.value as Ack] : []));
    },
    get error() {
      const last = h.outputs.at(-1);
      return last?.kind === 'error' ? last.error : undefined;
    },
    get completed() {
      return h.outputs.at(-1)?.kind === 'complete';
    },
  };
}

/** The same, over everything that is sent, and the end. */
async function over(
  sent: readonly Element<Reading>[],
  store: SinkStore,
  config?: Partial<IdempotentSinkConfig<Reading>>,
): Promise<Driven> {
  const driven = sink(store, config);
  for (const e of sent) driven.h.send(e);
  driven.h.complete();
  await settle();
  return driven;
}

async function written(...sent: Element<Reading>[]): Promise<unknown[]> {
  const table = tableOf();
  await over(sent, table);
  return rowsOf(table);
}

describe('the sink writes one row per key', () => {
  it('of a higher revision over a lower one, never the other way round', async () => {
    expect(await written(at('a', 1, 5, [0]), at('a', 2, 5, [1]))).toEqual([{ k: 'a', n: 2 }]);
    expect(await written(at('a', 1, 5, [1]), at('a', 2, 5, [0]))).toEqual([{ k: 'a', n: 1 }]);
  });
  it('of a later event time over an earlier one, where revisions are equal', async () => {
    expect(await written(at('a', 1, 5), at('a', 2, 6))).toEqual([{ k: 'a', n: 2 }]);
    expect(await written(at('a', 1, 6), at('a', 2, 5))).toEqual([{ k: 'a', n: 1 }]);
  });
  it('of the later arrival, where all is equal but the content: a conflict', async () => {
    const table = tableOf();
    const sent = [at('a', 1, 5), at('a', 2, 5), at('b', 3, 5), at('b', 3, 5)];
    const { stats } = await over(sent, table);
    expect(await rowsOf(table)).toEqual([
      { k: 'a', n: 2 },
      { k: 'b', n: 3 },
    ]);
    expect(stats).toMatchObject({ in: 4, accepted: 4, conflicts: 1, ignored: 1, written: 2 });
  });
  it('by the `version` of the config before the revision', async () => {
    const table = tableOf();
    await over([at('a', 2, 5, [0]), at('a', 1, 9, [9])], table, { version: (r) => r.n });
    expect(await rowsOf(table)).toEqual([{ k: 'a', n: 2 }]);
  });
  it('also when the same stream is replayed: nothing changes', async () => {
    const table = tableOf();
    const sent = [at('a', 1, 5), at('a', 2, 6), at('b', 3, 5)];
    await over(sent, table);
    const before = await rowsOf(table);
    const { stats } = await over(sent, table);
    expect(before).toHaveLength(2);
    expect(await rowsOf(table)).toEqual(before);
    expect(stats).toMatchObject({ written: 0 });
  });
});

describe('a withdrawal', () => {
  const away = (k: string, t: number, revision?: readonly number[]): Element<Reading> =>
    event(reading(k, 0), t, { op: '-', revision });
  it('deletes the row, unless the stored one is higher', async () => {
    expect(await written(at('a', 1, 5, [1]), away('a', 5, [1]))).toEqual([]);
    expect(await written(at('a', 1, 5, [2]), away('a', 5, [1]))).toEqual([{ k: 'a', n: 1 }]);
  });
  it('leaves a tombstone that refuses rows below it', async () => {
    const table = tableOf();
    const { h } = sink(table);
    for (const e of [at('a', 1, 5, [1]), away('a', 5, [1]), at('a', 2, 5, [0])]) {
      h.send(e);
      await settle();
    }
    expect(await rowsOf(table)).toEqual([]);
  });
});

it('a merged session deletes the rows of the sessions that it replaces', async () => {
  const store = memoryStore().table('s', { key: ['start', 'k'] });
  const h = harness(
    (in$) =>
      in$.pipe(
        eventTimeWindow({
          window: session(3),
          key: (v: string) => v,
          aggregate: { n: count() },
          allowedLateness: 20,
        }),
        idempotentSink({ store, key: (r) => [r.window.start, r.key], row: (r) => r.value }),
      ),
    { inJob: false },
  );
  h.play('a@0 a@6 W8 a@3 W∞');
  await settle();
  expect(await rowsOf(store)).toEqual([{ start: 0, k: 'a', n: 3 }]);
});

it('a result that replaces others, of a shape without window, needs a rule', async () => {
  const late: Element<Reading> = event(reading('a', 1), 5, { replaces: [{ start: 0, end: 1 }] });
  expect((await over([late], tableOf())).error).toMatchObject({ name: 'ReplacesError' });
  const table = tableOf();
  await over([at('w0', 1, 4), late], table, { replaces: (_, w) => `w${w.start}` });
  expect(await rowsOf(table)).toEqual([{ k: 'a', n: 1 }]);
});

it(
  'deltas are refused at the first element: an upsert of them would lose the rest',
  eventTimeTest(({ stream, expectStream }) => {
    const out$ = stream('a@1 W9').pipe(
      eventTimeWindow({
        window: tumbling(5),
        aggregate: { n: count() },
        accumulation: 'discarding',
      }),
      idempotentSink({ store: tableOf(), key: (r) => r.window.start, row: (r) => r.value }),
    );
    expectStream(out$).toBe('· #', {}, /`accumulation` must be/);
  }),
);

describe('acks', () => {
  it('are one a batch, of the rows of one turn, with the watermark', async () => {
    const driven = sink(tableOf());
    driven.h.send(at('a', 1, 1));
    driven.h.send(at('b', 1, 2));
    driven.h.watermark(2);
    await settle();
    driven.h.send(at('c', 1, 3));
    await settle();
    const ack = { ignored: 0, conflicts: 0, watermark: 2 };
    expect(driven.acks).toEqual([
      { ...ack, rows: 2, written: 2 },
      { ...ack, rows: 1, written: 1 },
    ]);
    expect(driven.completed).toBe(false);
  });
  it('come in batches of at most `batch` rows', async () => {
    const sent = [at('a', 1, 1), at('b', 1, 1), at('c', 1, 1)];
    const { acks } = await over(sent, tableOf(), { batch: 2 });
    expect(acks.map((a) => a.rows)).toEqual([2, 1]);
  });
  it('and completion wait until rows are durable', async () => {
    let durable: () => void = () => {};
    const slow = fakeStore(() => new Promise<void>((resolve) => (durable = resolve)));
    const driven = await over([at('a', 1, 1)], slow.store);
    expect(driven.h.text()).toBe('·');
    durable();
    await settle();
    expect(driven).toMatchObject({ acks: [{ rows: 1 }], completed: true });
  });
});

/** A store whose writes do what the test says. */
function fakeStore(write: (batch: readonly Upsert[]) => Promise<void>): {
  readonly store: SinkStore;
  readonly batches: (readonly Upsert[])[];
} {
  const batches: (readonly Upsert[])[] = [];
  const store: SinkStore = {
    name: 'fake',
    transaction: {},
    async upsert(batch) {
      batches.push(batch);
      await write(batch);
      return { written: batch.length, ignored: 0, conflicts: 0 };
    },
  };
  return { store, batches };
}

describe('a connection fault', () => {
  it('is tried again after at most a delay that doubles, and then all is well', async () => {
    let faults = 3;
    const { store, batches } = fakeStore(async () => {
      if (faults-- > 0) throw new StoreError('connection', 'gone');
    });
    const scheduler = new ArrivalClock();
    const driven = sink(store, { scheduler, retry: { attempts: 4, delay: 10 } }, { scheduler });
    driven.h.send(at('a', 1, 1));
    driven.h.complete();
    await settle();
    expect(batches).toHaveLength(1);
    for (const [i, ms] of [10, 20, 40].entries()) {
      driven.h.advance(ms);
      await settle();
      expect(batches.length).toBeGreaterThanOrEqual(i + 2);
    }
    expect(batches).toHaveLength(4);
    expect(driven).toMatchObject({ acks: [{ rows: 1 }], completed: true });
  });
  it('loses the rows of a sink that sends at most once, and goes on', async () => {
    let faults = 1;
    const { store, batches } = fakeStore(async () => {
      if (faults-- > 0) throw new StoreError('connection', 'gone');
    });
    const { acks } = await over([at('a', 1, 1), at('b', 1, 1)], store, {
      ...{ batch: 1, delivery: 'atMostOnce', stats: (live) => (lost = () => live.lost) },
    });
    expect([batches.length, acks.map((a) => a.rows), lost()]).toEqual([2, [1], 1]);
  });
  let lost: () => number = () => 0;
  it('errors the stream after the last attempt', async () => {
    const { store, batches } = fakeStore(async () => {
      throw new StoreError('connection', 'gone');
    });
    const scheduler = new ArrivalClock();
    const driven = sink(store, { scheduler, retry: { attempts: 2 } }, { scheduler });
    driven.h.send(at('a', 1, 1));
    for (let i = 0; i < 4; i++) {
      await settle();
      driven.h.advance('1 minute');
    }
    expect(batches).toHaveLength(2);
    expect(driven.error).toMatchObject({ name: 'StoreError', kind: 'connection' });
    expect(driven.acks).toEqual([]);
  });
});

describe('poison', () => {
  it('is a row that the store refuses: the others of the batch are written', async () => {
    const poison: unknown[] = [];
    const { store, batches } = fakeStore(async (batch) => {
      if (batch.some((row) => row.row['n'] === 3)) throw new StoreError('refused', 'three');
    });
    const sent = [1, 2, 3, 4].map((n) => at(`k${n}`, n, n));
    const outcome = await over(sent, store, { poison: (p) => poison.push(p.value) });
    expect(poison).toEqual([reading('k3', 3)]);
    const durable = batches.flatMap((b) => (b.some((r) => r.row['n'] === 3) ? [] : b));
    expect(durable.map((row) => row.row['n']).toSorted()).toEqual([1, 2, 4]);
    expect(outcome).toMatchObject({ stats: { poison: 1, written: 3 }, completed: true });
  });
  it('is told with the reason of its own row, where the store can tell them apart', async () => {
    const reasons: string[] = [];
    const table = memoryStore().table('t', { key: ['k'], columns: { k: 'text', n: 'int8' } });
    const sent = [at('a', 1.5, 1), at('b', 2, 2), at('c', 2.5, 3)];
    await over(sent, table, { poison: ({ error }) => reasons.push((error as Error).message) });
    expect(reasons).toEqual([
      expect.stringMatching(/^table "t" refuses a row: .* got 1\.5 \(key \["a"\]\)$/),
      expect.stringMatching(/^table "t" refuses a row: .* got 2\.5 \(key \["c"\]\)$/),
    ]);
  });
  it('is a value without key or row, and nothing else stops', async () => {
    const poison: unknown[] = [];
    const table = tableOf();
    const sent = [at('a', 1, 1), at('b', 2, 2), at('c', 3, 3), at('d', 4, 4)];
    const outcome = await over(sent, table, {
      key: (r) => {
        if (r.k === 'a') throw new Error('no key');
        return r.k === 'b' ? (null as never) : r.k;
      },
      row: (r) => (r.k === 'c' ? (undefined as never) : { n: r.n }),
      poison: (p) => poison.push([p.value.k, (p.error as Error).message]),
    });
    expect(poison).toEqual([
      ['a', 'no key'],
      ['b', '`key` gave no valid key'],
      ['c', '`row` gave no object'],
    ]);
    expect(await rowsOf(table)).toEqual([{ k: 'd', n: 4 }]);
    expect(outcome.stats).toMatchObject({ in: 4, accepted: 1, invalid: 3, poison: 3 });
  });
  it('that makes its door throw errors the stream', async () => {
    const outcome = await over([at('a', 1, 1)], tableOf(), {
      key: () => null as never,
      poison: () => {
        throw new Error('door');
      },
    });
    expect(outcome.error).toMatchObject({ name: 'UserFunctionError', fn: 'poison' });
  });
});

describe('outside a job', () => {
  it('more rows than `maxPending` are an error: nothing can hold the source back', async () => {
    const sent = [at('a', 1, 1), at('b', 1, 1), at('c', 1, 1)];
    const outcome = await over(sent, tableOf(), { maxPending: 2 });
    expect(outcome.error).toMatchObject({ name: 'BackpressureError', pending: 3 });
  });
  it('several rows of one key are one pending row', async () => {
    const sent = Array.from({ length: 100 }, (_, n) => at('a', n, n));
    const outcome = await over(sent, tableOf(), { maxPending: 1 });
    expect(outcome).toMatchObject({ completed: true, acks: [{ rows: 1 }] });
  });
  it('an error drops what waits', async () => {
    const { store, batches } = fakeStore(async () => {});
    const driven = sink(store);
    driven.h.send(at('a', 1, 1));
    expect(driven.h.error(new Error('source'))).toBe("#'Error: source'");
    await settle();
    expect(batches).toEqual([]);
  });
});

it('a wrong option is said at construction', () => {
  const make = (config: object) => () =>
    idempotentSink({ store: tableOf(), key: (r: Reading) => r.k, ...config });
  expect(make({ store: {} })).toThrow(/^idempotentSink: `store` must be/);
  expect(make({ key: 'k' })).toThrow(/`key` must be a function/);
  expect(make({ row: 1 })).toThrow(/`row` must be a function/);
  expect(make({ batch: 0 })).toThrow(/`batch` must be an integer > 0; got 0$/);
  expect(make({ maxPending: 1.5 })).toThrow(/`maxPending` must be/);
  expect(make({ retry: { attempts: 0 } })).toThrow(/`retry.attempts` must be/);
  expect(make({ retry: { delay: '-1s' } })).toThrow(/`retry.delay` must be/);
});

it('bare values are an error that names what is missing', () => {
  expect(sink(tableOf()).h.send(reading('a', 1))).toContain('put watermark() before it');
});

describe('retention', () => {
  it('deletes rows that W has left behind by more, and writes none that are so old', async () => {
    const table = tableOf();
    const driven = sink(table, { retention: 10 });
    driven.h.send(at('a', 1, 1));
    driven.h.send(at('b', 2, 12));
    await settle();
    driven.h.watermark(11);
    driven.h.send(at('c', 3, 1));
    driven.h.send(at('d', 4, 2));
    await settle();
    expect(await rowsOf(table)).toMatchObject([{ k: 'b' }, { k: 'd' }]);
    driven.h.complete();
    await settle();
    expect(await table.count()).toBe(2);
    expect(driven.stats).toMatchObject({ accepted: 4, written: 3, expired: 2 });
  });
  it('is refused for a store that cannot, at construction', () => {
    const { store } = fakeStore(async () => {});
    expect(() => idempotentSink({ store, key: () => 1, retention: '1d' })).toThrow(
      /`retention` must be left out for a store that cannot expire rows/,
    );
  });
});
