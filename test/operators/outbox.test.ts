/** Sinks whose table is not of the checkpoint store: rows follow their checkpoint, once in effect. */
import { map, share } from 'rxjs';
import {
  type CheckpointStore,
  count,
  eventTimeWindow,
  idempotentSink,
  type Job,
  type JobConfig,
  job,
  type SinkStore,
  StoreError,
  tumbling,
  values,
  watermark,
} from 'tidemark';
import { memoryStore } from 'tidemark/memory';
import { arraySource } from 'tidemark/testing';
import { type Fate, type Watched, watched } from '../lib/job/sinks/outboxes.js';
import { VirtualTime } from '../lib/virtualTime.js';
import { schedulerOf } from './virtualScheduler.js';

interface Row {
  readonly k: number;
  readonly v: unknown;
}
const input: Row[] = Array.from({ length: 40 }, (_, i) => ({ k: i % 25, v: i }));
const final = Array.from({ length: 25 }, (_, k) => ({ k, v: k < 15 ? k + 25 : k }));

/** Options of the source and the sink, among those of the job. */
interface Extra {
  readonly rows?: readonly Row[];
  readonly delivery?: 'atLeastOnce';
  readonly ends?: boolean;
  /** Rows are counted in a window that nothing but the end of time fires. */
  readonly windowed?: boolean;
}

interface Made {
  readonly job: Job;
  readonly acks: { rows: number; checkpoint?: number }[];
  readonly poison: unknown[];
  readonly time: VirtualTime;
}

function make(to: Watched, checkpoints: CheckpointStore, o: Partial<JobConfig> = {}): Made {
  const time = new VirtualTime();
  const made = { acks: [], poison: [], time } as unknown as Made;
  const { rows = input, delivery, ends = true, windowed = false } = o as Extra;
  const j = job({
    id: 'j',
    checkpoints,
    every: '1h',
    everyEvents: 7,
    owner: { lease: 'none' },
    restart: { attempts: 1 },
    clock: schedulerOf(time),
    topology(t) {
      const timed$ = t
        .source(arraySource('rows', rows, { ends }))
        .pipe(watermark({ id: 'time', timestamp: (r) => (r.v === 'x' ? 0 : Number(r.v)) }));
      const sink = {
        ...{ id: 'out', store: to.store, batch: 3, ...(delivery && { delivery }) },
        poison: (p: { value: unknown }) => made.poison.push(p.value),
      };
      const acks$ = windowed
        ? timed$.pipe(
            eventTimeWindow({ id: 'all', window: tumbling(1000), aggregate: { v: count() } }),
            idempotentSink({ ...sink, key: (r) => r.window.start, row: (r) => r.value }),
          )
        : timed$.pipe(idempotentSink({ ...sink, key: (r) => r.k, row: ({ v }) => ({ v }) }));
      t.sink(acks$);
      acks$.subscribe({ next: () => {} }).unsubscribe();
    },
    ...o,
  });
  return Object.assign(made, { job: j });
}

async function end(made: Made): Promise<unknown> {
  const done = made.job.run().catch((thrown: unknown) => thrown);
  await made.time.run();
  return done;
}

const outboxPieces = async (checkpoints: CheckpointStore): Promise<string[]> => {
  const state = (await checkpoints.read('j', '0'))?.state.get('out') ?? new Map();
  return [...state.keys()].filter((chunk) => chunk.startsWith('outbox'));
};

it('ends with every row in the table and none in the checkpoint', async () => {
  const [to, checkpoints] = [watched(), memoryStore().checkpoints()];
  const made = make(to, checkpoints);
  expect(await end(made)).toBe('completed');
  expect(await to.rows()).toEqual(final);
  expect(await outboxPieces(checkpoints)).toEqual([]);
  expect(made.job.status().operators.get('out')).toMatchObject({ written: 40, live: 0 });
  expect(made.job.status().sinks).toMatchObject([{ id: 'out', class: 'O', pending: 0 }]);
});

