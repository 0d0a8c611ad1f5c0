/** What a sink promises by its `delivery`, what it costs, and how the sources are held while a table stands still. */
import {
  count,
  type DeliveryKind,
  eventTimeWindow,
  type IdempotentSinkConfig,
  idempotentSink,
  type Job,
  type JobConfig,
  job,
  type SinkStore,
  StoreError,
  tumbling,
  type UpsertResult,
  watermark,
} from 'tidemark';
import { memoryStore } from 'tidemark/memory';
import { arraySource } from 'tidemark/testing';
import { VirtualTime } from '../lib/virtualTime.js';
import { schedulerOf } from './virtualScheduler.js';

interface Row {
  readonly k: number;
  readonly v: unknown;
}
const rowsOf = (n: number): Row[] => Array.from({ length: n }, (_, k) => ({ k, v: k }));

interface Slow {
  readonly store: SinkStore;
  readonly table: ReturnType<ReturnType<typeof memoryStore>['table']>;
  readonly batches: number[][];
  /** What happens to a write now: waits for nothing, or for this; or fails. */
  fate: 'ok' | 'gone' | 'unanswered' | Promise<void>;
}

function slow(): Slow {
  const table = memoryStore().table('t', { key: ['k'], columns: { k: 'int8', v: 'int8' } });
  const made = { table, batches: [], fate: 'ok' } as unknown as Slow;
  const upsert = async (batch: Parameters<SinkStore['upsert']>[0]): Promise<UpsertResult> => {
    const { fate } = made;
    made.batches.push(batch.map(({ key }) => Number(key[0])));
    if (typeof fate === 'object') await fate;
    if (fate === 'gone') throw new StoreError('connection', 'gone');
    const result = await table.upsert(batch);
    if (fate === 'unanswered') throw new StoreError('connection', 'no answer');
    return result;
  };
  return Object.assign(made, { store: { name: 't', transaction: {}, upsert } });
}

interface Options {
  readonly rows?: Row[];
  readonly sink?: Partial<IdempotentSinkConfig<Row>>;
  readonly job?: Partial<JobConfig>;
}

function make(to: Pick<Slow, 'store'>, delivery: DeliveryKind, o: Options = {}) {
  const time = new VirtualTime();
  const store = memoryStore();
  const poison: unknown[] = [];
  const j: Job = job({
    ...{ id: 'j', checkpoints: store.checkpoints(), every: '1h', everyEvents: 5 },
    ...{ owner: { lease: 'none' }, restart: { attempts: 1 }, clock: schedulerOf(time) },
    topology(t) {
      t.sink(
        t.source(arraySource('rows', o.rows ?? rowsOf(20))).pipe(
          watermark({ id: 'time', timestamp: (r) => r.k }),
          idempotentSink<Row>({
            ...{ id: 'out', store: to.store, key: (r: Row) => r.k, row: ({ v }: Row) => ({ v }) },
            poison: (p) => poison.push((p.value as Row).k),
            ...{ delivery, batch: 3 },
            ...o.sink,
          }),
        ),
      );
    },
    ...o.job,
  });
  return { job: j, time, poison, checkpoints: store.checkpoints() };
}

describe('atLeastOnce', () => {
  it('writes rows as they come, and passes no barrier before they are durable', async () => {
    const to = slow();
    let answer: () => void = () => {};
    to.fate = new Promise<void>((resolve) => (answer = resolve));
    const made = make(to, 'atLeastOnce');
    const done = made.job.run();
    await made.time.run(100);
    expect(to.batches).toEqual([[0]]);
    expect(await made.checkpoints.lastCommitted('j', '0')).toMatchObject({ n: 0 });
    expect(made.job.status()).toMatchObject({
      pending: 5,
      sinks: [{ class: 'E', pending: 5 }],
      sources: [{ held: ['barrier'] }],
    });
    to.fate = 'ok';
    answer();
    await made.time.run();
    expect(await done).toBe('completed');
    expect(await to.table.count()).toBe(20);
    expect(made.job.status()).toMatchObject({ pending: 0, operators: expect.anything() });
    expect(made.job.guarantee).toBe(
      'E: converging, not exact (rows are written before their checkpoint)',
    );
  });

  it('sends again what had no answer, and names what is refused', async () => {
    const to = slow();
    to.fate = 'unanswered';
    const made = make(to, 'atLeastOnce', { rows: [...rowsOf(4), { k: 9, v: 'x' }] });
    const done = made.job.run();
    await made.time.run(1);
    to.fate = 'ok';
    await made.time.run();
    expect(await done).toBe('completed');
    expect(made.poison).toEqual([9]);
    expect(await to.table.count()).toBe(4);
  });

  it.each([
    ['a late pane', false, /`version` must be a function, with delivery 'atLeastOnce'/],
    ['a late pane, unless there is a version', true, undefined],
  ])('refuses %s', async (_, versioned, message) => {
    const to = slow();
    const time = new VirtualTime();
    const late = [5, 30, 6, 60].map((k) => ({ k, v: k }));
    const j = job({
      ...{ id: 'j', checkpoints: memoryStore().checkpoints(), every: '1h' },
      ...{ owner: { lease: 'none' }, restart: { attempts: 1 }, clock: schedulerOf(time) },
      topology: (t) =>
        t.sink(
          t.source(arraySource('rows', late)).pipe(
            watermark({ id: 'time', timestamp: (r) => r.k }),
            eventTimeWindow({
              ...{ id: 'win', window: tumbling(10), allowedLateness: 50 },
              aggregate: { n: count() },
            }),
            idempotentSink({
              ...{ id: 'out', store: to.store, delivery: 'atLeastOnce' as const },
              key: (r) => r.window.start,
              row: (r) => ({ v: r.value.n }),
              ...(versioned ? { version: (r) => r.pane.index } : {}),
            }),
          ),
        ),
    });
    const done = j.run().catch((thrown: Error) => thrown.message);
    await time.run();
    if (message === undefined) expect(await done).toBe('completed');
    else expect(await done).toMatch(message);
  });

  it('a run that is over writes nothing more', async () => {
    const to = slow();
    to.fate = 'gone';
    const made = make(to, 'atLeastOnce', { job: { stopTimeout: '2s' } });
    const done = made.job.run().catch((thrown: Error) => thrown.message);
    await made.time.run(1);
    made.job.stop().catch(() => {});
    await made.time.run(3000);
    expect(await done).toMatch(/could not stop within 2000 ms; it waits for a report of out/);
    const sent = to.batches.length;
    to.fate = 'ok';
    await made.time.run(100_000);
    expect(to.batches).toHaveLength(sent);
  });
});

