/** A job that fails starts again: from its newest checkpoint, with back-off, and not for ever. */
import {
  count,
  eventTimeWindow,
  idempotentSink,
  type Job,
  type JobConfig,
  job,
  type Reader,
  type Source,
  tumbling,
  watermark,
} from 'tidemark';
import { memoryStore, type Store } from 'tidemark/memory';
import { ArrivalClock, arraySource } from 'tidemark/testing';

interface Click {
  readonly at: number;
}
const clicks: readonly Click[] = Array.from({ length: 60 }, (_, i) => ({ at: i * 5 }));
const EVERY_WINDOW = Array.from({ length: 15 }, (_, i) => ({ start: i * 20, n: 4 }));

/** Fails at the event of this index, so often. */
function failing(index: number, times: number): Source<Click> {
  const inner = arraySource('clicks', clicks);
  let left = times;
  return {
    name: 'clicks',
    open: (position, out) => {
      let at = (position as number | undefined) ?? 0;
      return inner.open(position, {
        ...out,
        event: (click, split) => {
          if (at++ === index && left-- > 0) throw new Error('boom');
          out.event(click, split);
        },
      });
    },
  };
}

function build(store: Store, source: Source<Click>, o: Partial<JobConfig> = {}): Job {
  const table = store.table('out', { key: ['start'] });
  return job({
    id: 'j',
    checkpoints: store.checkpoints(),
    every: '1h',
    everyEvents: 7,
    topology: (t) =>
      t.sink(
        t.source(source).pipe(
          watermark({ id: 'time', timestamp: (c) => c.at }),
          eventTimeWindow({ id: 'win', window: tumbling(20), aggregate: { n: count() } }),
          idempotentSink({
            id: 'out',
            store: table,
            key: (r) => [r.window.start],
            row: (r) => r.value,
          }),
        ),
      ),
    ...o,
  });
}

async function rowsOf(store: Store): Promise<unknown[]> {
  const rows: unknown[] = [];
  for await (const row of store.table('out', { key: ['start'] }).rows()) rows.push(row);
  return rows;
}

const settle = () => new Promise((resolve) => setImmediate(resolve));

/** Lets arrival time pass until the promise settles. */
async function over<T>(promise: Promise<T>, clock: ArrivalClock): Promise<T> {
  let done = false;
  promise.then(
    () => (done = true),
    () => (done = true),
  );
  for (let i = 0; i < 1000 && !done; i++) {
    clock.advance(100);
    await settle();
  }
  return promise;
}

it('goes on from its newest checkpoint, and ends with the same table', async () => {
  for (const index of [0, 3, 7, 31, 59]) {
    const [store, clock] = [memoryStore(), new ArrivalClock()];
    const j = build(store, failing(index, 2), { clock });
    expect(await over(j.run(), clock)).toBe('completed');
    expect(await rowsOf(store)).toEqual(EVERY_WINDOW);
    expect(j.status()).toMatchObject({ restarts: 2, failure: 'boom', waiting: false });
  }
});

type Method = 'open' | keyof Reader;

/** Asks `before` ahead of each call of the source. */
function asking(before: (method: Method) => void, ends = true): Source<Click> {
  return {
    name: 'clicks',
    open: (position, out) => {
      before('open');
      const inner = arraySource('clicks', clicks, { ends }).open(position, out);
      const asked =
        <T>(method: keyof Reader, call: () => T) =>
        () => {
          before(method);
          return call();
        };
      return {
        position: asked('position', () => inner.position()),
        pause: asked('pause', () => inner.pause()),
        resume: asked('resume', () => inner.resume()),
        close: asked('close', () => inner.close()),
      };
    },
  };
}

it('goes on where a source throws, whatever it was asked', async () => {
  let thrown = 0;
  for (const method of ['open', 'position', 'pause', 'resume', 'close'] as const) {
    for (let call = 0; call < 8; call++) {
      const [store, clock] = [memoryStore(), new ArrivalClock()];
      let calls = 0;
      const source = asking((asked) => {
        if (asked === method && calls++ === call) throw new Error(`no ${method}`);
      });
      const j = build(store, source, { clock });
      const run = over(j.run(), clock);
      // the last one is asked to close when all is done
      const end = await run.catch((error: Error) => error.message);
      if (calls <= call) continue;
      thrown++;
      const last = method === 'close' && j.status().restarts === 0;
      expect([method, call, end]).toEqual([method, call, last ? 'no close' : 'completed']);
      expect(await rowsOf(store)).toEqual(EVERY_WINDOW);
      if (!last) expect(j.status()).toMatchObject({ restarts: 1, failure: `no ${method}` });
      expect(clock.nextFrame).toBeUndefined();
    }
  }
  expect(thrown).toBeGreaterThan(20);
});