it('fences the table before it applies what the checkpoint held', async () => {
  const checkpoints = memoryStore().checkpoints();
  const to = watched((batch) => (batch.epoch === 1 && batch.n >= 3 ? 'lost' : 'ok'));
  const first = make(to, checkpoints, { restart: { attempts: 1, outage: '1m' } });
  expect(await end(first)).toMatchObject({
    name: 'JobError',
    message: expect.stringMatching(/"t" has taken no row of sink "out" for 60000 ms: gone/),
  });
  expect(await outboxPieces(checkpoints)).not.toEqual([]);
  const before = to.log.length;
  expect(await end(make(to, checkpoints))).toBe('completed');
  expect(to.log[before]).toBe('fence 2');
  expect(to.log[before + 1]).toMatch(/^2\/[23]\/0\+3$/);
  expect(await to.rows()).toEqual(final);
  expect(await outboxPieces(checkpoints)).toEqual([]);
});

it('an outage of the table ends the job as it is over, not at the try that the table asked for', async () => {
  const checkpoints = memoryStore().checkpoints();
  const to = watched(() => {
    throw new StoreError('connection', 'busy', { retryAfterMs: 3_600_000 });
  });
  const made = make(to, checkpoints, { restart: { outage: '1s' } });
  const ended = made.job.run().catch((thrown: Error) => [made.time.now(), thrown.message]);
  await made.time.run(5000);
  const [at, message] = (await Promise.race([ended, 'it goes on'])) as [number, string];
  expect(message).toMatch(/"t" has taken no row of sink "out" for 1000 ms: busy; no row is lost/);
  expect(at).toBe(1000);
  expect(await outboxPieces(checkpoints)).not.toEqual([]);
});

it('a failure between any commit and any write of its rows loses nothing and doubles nothing', async () => {
  for (let at = 0; at < 16; at++) {
    for (const how of ['before', 'after'] as const) {
      const checkpoints = memoryStore().checkpoints();
      const never = new Promise<void>(() => {});
      const to = watched(
        (_, nth): Fate => (nth !== at ? 'ok' : how === 'before' ? never : 'stuck'),
      );
      const first = make(to, checkpoints);
      const outcome = first.job.run().catch(() => {});
      await first.time.run(10);
      // a crash: nothing of this run is heard of again; another owner takes over
      const second = make(to, checkpoints);
      expect(await end(second)).toBe('completed');
      expect([at, how, await to.rows()]).toEqual([at, how, final]);
      void outcome;
    }
  }
});

it.each([
  ['main', 'side'],
  ['side', 'side'],
  ['main', 'side', 'side'],
])(
  'sinks in %s, %s: what fails while a checkpoint is made ready loses nothing of it',
  async (...places) => {
    for (let failsAt = 0; failsAt < 12; failsAt++) {
      const stores = { main: memoryStore(), side: memoryStore() };
      const tables = places.map((place, i) =>
        stores[place as 'main' | 'side'].table(`t${i}`, { key: ['k'] }),
      );
      let failed = false;
      const once = map((row: Row) => {
        if (row.k !== failsAt || failed) return row;
        failed = true;
        throw new Error('once');
      });
      const made = job({
        ...{ id: 'j', checkpoints: stores.main.checkpoints(), every: '1h', everyEvents: 3 },
        restart: { delay: 1 },
        topology: (t) => {
          const all$ = t
            .source(arraySource('rows', input.slice(0, 12)))
            .pipe(watermark({ id: 'time', timestamp: (r) => r.k }), values(once), share());
          for (const [i, store] of tables.entries())
            t.sink(all$.pipe(idempotentSink({ id: `out ${i}`, store, key: (r) => r.k })));
        },
      });
      expect(await made.run()).toBe('completed');
      expect(made.status().restarts).toBe(1);
      for (const table of tables) expect([failsAt, await table.count()]).toEqual([failsAt, 12]);
    }
  },
);

