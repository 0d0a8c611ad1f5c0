/** `job`: checkpoints, restarts, and what it refuses; over a store in memory. */
import fc from 'fast-check';
import { config, map, of, take } from 'rxjs';
import {
  type Aggregate,
  count,
  dedupe,
  eventTimeWindow,
  idempotentSink,
  intervalJoin,
  type Job,
  type JobConfig,
  job,
  type Source,
  type Store,
  sum,
  type Task,
  tumbling,
  values,
  watermark,
} from 'tidemark';
import { memoryStore } from 'tidemark/memory';
import { arraySource } from 'tidemark/testing';

interface Click {
  readonly user: string;
  readonly id: number;
  readonly at: number;
}
interface Plan {
  readonly user: string;
  readonly plan: string;
  readonly at: number;
}

const clicks = (n: number): Click[] =>
  Array.from({ length: n }, (_, i) => ({
    user: `u${i % 3}`,
    id: i - (i % 11 === 10 ? 1 : 0),
    at: i * 7 - ((i * 13) % 40),
  }));
const plans = (n: number): Plan[] =>
  Array.from({ length: n }, (_, i) => ({ user: `u${i % 3}`, plan: `p${i}`, at: i * 50 }));

function build(
  store: Store,
  sources: { clicks: Source<Click>; plans: Source<Plan> },
  o: Partial<JobConfig> = {},
): Job {
  const table = store.table('out', { key: ['start', 'user'] });
  return job({
    id: 'j',
    checkpoints: store.checkpoints(),
    every: '1h',
    restart: { attempts: 1 },
    everyEvents: 7,
    maxDrift: 200,
    topology(t: Task) {
      const right = t
        .source(sources.plans)
        .pipe(watermark({ id: 'p.time', timestamp: (p) => p.at, outOfOrderness: 50 }));
      t.sink(
        t.source(sources.clicks).pipe(
          watermark({ id: 'c.time', timestamp: (c) => c.at, outOfOrderness: 50 }),
          dedupe({ id: 'once', key: (c) => c.id, within: 200 }),
          eventTimeWindow({
            id: 'win',
            key: (c) => c.user,
            window: tumbling(100),
            aggregate: { n: count(), ids: sum((c) => c.id) },
          }),
          intervalJoin(right, {
            id: 'join',
            leftKey: (w) => w.key,
            rightKey: (p) => p.user,
            lower: -150,
            upper: 150,
            type: 'left',
            lateBy: 'own',
          }),
          idempotentSink({
            id: 'out',
            store: table,
            key: (r) => [r.left.window.start, r.left.key],
            row: (r) => ({ ...r.left.value, plan: r.right?.plan ?? null }),
          }),
        ),
      );
    },
    ...o,
  });
}

async function rowsOf(store: Store): Promise<unknown[]> {
  const rows: unknown[] = [];
  for await (const row of store.table('out', { key: ['start', 'user'] }).rows()) rows.push(row);
  return rows;
}

/* What each window must hold, computed from the list. */
function expected(cs: readonly Click[], ps: readonly Plan[]): unknown[] {
  const seen = new Set<number>();
  const out = new Map<
    string,
    { start: number; user: string; n: number; ids: number; plan: string | null }
  >();
  for (const c of cs) {
    if (seen.has(c.id)) continue;
    seen.add(c.id);
    const start = Math.floor(c.at / 100) * 100;
    const row = out.get(`${start} ${c.user}`) ?? { start, user: c.user, n: 0, ids: 0, plan: null };
    out.set(`${start} ${c.user}`, { ...row, n: row.n + 1, ids: row.ids + c.id });
  }
  return [...out.values()]
    .map((row) => {
      const near = ps.filter(
        (p) => p.user === row.user && Math.abs(p.at - (row.start + 99)) <= 150,
      );
      return { ...row, plan: near.length === 0 ? null : near[near.length - 1]?.plan };
    })
    .sort((a, b) => a.start - b.start || (a.user < b.user ? -1 : 1));
}

