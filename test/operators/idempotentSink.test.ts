/** idempotentSink as an operator: rows by key and order, acks, deletes, poison, faults, the end. */
import { type Observable, of, type SchedulerLike, Subject, Subscription } from 'rxjs';
import { memoryStore } from '../../adapters/memory/index.js';
import { type Element, event, watermarkAt } from '../../lib/element.js';
import { StoreError } from '../../lib/errors.js';
import type { SinkStore, TableStore, Upsert } from '../../lib/ports.js';
import {
  type Ack,
  count,
  eventTimeWindow,
  type IdempotentSinkConfig,
  idempotentSink,
  type SinkStats,
  session,
  tumbling,
} from '../../operators/index.js';

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

interface Outcome {
  readonly acks: Ack[];
  stats?: Readonly<SinkStats>;
  error?: unknown;
  completed: boolean;
}

function sink(
  in$: Observable<Element<Reading>>,
  store: SinkStore,
  config: Partial<IdempotentSinkConfig<Reading>> = {},
): Outcome {
  const outcome: Outcome = { acks: [], completed: false };
  const stats = (live: Readonly<SinkStats>): void => {
    outcome.stats = live;
  };
  const rules = { key: (r: Reading) => r.k, row: (r: Reading) => ({ n: r.n }) };
  in$.pipe(idempotentSink({ store, ...rules, stats, ...config })).subscribe({
    next: (ack) => outcome.acks.push(ack),
    error: (thrown) => {
      outcome.error = thrown;
    },
    complete: () => {
      outcome.completed = true;
    },
  });
  return outcome;
}

async function written(...sent: Element<Reading>[]): Promise<unknown[]> {
  const table = tableOf();
  sink(of(...sent), table);
  await settle();
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
    const { stats } = sink(of(at('a', 1, 5), at('a', 2, 5), at('b', 3, 5), at('b', 3, 5)), table);
    await settle();
    expect(await rowsOf(table)).toEqual([
      { k: 'a', n: 2 },
      { k: 'b', n: 3 },
    ]);
    expect(stats).toMatchObject({ in: 4, accepted: 4, conflicts: 1, ignored: 1, written: 2 });
  });
  it('by the `version` of the config before the revision', async () => {
    const table = tableOf();
    sink(of(at('a', 2, 5, [0]), at('a', 1, 9, [9])), table, { version: (r) => r.n });
    await settle();
    expect(await rowsOf(table)).toEqual([{ k: 'a', n: 2 }]);
  });
  it('also when the same stream is replayed: nothing changes', async () => {
    const table = tableOf();
    const in$ = of(at('a', 1, 5), at('a', 2, 6), at('b', 3, 5));
    sink(in$, table);
    await settle();
    const before = await rowsOf(table);
    const { stats } = sink(in$, table);
    await settle();
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
    const in$ = new Subject<Element<Reading>>();
    sink(in$, table);
    for (const e of [at('a', 1, 5, [1]), away('a', 5, [1]), at('a', 2, 5, [0])]) {
      in$.next(e);
      await settle();
    }
    expect(await rowsOf(table)).toEqual([]);
  });
});

it('a merged session deletes the rows of the sessions that it replaces', async () => {
  const store = memoryStore().table('s', { key: ['start', 'k'] });
  const script: Element<string>[] = [
    event('a', 0),
    event('a', 6),
    watermarkAt(8),
    event('a', 3),
    watermarkAt(Infinity),
  ];
  of(...script)
    .pipe(
      eventTimeWindow({
        window: session(3),
        key: (v) => v,
        aggregate: { n: count() },
        allowedLateness: 20,
      }),
      idempotentSink({ store, key: (r) => [r.window.start, r.key], row: (r) => r.value }),
    )
    .subscribe();
  await settle();
  expect(await rowsOf(store)).toEqual([{ start: 0, k: 'a', n: 3 }]);
});

it('a result that replaces others, of a shape without window, needs a rule', async () => {
  const late: Element<Reading> = event(reading('a', 1), 5, { replaces: [{ start: 0, end: 1 }] });
  expect(sink(of(late), tableOf()).error).toMatchObject({ name: 'ReplacesError' });
  const table = tableOf();
  sink(of(at('w0', 1, 4), late), table, { replaces: (_, w) => `w${w.start}` });
  await settle();
  expect(await rowsOf(table)).toEqual([{ k: 'a', n: 1 }]);
});

it('deltas are refused at the first element: an upsert of them would lose the rest', () => {
  const errors: unknown[] = [];
  of(event('a', 1), watermarkAt(9))
    .pipe(
      eventTimeWindow({
        window: tumbling(5),
        aggregate: { n: count() },
        accumulation: 'discarding',
      }),
      idempotentSink({ store: tableOf(), key: (r) => r.window.start, row: (r) => r.value }),
    )
    .subscribe({ error: (e) => errors.push(e) });
  expect(errors).toEqual([expect.objectContaining({ name: 'TypeError' })]);
  expect(String(errors[0])).toContain('`accumulation` must be');
});