describe('atMostOnce', () => {
  it.each(['gone', 'unanswered'] as const)('never sends again: %s is counted', async (fate) => {
    const to = slow();
    const made = make(to, 'atMostOnce');
    const done = made.job.run();
    to.fate = fate;
    await made.time.run();
    expect(await done).toBe('completed');
    expect(to.batches.flat().sort((a, b) => a - b)).toEqual(rowsOf(20).map(({ k }) => k));
    expect(made.job.status().operators.get('out')).toMatchObject({ lost: 20, written: 0, live: 0 });
    expect(made.job.guarantee).toMatch(/^at most once/);
  });

  it('writes nothing before the commit, and what is refused goes to poison', async () => {
    const to = slow();
    const made = make(to, 'atMostOnce', { rows: [...rowsOf(4), { k: 9, v: 'x' }] });
    const commit = made.checkpoints.commit.bind(made.checkpoints);
    const before: number[] = [];
    made.checkpoints.commit = (c) => {
      before.push(to.batches.flat().length);
      return commit(c);
    };
    const done = made.job.run();
    await made.time.run();
    expect(await done).toBe('completed');
    expect(before[0]).toBe(0);
    expect(made.poison).toEqual([9]);
    expect(made.job.status().operators.get('out')).toMatchObject({ lost: 0, written: 4 });
  });

  it('loses what a crash leaves between commit and write', async () => {
    const to = slow();
    to.fate = new Promise<void>(() => {});
    const made = make(to, 'atMostOnce', { sink: { batch: 100 } });
    made.job.run().catch(() => {});
    await made.time.run(10);
    expect(to.batches).toEqual([[0, 1, 2, 3, 4]]);
    const { n } = await made.checkpoints.lastCommitted('j', '0');
    expect(n).toBeGreaterThan(0);
  });
});

describe('the guarantee', () => {
  const store = memoryStore();
  const own = store.table('own', { key: ['k'] });
  const other = memoryStore().table('other', { key: ['k'] });
  const of = (...sinks: [SinkStore, DeliveryKind?][]) =>
    job({
      ...{ id: 'g', checkpoints: store.checkpoints(), every: '1h' },
      topology: (t) => {
        for (const [i, [to, delivery = 'effectivelyOnce']] of sinks.entries()) {
          t.sink(
            t
              .source(arraySource(`rows ${i}`, rowsOf(1)))
              .pipe(
                watermark({ id: `time ${i}`, timestamp: (r) => r.k }),
                idempotentSink({ id: `out ${i}`, store: to, key: (r) => r.k, delivery }),
              ),
          );
        }
      },
    }).guarantee;
  it('is that of the weakest sink, known before the run', () => {
    expect(of([own])).toBe('A: exactly-once effect (rows and checkpoint in one transaction)');
    expect(of([own], [other])).toMatch(/^O: exactly-once effect/);
    expect(of([other, 'atLeastOnce'], [other])).toMatch(/^E: converging, not exact/);
    expect(of([other, 'atLeastOnce'], [own, 'atMostOnce'])).toMatch(/^at most once/);
  });
});

describe.each([
  ['effectivelyOnce', 5000],
  ['atLeastOnce', 1000],
] as const)(
  '%s, while a table stands still for a minute under full load',
  (delivery, everyEvents) => {
    it('holds the sources, keeps what is on its way bounded, and recovers by itself', async () => {
      const to = slow();
      const inner = to.table.outbox as NonNullable<SinkStore['outbox']>;
      const outbox: typeof inner = {
        fence: (...args) => inner.fence(...args),
        async apply(batch) {
          if (to.fate !== 'ok') throw new StoreError('connection', 'gone');
          return inner.apply(batch);
        },
      };
      const store = { ...to.store, outbox };
      to.fate = 'gone';
      const made = make({ store }, delivery, {
        rows: rowsOf(40_000),
        sink: { batch: 500 },
        job: { maxPending: 2000, everyEvents },
      });
      const done = made.job.run();
      await made.time.run(59_000);
      const { status } = made.job;
      const stalled = status();
      const read = stalled.sources[0]?.position;
      expect(stalled.sources[0]?.held).toContain(
        delivery === 'atLeastOnce' ? 'barrier' : 'pressure',
      );
      expect(stalled.sources[0]?.heldMs).toBeGreaterThan(50_000);
      expect(stalled.sinks[0]).toMatchObject({ breaker: 'open', failure: 'gone' });
      await made.time.run(60_000);
      expect(status().sources[0]?.position).toEqual(read);
      to.fate = 'ok';
      await made.time.run();
      expect(await done).toBe('completed');
      expect(status().pendingPeak).toBeLessThanOrEqual(2000 + 2 * everyEvents);
      expect(status().pending).toBe(0);
      expect(await to.table.count()).toBe(40_000);
      expect(status().sinks[0]).toMatchObject({ breaker: 'closed', failure: undefined });
    });
  },
);