it('stopped by a source that throws as it is held, it fails at once and says why', async () => {
  for (const method of ['position', 'pause'] as const) {
    const clock = new ArrivalClock();
    let broken = false;
    const source = asking((asked) => {
      if (broken && asked === method) throw new Error(`no ${method}`);
    }, false);
    const j = build(memoryStore(), source, { clock });
    const run = j.run();
    run.catch(() => {});
    for (let i = 0; i < 100; i++) await settle();
    broken = true;
    expect(j.status().sources[0]?.position).toBe(method === 'position' ? 56 : 60);
    await expect(j.stop()).rejects.toThrow(`no ${method}`);
    await expect(run).rejects.toThrow(`no ${method}`);
    expect(clock.nextFrame).toBeUndefined();
  }
});

it('stops when it fails too often at one position, and names it', async () => {
  const [store, clock] = [memoryStore(), new ArrivalClock()];
  const j = build(store, failing(31, 3), { clock });
  const sentence = 'job "j": it has failed 3 times at one position ("clicks" at 32): boom';
  await expect(over(j.run(), clock)).rejects.toThrow(sentence);
  expect(j.status().checkpoint).toBeGreaterThan(0);
});

it('waits before it starts again, and does nothing meanwhile', async () => {
  const [store, clock] = [memoryStore(), new ArrivalClock()];
  const j = build(store, failing(31, 1), { clock, restart: { delay: '10s' } });
  const ended = j.run();
  for (let i = 0; i < 100; i++) await settle();
  expect(j.status()).toMatchObject({ waiting: true, restarts: 1 });
  clock.advance(9999);
  expect(j.status().waiting).toBe(true);
  clock.advance(1);
  expect(j.status().waiting).toBe(false);
  expect(await over(ended, clock)).toBe('completed');
});

it('ends at once when it is stopped between two runs, and can be run again', async () => {
  const [store, clock] = [memoryStore(), new ArrivalClock()];
  const j = build(store, failing(31, 1), { clock });
  j.run();
  for (let i = 0; i < 100; i++) await settle();
  expect(await j.stop()).toBe('stopped');
  clock.advance(100_000);
  expect(await rowsOf(store)).not.toEqual(EVERY_WINDOW);
  const again = build(store, arraySource('clicks', clicks), { clock });
  expect(await over(again.run(), clock)).toBe('completed');
  expect(await rowsOf(store)).toEqual(EVERY_WINDOW);
});

it('drains in the next run when it is asked to between two', async () => {
  const [store, clock] = [memoryStore(), new ArrivalClock()];
  const j = build(store, failing(31, 1), { clock });
  j.run();
  for (let i = 0; i < 100; i++) await settle();
  expect(await over(j.drain(), clock)).toBe('drained');
  expect(j.status().checkpoint).toBeGreaterThan(0);
});