describe('acks', () => {
  it('are one a batch, of the rows of one turn, with the watermark', async () => {
    const in$ = new Subject<Element<Reading>>();
    const outcome = sink(in$, tableOf());
    in$.next(at('a', 1, 1));
    in$.next(at('b', 1, 2));
    in$.next(watermarkAt(2));
    await settle();
    in$.next(at('c', 1, 3));
    await settle();
    const ack = { ignored: 0, conflicts: 0, watermark: 2 };
    expect(outcome.acks).toEqual([
      { ...ack, rows: 2, written: 2 },
      { ...ack, rows: 1, written: 1 },
    ]);
    expect(outcome.completed).toBe(false);
  });
  it('come in batches of at most `batch` rows', async () => {
    const outcome = sink(of(at('a', 1, 1), at('b', 1, 1), at('c', 1, 1)), tableOf(), { batch: 2 });
    await settle();
    expect(outcome.acks.map((a) => a.rows)).toEqual([2, 1]);
  });
  it('and completion wait until rows are durable', async () => {
    let written: () => void = () => {};
    const slow = fakeStore(() => new Promise<void>((resolve) => (written = resolve)));
    const outcome = sink(of(at('a', 1, 1)), slow.store);
    await settle();
    expect(outcome).toMatchObject({ acks: [], completed: false });
    written();
    await settle();
    expect(outcome).toMatchObject({ acks: [{ rows: 1 }], completed: true });
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
  /** Runs what it is given at once, and remembers the delays. */
  function impatient(): { readonly scheduler: SchedulerLike; readonly delays: number[] } {
    const delays: number[] = [];
    const schedule = (work: (this: never) => void, delay = 0): Subscription => {
      delays.push(delay);
      work.call(undefined as never);
      return new Subscription();
    };
    return { scheduler: { now: () => 0, schedule } as unknown as SchedulerLike, delays };
  }
  it('is tried again with a delay that doubles, and then all is well', async () => {
    let faults = 3;
    const { store, batches } = fakeStore(async () => {
      if (faults-- > 0) throw new StoreError('connection', 'gone');
    });
    const { scheduler, delays } = impatient();
    const retry = { attempts: 4, delay: 10 };
    const outcome = sink(of(at('a', 1, 1)), store, { scheduler, retry });
    await settle();
    expect(delays).toEqual([10, 20, 40]);
    expect(batches).toHaveLength(4);
    expect(outcome).toMatchObject({ acks: [{ rows: 1 }], completed: true });
  });
  it('errors the stream after the last attempt', async () => {
    const { store, batches } = fakeStore(async () => {
      throw new StoreError('connection', 'gone');
    });
    const { scheduler } = impatient();
    const outcome = sink(of(at('a', 1, 1)), store, { scheduler, retry: { attempts: 2 } });
    await settle();
    expect(batches).toHaveLength(2);
    expect(outcome.error).toMatchObject({ name: 'StoreError', kind: 'connection' });
    expect(outcome.completed).toBe(false);
  });
});

describe('poison', () => {
  it('is a row that the store refuses: the others of the batch are written', async () => {
    const poison: unknown[] = [];
    const { store, batches } = fakeStore(async (batch) => {
      if (batch.some((row) => row.row['n'] === 3)) throw new StoreError('refused', 'three');
    });
    const outcome = sink(of(...[1, 2, 3, 4].map((n) => at(`k${n}`, n, n))), store, {
      poison: (p) => poison.push(p.value),
    });
    await settle();
    expect(poison).toEqual([reading('k3', 3)]);
    const durable = batches.flatMap((b) => (b.some((r) => r.row['n'] === 3) ? [] : b));
    expect(durable.map((row) => row.row['n']).toSorted()).toEqual([1, 2, 4]);
    expect(outcome).toMatchObject({ stats: { poison: 1, written: 3 }, completed: true });
  });
  it('is a value without key or row, and nothing else stops', async () => {
    const poison: unknown[] = [];
    const table = tableOf();
    const outcome = sink(of(at('a', 1, 1), at('b', 2, 2), at('c', 3, 3), at('d', 4, 4)), table, {
      key: (r) => {
        if (r.k === 'a') throw new Error('no key');
        return r.k === 'b' ? (null as never) : r.k;
      },
      row: (r) => (r.k === 'c' ? (undefined as never) : { n: r.n }),
      poison: (p) => poison.push([p.value.k, (p.error as Error).message]),
    });
    await settle();
    expect(poison).toEqual([
      ['a', 'no key'],
      ['b', '`key` gave no valid key'],
      ['c', '`row` gave no object'],
    ]);
    expect(await rowsOf(table)).toEqual([{ k: 'd', n: 4 }]);
    expect(outcome.stats).toMatchObject({ in: 4, accepted: 1, invalid: 3, poison: 3 });
  });
  it('that makes its door throw errors the stream', () => {
    const outcome = sink(of(at('a', 1, 1)), tableOf(), {
      key: () => null as never,
      poison: () => {
        throw new Error('door');
      },
    });
    expect(outcome.error).toMatchObject({ name: 'UserFunctionError', fn: 'poison' });
  });
});

describe('outside a job', () => {
  it('more rows than `maxPending` are an error: nothing can hold the source back', () => {
    const outcome = sink(of(at('a', 1, 1), at('b', 1, 1), at('c', 1, 1)), tableOf(), {
      maxPending: 2,
    });
    expect(outcome.error).toMatchObject({ name: 'BackpressureError', pending: 3 });
  });
  it('several rows of one key are one pending row', async () => {
    const in$ = of(...Array.from({ length: 100 }, (_, n) => at('a', n, n)));
    const outcome = sink(in$, tableOf(), { maxPending: 1 });
    await settle();
    expect(outcome).toMatchObject({ completed: true, acks: [{ rows: 1 }] });
  });
  it('an error drops what waits', async () => {
    const { store, batches } = fakeStore(async () => {});
    const in$ = new Subject<Element<Reading>>();
    const outcome = sink(in$, store);
    in$.next(at('a', 1, 1));
    in$.error(new Error('source'));
    await settle();
    expect(outcome.error).toMatchObject({ message: 'source' });
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
  const outcome = sink(of(reading('a', 1)) as never, tableOf());
  expect(String(outcome.error)).toContain('put watermark() before it');
});