it.each(['stop', 'drain'] as const)(
  'a final checkpoint whose rows wait is followed by one other, also where %s comes meanwhile',
  async (how) => {
    for (const [fenceMs, applyMs] of [
      [0, 20],
      [20, 0],
    ] as const) {
      for (const at of [0, 1, 5, 15, 25, 50, 200]) {
        const [to, checkpoints] = [watched(), memoryStore().checkpoints()];
        const right = to.store.outbox as NonNullable<SinkStore['outbox']>;
        const time = new VirtualTime();
        const pass = (ms: number) => new Promise<void>((resolve) => void time.after(ms, resolve));
        let gone = true;
        const outbox: typeof right = {
          async fence(...args) {
            await pass(fenceMs);
            return right.fence(...args);
          },
          async apply(batch) {
            if (gone) throw new StoreError('connection', 'gone');
            await pass(applyMs);
            return right.apply(batch);
          },
        };
        const numbers: number[] = [];
        const commit: CheckpointStore['commit'] = (c) => {
          numbers.push(c.n);
          return checkpoints.commit(c);
        };
        const own = Object.assign(Object.create(checkpoints) as CheckpointStore, { commit });
        const slow = { ...to, store: { ...to.store, outbox } } as Watched;
        const restart = { attempts: 1, outage: '1s' } as const;
        const clock = schedulerOf(time);
        const made = () => make(slow, own, { clock, everyEvents: 100, restart }).job;
        const failed = made()
          .run()
          .catch((thrown: Error) => thrown.message);
        await time.run();
        expect(await failed).toContain('gone');
        expect((await checkpoints.read('j', '0'))?.drained).toBe(true);
        gone = false;
        const again = made();
        const run = again.run();
        await time.run(time.now() + at);
        const ended = again[how]();
        await time.run();
        expect([at, await run, await ended]).toEqual([at, 'completed', 'completed']);
        expect(numbers).toEqual([1, 2]);
        expect(await to.rows()).toEqual(final);
        expect(await outboxPieces(checkpoints)).toEqual([]);
      }
    }
  },
);

it('a row that the table refuses goes to poison, also when the next owner applies it', async () => {
  const rows = [...input, { k: 30, v: 'x' }, { k: 31, v: 5 }];
  const checkpoints = memoryStore().checkpoints();
  const away = watched(() => 'lost');
  await end(make(away, checkpoints, { rows, restart: { attempts: 1, outage: 0 } } as never));
  const to = { ...watched() };
  const second = make(to, checkpoints, { rows } as never);
  expect(await end(second)).toBe('completed');
  expect(second.poison).toHaveLength(1);
  expect(await to.rows()).toEqual([...final, { k: 31, v: 5 }]);
});

it('stop applies what is durable, and says what it waits for when it cannot', async () => {
  const checkpoints = memoryStore().checkpoints();
  const to = watched(() => 'lost');
  const made = make(to, checkpoints, { stopTimeout: '5s' });
  const done = made.job.run().catch((thrown: unknown) => thrown);
  await made.time.run(0);
  made.job.stop().catch(() => {});
  await made.time.run(6000);
  expect(await done).toMatchObject({
    message: expect.stringMatching(
      /could not stop within 5000 ms; it waits for "t" to take \d+ rows of sink "out" \(gone\)/,
    ),
  });
});

it('an answer that is lost at the fence is asked for again', async () => {
  const to = watched();
  let asked = 0;
  const outbox = to.store.outbox as NonNullable<typeof to.store.outbox>;
  const store = {
    ...to.store,
    outbox: {
      apply: outbox.apply,
      async fence(...args: Parameters<typeof outbox.fence>) {
        if (asked++ === 0) throw new StoreError('connection', 'gone');
        return outbox.fence(...args);
      },
    },
  };
  expect(await end(make({ ...to, store }, memoryStore().checkpoints()))).toBe('completed');
  expect(await to.rows()).toEqual(final);
});