describe('an event at which it fails again and again', () => {
  const poisoned = (...bad: readonly number[]) =>
    clicks.map(
      ({ at }, i): Click =>
        bad.includes(i)
          ? {
              get at(): number {
                throw new Error(`no time at ${i}`);
              },
            }
          : { at },
    );

  it('is left out and told, and all others count', async () => {
    const [store, clock, told] = [memoryStore(), new ArrivalClock(), [] as unknown[]];
    const rows = poisoned(31, 33);
    const quarantine = { next: (q: unknown) => told.push(q) };
    const j = build(store, arraySource('clicks', rows), { clock, restart: { quarantine } });
    expect(await over(j.run(), clock)).toBe('completed');
    expect(await rowsOf(store)).toEqual(
      EVERY_WINDOW.map(({ start }) => ({ start, n: { 140: 3, 160: 3 }[start] ?? 4 })),
    );
    expect(told).toEqual([
      expect.objectContaining({ source: 'clicks', value: rows[31], position: 32 }),
      expect.objectContaining({ source: 'clicks', value: rows[33], position: 34 }),
    ]);
    expect(j.status()).toMatchObject({ quarantined: 2, restarts: 6 });
  });

  it('is left out itself, also where splits come in another order after a restart', async () => {
    interface Part {
      readonly at: number;
      readonly split: string;
      readonly bad?: boolean;
    }
    const event = (split: string, at: number, bad = false): Part => ({ split, at, bad });
    const parts = {
      p: [event('p', 1), event('p', 2, true), event('p', 3)],
      q: [event('q', 4), event('q', 5), event('q', 6)],
    };
    type At = { readonly p: number; readonly q: number };
    let opened = 0;
    // each run begins with the other split
    const source: Source<Part> = {
      name: 'parts',
      open(position, out) {
        const from = (position ?? { p: 0, q: 0 }) as At;
        const order = opened++ % 2 === 0 ? ['p', 'q'] : ['q', 'p'];
        const all = order.flatMap((split) => parts[split as 'p'].slice(from[split as 'p']));
        const inner = arraySource('parts', all, { splitOf: ({ split }) => split });
        const reader = inner.open(undefined, out);
        const position_ = () => {
          const read = all.slice(0, reader.position() as number);
          const count = (split: 'p' | 'q') =>
            from[split] + read.filter((one) => one.split === split).length;
          return { p: count('p'), q: count('q') };
        };
        return {
          position: position_,
          pause: () => reader.pause(),
          resume: () => reader.resume(),
          close: () => reader.close(),
        };
      },
    };
    for (const everyEvents of [1, 2, 3, 10]) {
      opened = 0;
      const [store, clock, told] = [memoryStore(), new ArrivalClock(), [] as Part[]];
      const table = store.table('out', { key: ['at'] });
      const quarantine = (q: { value: unknown }) => told.push(q.value as Part);
      const made = job({
        ...{ id: 'j', checkpoints: store.checkpoints(), every: '1h', everyEvents, clock },
        restart: { attempts: 2, quarantine },
        topology: (t) =>
          t.sink(
            t.source(source).pipe(
              watermark({
                id: 'time',
                outOfOrderness: 100,
                timestamp: (e) => {
                  if (e.bad) throw new Error('bad');
                  return e.at;
                },
              }),
              idempotentSink({ id: 'out', store: table, key: (e) => e.at }),
            ),
          ),
      });
      expect(await over(made.run(), clock)).toBe('completed');
      const rows: unknown[] = [];
      for await (const { at } of table.rows()) rows.push(at);
      expect([everyEvents, rows]).toEqual([everyEvents, [1, 3, 4, 5, 6]]);
      expect(new Set(told)).toEqual(new Set([parts.p[1]]));
    }
  });

  it('stops the job where there is no door, or where there are too many', async () => {
    const clock = new ArrivalClock();
    const one = build(memoryStore(), arraySource('clicks', poisoned(31)), { clock });
    await expect(over(one.run(), clock)).rejects.toThrow('at one position ("clicks" at 32)');
    const told: unknown[] = [];
    const restart = { attempts: 1, quarantine: (q: unknown) => told.push(q) };
    const all = arraySource('clicks', poisoned(...clicks.keys()));
    const many = build(memoryStore(), all, { clock, restart, everyEvents: 1000 });
    await expect(over(many.run(), clock)).rejects.toThrow('no time at 10');
    expect(told).toHaveLength(10);
  });

  it('may be one of many, as long as checkpoints are written between them', async () => {
    const clock = new ArrivalClock();
    const restart = { attempts: 1, quarantine: () => {} };
    const bad = [...clicks.keys()].filter((i) => i % 5 === 0);
    const j = build(memoryStore(), arraySource('clicks', poisoned(...bad)), { clock, restart });
    expect(await over(j.run(), clock)).toBe('completed');
    expect(j.status().quarantined).toBe(12);
  });

  it('fails the job when the door throws', async () => {
    const clock = new ArrivalClock();
    const quarantine = () => {
      throw new Error('full');
    };
    const source = arraySource('clicks', poisoned(31));
    const j = build(memoryStore(), source, { clock, restart: { quarantine } });
    await expect(over(j.run(), clock)).rejects.toThrow('job: `quarantine` threw: full');
  });
});