const input = {
  clicks: arraySource('clicks', clicks(120)),
  plans: arraySource('plans', plans(18)),
};
const table = expected(clicks(120), plans(18));

it('ends with the table of a batch computation', async () => {
  const store = memoryStore();
  expect(await build(store, input).run()).toBe('completed');
  expect(await rowsOf(store)).toEqual(table);
});

it('stopped anywhere and run again, it ends with the same table', async () => {
  for (let stopAt = 0; stopAt < 120; stopAt += 9) {
    const store = memoryStore();
    let seen = 0;
    const tap: Source<Click> = {
      name: 'clicks',
      open: (position, out) =>
        input.clicks.open(position, {
          ...out,
          event: (c) => {
            out.event(c);
            if (seen++ === stopAt) first.stop();
          },
          finished: () => out.finished(),
          declare: (s) => out.declare(s),
          failed: (e) => out.failed(e),
        }),
    };
    const first: Job = build(store, { clicks: tap, plans: input.plans });
    expect(await first.run()).toBe('stopped');
    expect((await rowsOf(store)).length).toBeLessThan(table.length);
    expect(await build(store, input).run()).toBe('completed');
    expect(await rowsOf(store)).toEqual(table);
  }
});

it('crashed anywhere, in a commit or out of it, it ends with the same table and counts', async () => {
  const whole = memoryStore();
  const undisturbed = build(whole, input);
  await undisturbed.run();
  const counts = JSON.stringify([...undisturbed.status().operators]);
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.nat({ max: 140 }), { maxLength: 5 }),
      fc.integer({ min: 1, max: 15 }),
      async (crashes, everyEvents) => {
        const store = memoryStore();
        for (const crashAt of crashes) {
          let seen = 0;
          const dying: Source<Click> = {
            name: 'clicks',
            open: (position, out) =>
              input.clicks.open(position, {
                event: (c) => (seen++ === crashAt ? out.failed(new Error('crash')) : out.event(c)),
                finished: () => out.finished(),
                declare: (s) => out.declare(s),
                failed: (e) => out.failed(e),
              }),
          };
          await build(store, { clicks: dying, plans: input.plans }, { everyEvents })
            .run()
            .catch(() => {});
        }
        const last = build(store, input, { everyEvents });
        expect(await last.run()).toBe('completed');
        expect(await rowsOf(store)).toEqual(table);
        const now = [...last.status().operators].filter(([id]) => id !== 'out' && id !== 'join');
        const was = (JSON.parse(counts) as [string, object][]).filter(
          ([id]) => id !== 'out' && id !== 'join',
        );
        expect(JSON.parse(JSON.stringify(now))).toEqual(was);
      },
    ),
    { numRuns: 20 },
  );
});

it('run again after its end, it says so at once and changes nothing', async () => {
  const store = memoryStore();
  await build(store, input).run();
  const again = build(store, {
    ...input,
    clicks: {
      name: 'clicks',
      open: () => {
        throw new Error('opened');
      },
    },
  });
  expect(await again.run()).toBe('completed');
  expect(await rowsOf(store)).toEqual(table);
  expect((again.status().operators.get('once') as { in: number }).in).toBe(120);
});

it('run again with more input than it ended with, it refuses', async () => {
  const store = memoryStore();
  await build(store, input).run();
  const longer = { ...input.clicks, more: async (position: unknown) => (position as number) < 121 };
  await expect(build(store, { ...input, clicks: longer }).run()).rejects.toThrow(
    'source "clicks" has input after its end; what is drained is final',
  );
  expect(await rowsOf(store)).toEqual(table);
});