const withoutOutbox = (['effectivelyOnce', 'atLeastOnce', 'atMostOnce'] as const).flatMap(
  (delivery) => [
    { delivery, ended: false, everyEvents: 7 },
    { delivery, ended: true, everyEvents: 1000 },
  ],
);

it.each(withoutOutbox)(
  'rows of an outbox go on, in order, with a sink that has none now: $delivery, at its end $ended',
  async ({ delivery, ended, everyEvents }) => {
    const kept = memoryStore();
    const lost = watched(() => 'lost');
    const first = { everyEvents, restart: { attempts: 1, outage: 0 } };
    await end(make(lost, kept.checkpoints(), first));
    expect(await outboxPieces(kept.checkpoints())).not.toEqual([]);
    expect((await kept.checkpoints().read('j', '0'))?.drained).toBe(ended);
    const own = delivery === 'effectivelyOnce' ? kept : memoryStore();
    const table = own.table('t', { key: ['k'], columns: { k: 'int8', v: 'int8' } });
    const time = new VirtualTime();
    const next = job({
      ...{ id: 'j', checkpoints: kept.checkpoints(), every: '1h', owner: { lease: 'none' } },
      ...{ restart: { attempts: 1 }, clock: schedulerOf(time) },
      topology: (t) =>
        t.sink(
          t.source(arraySource('rows', input)).pipe(
            watermark({ id: 'time', timestamp: (r) => Number(r.v) }),
            idempotentSink({
              ...{ id: 'out', store: table, key: (r: Row) => r.k },
              ...{ row: ({ v }: Row) => ({ v }), delivery },
            }),
          ),
        ),
    });
    const done = next.run();
    await time.run();
    expect(await done).toBe('completed');
    const rows: unknown[] = [];
    for await (const row of table.rows()) rows.push(row);
    expect(rows).toEqual(final);
    expect(await outboxPieces(kept.checkpoints())).toEqual([]);
    expect(next.status().operators.get('out')).toMatchObject({ live: 0, lost: 0 });
  },
);

it.each(['emptied', 'restored from a copy'] as const)(
  'rows come to a table that knows later owners, where the checkpoints were %s',
  async (how) => {
    const to = watched();
    const rows = (from: number) => input.map(({ k, v }) => ({ k: k + from, v: Number(v) + from }));
    const seen: Row[] = [];
    for (const from of [0, 100, 200]) {
      const old = memoryStore().checkpoints();
      // of the second, the store gives out the epoch of the first again; of the third, one below those
      const lost = how === 'emptied' ? 0 : 1;
      for (let i = 0; i < (from === 0 ? 3 : lost); i++) await old.acquire('j', '0', undefined);
      expect(await end(make(to, old, { rows: rows(from) } as never))).toBe('completed');
      seen.push(...final.map(({ k, v }) => ({ k: k + from, v: v + from })));
      expect(await to.rows()).toEqual(seen);
    }
  },
);

it.each(['effectivelyOnce', 'atLeastOnce', 'atMostOnce'] as const)(
  'a key that an outbox holds of several checkpoints goes on once, at its newest: %s',
  async (delivery) => {
    const kept = memoryStore();
    const stuck = watched(() => 'lost');
    const rows = Array.from({ length: 20 }, (_, i) => ({ k: i % 2, v: i }));
    const never = { ...stuck, store: { ...stuck.store, outbox: silent(stuck) } };
    const first = make(never, kept.checkpoints(), { rows, everyEvents: 4 } as never);
    first.job.run().catch(() => {});
    await first.time.run(1000);
    const held = await outboxPieces(kept.checkpoints());
    expect(held.length).toBeGreaterThan(3);
    const own = delivery === 'effectivelyOnce' ? kept : memoryStore();
    const table = own.table('t', { key: ['k'], columns: { k: 'int8', v: 'int8' } });
    const store = delivery === 'effectivelyOnce' ? table : strict(table);
    const second = make({ ...stuck, store }, kept.checkpoints(), { rows, delivery } as never);
    expect(await end(second)).toBe('completed');
    const all: unknown[] = [];
    for await (const row of table.rows()) all.push(row);
    expect(all).toEqual([18, 19].map((v, k) => ({ k, v })));
    expect(second.poison).toEqual([]);
    expect(second.job.status().operators.get('out')).toMatchObject({ live: 0, poison: 0, lost: 0 });
  },
);