describe('a job that is to end', () => {
  /** Never answers a commit, or every one from the second on. */
  function stalled(store: Store, from: number): Store {
    const checkpoints = store.checkpoints();
    const commit: typeof checkpoints.commit = (c) =>
      c.n < from ? checkpoints.commit(c) : new Promise(() => {});
    const own = Object.assign(Object.create(checkpoints) as typeof checkpoints, { commit });
    return { ...store, table: (...a) => store.table(...a), checkpoints: () => own };
  }
  const open = () => arraySource('clicks', clicks, { ends: false });

  it.each(['stop', 'drain'] as const)('fails in time when it cannot %s', async (how) => {
    const [store, clock] = [memoryStore(), new ArrivalClock()];
    const j = build(stalled(store, 2), open(), { clock, stopTimeout: '10s' });
    const ended = j.run();
    for (let i = 0; i < 100; i++) await settle();
    j[how]().catch(() => {});
    clock.advance(9999);
    await settle();
    expect(j.status().waiting).toBe(false);
    clock.advance(1);
    await expect(ended).rejects.toThrow(
      `job "j": it could not ${how} within 10000 ms; it waits for the answer of the store to checkpoint 2: run it again`,
    );
    const again = build(store, arraySource('clicks', clicks), { clock });
    expect(await over(again.run(), clock)).toBe('completed');
    expect(await rowsOf(store)).toEqual(EVERY_WINDOW);
  });

  it('fails in time when it waits for its next start', async () => {
    const [store, clock] = [memoryStore(), new ArrivalClock()];
    const restart = { delay: '1h', maxDelay: '1h' } as const;
    const j = build(store, failing(31, 1), { clock, restart, stopTimeout: '10s' });
    const ended = j.run();
    for (let i = 0; i < 100; i++) await settle();
    j.drain().catch(() => {});
    clock.advance(10_000);
    await expect(ended).rejects.toThrow('it waits for its next start');
    expect(j.status().waiting).toBe(false);
  });

  it('leaves no timer behind', async () => {
    const [store, clock] = [memoryStore(), new ArrivalClock()];
    const j = build(store, open(), { clock });
    j.run();
    for (let i = 0; i < 20; i++) await settle();
    expect(await over(j.stop(), clock)).toBe('stopped');
    expect(clock.nextFrame).toBeUndefined();
    const whole = build(memoryStore(), arraySource('clicks', clicks), { clock });
    await over(whole.run(), clock);
    expect(await whole.stop()).toBe('completed');
    expect(clock.nextFrame).toBeUndefined();
  });
});

it('does not start again where there is one attempt', async () => {
  const clock = new ArrivalClock();
  const j = build(memoryStore(), failing(31, 1), { clock, restart: { attempts: 1 } });
  await expect(over(j.run(), clock)).rejects.toThrow('boom');
  expect(j.status().restarts).toBe(0);
});

it('refuses wrong options', () => {
  const make = (restart: object) => () => build(memoryStore(), failing(0, 0), { restart });
  expect(make({ attempts: 0 })).toThrow(
    'job: `restart.attempts` must be an integer > 0, or Infinity; got 0',
  );
  expect(make({ delay: 0 })).toThrow('job: `restart.delay` must be a duration > 0');
  expect(make({ maxDelay: 'x' })).toThrow('job: `restart.maxDelay` must be a duration > 0');
  expect(make({ outage: -1 })).toThrow('job: `restart.outage` must be a duration >= 0');
});

it('nothing starts after it has rejected, though a run that failed had still to close', async () => {
  const [store, clock] = [memoryStore(), new ArrivalClock()];
  const inner = failing(31, 1);
  let opened = 0;
  let closed = () => {};
  const slow: Source<Click> = {
    name: 'clicks',
    open(position, out) {
      opened++;
      const reader = inner.open(position, out);
      const positionOf = () => reader.position();
      const close = () => new Promise<void>((resolve) => (closed = resolve));
      return {
        ...{ position: positionOf, close },
        pause: () => reader.pause(),
        resume: () => reader.resume(),
      };
    },
  };
  const j = build(store, slow, { clock, stopTimeout: '150ms', owner: { lease: 'none' } });
  const ended = j.run();
  for (let i = 0; i < 100; i++) await settle();
  j.drain().catch(() => {});
  await expect(over(ended, clock)).rejects.toThrow('it could not drain within 150 ms');
  closed();
  const { epoch } = await store.checkpoints().lastCommitted('j', '0');
  for (let i = 0; i < 50; i++) {
    await settle();
    clock.advance(1000);
  }
  expect(opened).toBe(1);
  expect(await store.checkpoints().lastCommitted('j', '0')).toMatchObject({ epoch });
  expect(j.status()).toMatchObject({ waiting: false, restarts: 0 });
});

it('stopped while the store hands the job over, it ends after that: the next one keeps the job', async () => {
  const [store, clock] = [memoryStore(), new ArrivalClock()];
  const inner = store.checkpoints();
  let hand = () => {};
  const acquire: typeof inner.acquire = async (...args) => {
    await new Promise<void>((resolve) => (hand = resolve));
    return inner.acquire(...args);
  };
  const slow = Object.assign(Object.create(inner), { acquire });
  const j = build(store, failing(0, 0), { clock, checkpoints: slow, owner: { lease: 'none' } });
  const ended: unknown[] = [];
  j.run().then((outcome) => ended.push(outcome));
  await settle();
  j.stop();
  for (let i = 0; i < 10; i++) await settle();
  expect(ended).toEqual([]);
  hand();
  await settle();
  expect(ended).toEqual(['stopped']);
  const next = build(store, failing(0, 0), { clock, owner: { lease: 'none' } });
  expect(await over(next.run(), clock)).toBe('completed');
});