it('stop does not flush open windows, drain does', async () => {
  for (const how of ['stop', 'drain'] as const) {
    const store = memoryStore();
    const open = {
      clicks: arraySource('clicks', clicks(120), { ends: false }),
      plans: arraySource('plans', plans(18), { ends: false }),
    };
    const j = build(store, open);
    const ended = j.run();
    while (
      j.status().sources.length < 2 ||
      j.status().sources.some((s, i) => s.position !== [18, 120][i])
    ) {
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await j[how]()).toBe(how === 'stop' ? 'stopped' : 'drained');
    await ended;
    const rows = await rowsOf(store);
    if (how === 'drain') expect(rows).toEqual(table);
    else expect(rows.length).toBeLessThan(table.length);
  }
});

it('a drain asked for before the start is over happens after it', async () => {
  const store = memoryStore();
  const j = build(store, { ...input, clicks: arraySource('clicks', clicks(120), { ends: false }) });
  const ended = j.run();
  j.drain();
  expect(await ended).toBe('drained');
  expect(await rowsOf(store)).toEqual([]);
});

it('takes the rows of a pipeline that ends early into the next checkpoint', async () => {
  const store = memoryStore();
  const out = store.table('out', { key: ['id'] });
  const j = job({
    id: 'j',
    checkpoints: store.checkpoints(),
    every: '1h',
    restart: { attempts: 1 },
    everyEvents: 1000,
    topology: (t) =>
      t.sink(
        t.source(input.clicks).pipe(
          watermark({ id: 'time', timestamp: (c) => c.at }),
          values(take(5)),
          idempotentSink({
            id: 'out',
            store: out,
            key: (c) => c.id,
            row: ({ user }) => ({ user }),
          }),
        ),
      ),
  });
  expect(await j.run()).toBe('completed');
  expect(await out.count()).toBe(5);
});

it('holds a source that runs ahead of the other in event time', async () => {
  const late = Array.from({ length: 50 }, (_, i) => ({ user: 'u0', plan: 'p', at: i * 100 }));
  const store = memoryStore();
  const j = build(
    store,
    { clicks: input.clicks, plans: arraySource('plans', late) },
    { maxDrift: 300 },
  );
  await j.run();
  expect((j.status().operators.get('join') as any).peak).toBeLessThan(25);
});