/** A table that refuses a batch in which a key stands twice, as databases do. */
function strict(table: SinkStore): SinkStore {
  return {
    name: 't',
    transaction: {},
    async upsert(batch) {
      const keys = new Set<string>();
      const first = (id: string) => !keys.has(id) && keys.add(id);
      const refused = batch.filter(({ key }) => !first(JSON.stringify(key)));
      if (refused.length > 0) throw new StoreError('refused', 'a key twice', { refused });
      return table.upsert(batch);
    },
  };
}

/** A target that is fenced, and answers no batch. */
function silent(to: Watched): NonNullable<Watched['store']['outbox']> {
  const outbox = to.store.outbox as NonNullable<Watched['store']['outbox']>;
  return { fence: (...run) => outbox.fence(...run), apply: () => new Promise(() => {}) };
}

it.each([
  ['stop', 'drain'],
  ['drain', 'stop'],
] as const)('%s and then %s end at once, as the first one asks', async (first, second) => {
  const to = watched();
  const made = make(to, memoryStore().checkpoints(), {
    ...{ stopTimeout: '5s', ends: false, windowed: true },
  } as never);
  const done = made.job.run();
  await made.time.run(100);
  const both = [made.job[first](), made.job[second]()];
  await made.time.run(100);
  expect(made.job.status().sinks).toMatchObject([{ pending: 0 }]);
  const outcome = first === 'stop' ? 'stopped' : 'drained';
  expect(await Promise.all([done, ...both])).toEqual([outcome, outcome, outcome]);
  // the window is open: only the end of time fires it
  expect(await to.rows()).toEqual(first === 'stop' ? [] : [{ k: 0, v: 40 }]);
});

it.each(['A', 'O'])(
  'rows that a clock fires in a quiet stream come too: class %s',
  async (kind) => {
    const [kept, time] = [memoryStore(), new VirtualTime()];
    const table = (kind === 'A' ? kept : memoryStore()).table('t', { key: ['start'] });
    const rows = [1, 120, 5].map((at, i) => ({ at, split: i === 1 ? 'b' : 'a' }));
    const j = job({
      ...{ id: 'j', checkpoints: kept.checkpoints(), every: '50ms', owner: { lease: 'none' } },
      clock: schedulerOf(time),
      topology: (t) =>
        t.sink(
          t.source(arraySource('rows', rows, { ends: false })).pipe(
            watermark({
              ...{ id: 'time', timestamp: (r) => r.at, idleTimeout: '400ms' },
              split: (r) => r.split,
            }),
            eventTimeWindow({ id: 'win', window: tumbling(10), aggregate: { n: count() } }),
            idempotentSink({
              ...{ id: 'out', store: table, key: (r) => r.window.start, row: (r) => r.value },
            }),
          ),
        ),
    });
    const done = j.run();
    await time.run(100);
    expect(await table.count()).toBe(0);
    await time.run(2000);
    expect(await table.count()).toBe(1);
    const { checkpoint } = j.status();
    await time.run(5000);
    expect(j.status().checkpoint).toBe(checkpoint);
    const stopped = j.stop();
    await time.run(100);
    expect(await Promise.all([done, stopped])).toEqual(['stopped', 'stopped']);
  },
);