describe('refuses, before the first event', () => {
  const refused = async (topology: (t: Task) => void): Promise<string> => {
    const store = memoryStore();
    const j = job({ id: 'j', checkpoints: store.checkpoints(), every: '1s', topology });
    return j.run().then(
      () => 'ran',
      (e) => e.message,
    );
  };
  const timed = { timestamp: (c: Click) => c.at };
  const sinkOf = (store: Store) => ({
    store: store.table('t', { key: ['k'] }),
    key: (c: Click) => c.id,
  });

  it('an operator without an id', async () => {
    expect(await refused((t) => t.sink(t.source(input.clicks).pipe(watermark(timed))))).toBe(
      'job "j": watermark needs an `id`, which names its state',
    );
  });

  it('one id twice', async () => {
    const topology = (t: Task) =>
      t.sink(
        t
          .source(input.clicks)
          .pipe(
            watermark({ id: 'a', ...timed }),
            values(map((c) => c)),
            dedupe({ id: 'a', key: (c) => c.id }),
          ),
      );
    expect(await refused(topology)).toContain('two operators have the id "a"');
  });

  it('a sink of another store without an outbox', async () => {
    const upsert = () => Promise.reject(new Error('must not be called'));
    const sink = { ...sinkOf(memoryStore()), store: { name: 'other', transaction: {}, upsert } };
    const topology = (t: Task) =>
      t.sink(
        t
          .source(input.clicks)
          .pipe(watermark({ id: 'a', ...timed }), idempotentSink({ id: 's', ...sink })),
      );
    expect(await refused(topology)).toMatch(
      /sink "s" .* shares a transaction with the checkpoints nor has an outbox.*use a table/,
    );
  });

  it('a changed window, naming the option', async () => {
    const store = memoryStore();
    const of = (size: number) =>
      job({
        id: 'j',
        checkpoints: store.checkpoints(),
        every: '1s',
        restart: { attempts: 1 },
        topology: (t) =>
          t.sink(
            t.source(input.clicks).pipe(
              watermark({ id: 'a', ...timed }),
              eventTimeWindow({ id: 'w', window: tumbling(size), aggregate: { n: count() } }),
              idempotentSink({
                id: 's',
                store: store.table('t', { key: ['k'] }),
                key: (r) => r.window.start,
                row: (r) => r.value,
              }),
            ),
          ),
      });
    await of(10).run();
    await expect(of(20).run()).rejects.toThrow('eventTimeWindow "w": `size` is 20 but was 10');
  });

  it('any changed setting of an operator, and an operator that is new', async () => {
    const of = (store: Store, o: { b?: number; within?: number; upper?: number; more?: boolean }) =>
      job({
        id: 'j',
        checkpoints: store.checkpoints(),
        every: '1s',
        restart: { attempts: 1 },
        topology: (t) => {
          const right = t
            .source(input.plans)
            .pipe(watermark({ id: 'p', timestamp: (p) => p.at, outOfOrderness: 50 }));
          t.sink(
            t.source(input.clicks).pipe(
              watermark({ id: 'c', timestamp: (c) => c.at, outOfOrderness: o.b ?? 50 }),
              dedupe({ id: 'd', key: (c) => c.id, within: o.within ?? 5 }),
              o.more ? dedupe({ id: 'new', key: (c) => c.id }) : map((e) => e),
              intervalJoin(right, {
                id: 'j',
                leftKey: (c) => c.user,
                rightKey: (p) => p.user,
                lower: 0,
                upper: o.upper ?? 9,
              }),
              idempotentSink({
                id: 's',
                store: store.table('t', { key: ['k'] }),
                key: (r) => r.left.id,
                row: () => ({}),
              }),
            ),
          );
        },
      });
    for (const [change, sentence] of [
      [{ b: 51 }, 'watermark "c": `outOfOrderness` is 51 but was 50'],
      [{ within: 6 }, 'dedupe "d": `within` is 6 but was 5'],
      [{ upper: 8 }, 'intervalJoin "j": `upper` is 8 but was 9'],
      [{ more: true }, 'dedupe "new" is not in the checkpoint'],
    ] as const) {
      const store = memoryStore();
      await of(store, {}).run();
      await expect(of(store, change).run()).rejects.toThrow(sentence);
    }
  });

  it('another aggregate under the same name', async () => {
    const store = memoryStore();
    const of = (n: Aggregate<Click, number>) =>
      job({
        id: 'j',
        checkpoints: store.checkpoints(),
        every: '1s',
        restart: { attempts: 1 },
        topology: (t) =>
          t.sink(
            t.source(input.clicks).pipe(
              watermark({ id: 'a', ...timed }),
              eventTimeWindow({ id: 'w', window: tumbling(9), aggregate: { n } }),
              idempotentSink({
                id: 's',
                store: store.table('t', { key: ['k'] }),
                key: (r) => r.window.start,
                row: (r) => r.value,
              }),
            ),
          ),
      });
    await of(count()).run();
    await expect(of(sum((c: Click) => c.id)).run()).rejects.toThrow(
      '`aggregate` is "n: sum" but was "n: count"',
    );
  });

  it('wrong options at construction', () => {
    const c = {
      id: 'j',
      checkpoints: memoryStore().checkpoints(),
      every: '1s',
      restart: { attempts: 1 },
      topology: () => {},
    } as const;
    expect(() => job({ ...c, id: '' })).toThrow('job: `id` must be a non-empty string');
    expect(() => job({ ...c, every: 0 })).toThrow('job: `every` must be a duration > 0');
    expect(() => job({ ...c, everyEvents: 0 })).toThrow(
      'job: `everyEvents` must be an integer > 0',
    );
    const wrong: [object | null, string][] = [
      [null, '`config` must be an object; got null'],
      [{ ...c, restart: 'never' }, '`restart` must be an object; got "never"'],
      [{ ...c, owner: 'me' }, '`owner` must be an object; got "me"'],
      [{ ...c, start: null }, '`start` must be an object; got null'],
      [{ ...c, start: { positions: [] } }, '`start.positions` must be an object; got []'],
      [{ ...c, clock: {} }, '`clock` must be a scheduler; got {}'],
      [{ ...c, migrate: 'keep' }, '`migrate` must be an object; got "keep"'],
      [{ ...c, migrate: { operators: null } }, '`migrate.operators` must be an object; got null'],
      [{ ...c, migrate: { sources: 'new' } }, '`migrate.sources` must be an object; got "new"'],
      [
        { ...c, migrate: { operator: {} } },
        '`migrate` must be of `operators`, `sources`, `splits` and `reopen`; got {"operator":{}}',
      ],
    ];
    for (const [given, sentence] of wrong) {
      expect(() => job(given as any)).toThrow(new TypeError(`job: ${sentence}`));
    }
  });

  it('what is no source, and what is no pipeline', async () => {
    const sources: [unknown, string][] = [
      [{}, '`t.source` must be given a source, which has `name` and `open`; got {}'],
      [null, '`t.source` must be given a source, which has `name` and `open`; got null'],
      [{ ...input.clicks, name: '' }, '`name of a source` must be a non-empty string; got ""'],
    ];
    for (const [source, sentence] of sources) {
      const topology = (t: Task) => t.sink(t.source(source as any));
      await expect(refused(topology)).resolves.toBe(`job: ${sentence}`);
    }
    expect(await refused((t) => t.sink([] as any))).toBe(
      'job: `t.sink` must be given a pipeline; got []',
    );
  });
});

describe('an observer that throws', () => {
  const tick = () => new Promise((resolve) => setTimeout(resolve, 5));
  const throwing = () =>
    of(1).subscribe(() => {
      throw new Error('observer');
    });
  const open = () => ({
    clicks: arraySource('clicks', clicks(120), { ends: false }),
    plans: arraySource('plans', plans(18)),
  });

  it('fails every job that runs, and those that have ended give the hook back', async () => {
    const before = config.onUnhandledError;
    const [a, b] = [build(memoryStore(), open()), build(memoryStore(), open())];
    const ended = [a.run(), b.run()].map((run) => run.catch((e: Error) => e.message));
    await tick();
    throwing();
    expect(await Promise.all(ended)).toEqual(['observer', 'observer']);
    const c = build(memoryStore(), input);
    await c.run();
    const seen: unknown[] = [];
    config.onUnhandledError = (e) => seen.push(String(e));
    throwing();
    await tick();
    expect(seen).toEqual(['Error: observer']);
    config.onUnhandledError = before;
  });
});

it('fails when a pipeline fails', async () => {
  const store = memoryStore();
  const bad = {
    ...input,
    clicks: arraySource<any>('clicks', [
      { user: undefined, id: 1, at: 1 },
      {
        get user() {
          throw new Error('boom');
        },
        id: 2,
        at: 2,
      },
    ]),
  };
  await expect(build(store, bad).run()).rejects.toThrow('eventTimeWindow: `key` threw: boom');
});

it('run, stop and drain reject, and never throw', async () => {
  const j = build(memoryStore(), input);
  const notStarted = { message: expect.stringMatching(/it has not been started; call run/) };
  for (const how of ['stop', 'drain'] as const) {
    const asked = j[how]();
    await expect(asked).rejects.toMatchObject(notStarted);
  }
  const wrong = build(memoryStore(), input, {
    topology: () => {
      throw new TypeError('wrong topology');
    },
  });
  const failed = wrong.run();
  await expect(failed).rejects.toThrow('wrong topology');
  const ended = j.run();
  const again = j.run();
  await expect(again).rejects.toThrow('it runs only once');
  expect(await ended).toBe('completed');
});
