/** `migrate`: a changed configuration goes on from a checkpoint, and gives up only what is named. */
import {
  count,
  dedupe,
  eventTimeWindow,
  idempotentSink,
  type JobConfig,
  job,
  type MigrateConfig,
  type Source,
  type Store,
  type Task,
  tumbling,
  union,
  watermark,
} from 'tidemark';
import { memoryStore } from 'tidemark/memory';
import { arraySource } from 'tidemark/testing';

interface Click {
  readonly id: number;
  readonly at: number;
  readonly split?: string;
}

const clicks = (from: number, to: number): Click[] =>
  Array.from({ length: to - from }, (_, i) => ({ id: from + i, at: (from + i) * 5 }));

interface Shape {
  readonly size?: number;
  readonly bound?: number;
  readonly within?: number;
  readonly window?: string;
  readonly once?: boolean;
  readonly others?: Source<Click>;
}

/** Rows read: all of them, and the job is stopped after the last one unless the input ends. */
async function run(
  store: Store,
  source: Source<Click>,
  { size = 20, bound = 0, within = 1000, window = 'win', once = true, others }: Shape = {},
  o: Partial<JobConfig> & { readonly stopAt?: number } = {},
): Promise<string> {
  const { stopAt = Infinity, ...config } = o;
  let seen = 0;
  const counted: Source<Click> = {
    ...source,
    open: (position, out) =>
      source.open(position, {
        ...out,
        event(click, split) {
          out.event(click, split);
          if (++seen === stopAt) made.stop();
        },
      }),
  };
  const made = job({
    id: 'j',
    checkpoints: store.checkpoints(),
    every: '1h',
    restart: { attempts: 1 },
    topology(t) {
      const time = watermark<Click>({ id: 'time', timestamp: (c) => c.at, outOfOrderness: bound });
      const first = t.source(counted).pipe(time);
      const other = watermark<Click>({ id: 'other', timestamp: (c) => c.at });
      const merged =
        others === undefined
          ? first
          : first.pipe((s) => union({ id: 'both' }, s, t.source(others).pipe(other)));
      const distinct = once
        ? merged.pipe(dedupe({ id: 'once', key: (c) => c.id, within }))
        : merged;
      t.sink(
        distinct.pipe(
          eventTimeWindow({ id: window, window: tumbling(size), aggregate: { n: count() } }),
          idempotentSink({
            id: 'out',
            store: store.table('out', { key: ['start', 'size'] }),
            key: (r) => [r.window.start, r.window.end - r.window.start],
            row: (r) => r.value,
          }),
        ),
      );
    },
    ...config,
  });
  return made.run();
}

async function rowsOf(store: Store): Promise<number[][]> {
  const rows: number[][] = [];
  const table = store.table('out', { key: ['start', 'size'] });
  for await (const row of table.rows()) rows.push(Object.values(row) as number[]);
  return rows;
}

/* A job that has read clicks 0 to 9, the last window with two of four, and can go on. */
async function begun(shape?: Shape): Promise<Store> {
  const store = memoryStore();
  expect(await run(store, arraySource('clicks', clicks(0, 20)), shape, { stopAt: 10 })).toBe(
    'stopped',
  );
  return store;
}

const input = arraySource('clicks', clicks(0, 20));
const WHOLE = [0, 20, 40, 60, 80].map((start) => [start, 20, 4]);

/* What a job says of a change without `migrate`, and then what its table is with it. */
async function both(
  store: Store,
  source: Source<Click>,
  change: Shape,
  migrate: MigrateConfig,
): Promise<{ said: string; rows: number[][] }> {
  const before = await rowsOf(store);
  const last = await store.checkpoints().lastCommitted('j', '0');
  const said = await run(store, source, change).catch((thrown) => thrown.message);
  expect(await rowsOf(store)).toEqual(before);
  expect((await store.checkpoints().lastCommitted('j', '0')).n).toBe(last.n);
  expect(await run(store, source, change, { migrate })).toBe('completed');
  return { said, rows: await rowsOf(store) };
}

it('drops the state of an operator whose settings changed, and begins it anew', async () => {
  const migrate = { operators: { win: 'drop' as const } };
  const { said, rows } = await both(await begun(), input, { size: 50 }, migrate);
  expect(said).toContain('eventTimeWindow "win": `size` is 50 but was 20');
  const old = [0, 20].map((start) => [start, 20, 4]);
  // of [0, 50) nothing is left to come, of [50, 100) all
  expect(rows).toEqual([...old, [50, 50, 10]].sort((a, b) => (a[0] as number) - (b[0] as number)));
});

it('says that two operators have one id before it speaks of settings, wherever they stand', async () => {
  const twice = 'job "j": two operators have the id "once"; each needs its own';
  // the window takes the id of the dedupe after which it stands, and then that of one beside it
  const below = run(await begun(), input, { window: 'once' });
  await expect(below).rejects.toThrow(twice);
  const store = await begun({ once: false, window: 'once' });
  const above = run(store, input, { window: 'once', within: 5 });
  await expect(above).rejects.toThrow(twice);
});

it('says so also where the other operator is below another source', async () => {
  const store = memoryStore();
  const both = (first: number, second: number) => {
    const branch = (t: Task, name: string, within: number, id: string) =>
      t
        .source(arraySource(name, clicks(0, 5)))
        .pipe(
          watermark({ id: `${name}.time`, timestamp: (c) => c.at }),
          dedupe({ id, key: (c) => c.id, within }),
          idempotentSink({ id: name, store: store.table(name, { key: ['id'] }), key: (c) => c.id }),
        );
    return job({
      id: 'j',
      checkpoints: store.checkpoints(),
      every: '1h',
      restart: { attempts: 1 },
      topology(t) {
        t.sink(branch(t, 'a', first, 'once'));
        t.sink(branch(t, 'b', second, first === second ? 'other' : 'once'));
      },
    }).run();
  };
  expect(await both(10, 10)).toBe('completed');
  const twice = 'job "j": two operators have the id "once"; each needs its own';
  await expect(both(20, 10)).rejects.toThrow(twice);
});

it('keeps state under other bounds', async () => {
  const shape = { bound: 7, within: 90 };
  const migrate = { operators: { time: 'keep' as const, once: 'keep' as const } };
  const { said, rows } = await both(await begun(), input, shape, migrate);
  expect(said).toContain('watermark "time": `outOfOrderness` is 7 but was 0');
  expect(rows).toEqual(WHOLE);
});

it('keeps no state that has another shape', async () => {
  const store = await begun();
  const kept = run(store, input, { size: 50 }, { migrate: { operators: { win: 'keep' } } });
  await expect(kept).rejects.toThrow('`size` is 50 but was 20');
});

it('takes state that a function makes of the saved one', async () => {
  const store = await begun();
  const shape = { within: 5 };
  let seen: string[] = [];
  const once = (chunks: ReadonlyMap<string, unknown>) => {
    seen = [...chunks.keys()];
    return chunks as never;
  };
  const migrated = run(store, input, shape, { migrate: { operators: { once } } });
  expect(await migrated).toBe('completed');
  expect(seen).toContain('shell');
  expect(await rowsOf(store)).toEqual(WHOLE);
  const failing = () => {
    throw new Error('boom');
  };
  const broken = run(await begun(), input, shape, { migrate: { operators: { once: failing } } });
  await expect(broken).rejects.toThrow('job "j": `migrate.operators.once` threw: boom');
  for (const made of [undefined, 5, {}]) {
    const operators = { once: () => made as never };
    await expect(run(await begun(), input, shape, { migrate: { operators } })).rejects.toThrow(
      'job "j": `migrate.operators.once` must give a Map of chunks; it gave',
    );
  }
});

it('drops the state of an operator that is gone, and begins one that is new', async () => {
  const gone = await both(await begun(), input, { once: false }, { operators: { once: 'drop' } });
  expect(gone.said).toContain('the checkpoint has state of "once", which no operator has now');
  expect(gone.rows).toEqual(WHOLE);
  const store = await begun({ once: false });
  const added = await both(store, input, {}, { operators: { once: 'new' } });
  expect(added.said).toContain('dedupe "once" is not in the checkpoint');
  expect(added.rows).toEqual(WHOLE);
  const renamed = { operators: { win: 'drop', other: 'new' } } as const;
  const { rows } = await both(await begun(), input, { window: 'other' }, renamed);
  // the two clicks of [40, 60) that the old one held are lost
  expect(rows).toEqual(WHOLE.map(([start, size, n]) => [start, size, start === 40 ? 2 : n]));
});

it('begins a source that is new, and forgets one that is gone', async () => {
  const others = arraySource('others', clicks(100, 104));
  const operators = { other: 'new', both: 'new' } as const;
  const store = await begun();
  const added = await both(store, input, { others }, { operators, sources: { others: 'new' } });
  expect(added.said).toContain('was written by another configuration');
  expect(added.rows).toEqual([...WHOLE, [500, 20, 4]]);
  const missing = run(await begun(), input, { others }, { migrate: { operators } });
  await expect(missing).rejects.toThrow('source "others" is not in the checkpoint; name it in');
  const two = await begun({ others: arraySource('others', clicks(100, 101), { ends: false }) });
  const less = { operators: { other: 'drop', both: 'drop' } } as const;
  const unnamed = run(two, input, {}, { migrate: less });
  await expect(unnamed).rejects.toThrow('has read source "others", which the topology has not');
  const named = { ...less, sources: { others: 'drop' } } as const;
  expect(await run(two, input, {}, { migrate: named })).toBe('completed');
});

it('finishes splits that their source no longer has, so that they hold time no longer', async () => {
  const split = (c: Click) => (c.id < 5 ? 'a' : 'b');
  const of = (splits: string[]) =>
    arraySource('clicks', clicks(0, 20), { splits, splitOf: split, ends: false });
  const one = async (store: Store, o: Partial<JobConfig> & { stopAt?: number }, splits: string[]) =>
    run(store, of(splits), { once: false }, o);
  const store = memoryStore();
  await one(store, { stopAt: 10 }, ['a', 'b']);
  expect(await rowsOf(store)).toEqual([[0, 20, 4]]);
  await expect(one(store, {}, ['b'])).rejects.toThrow('split "a" of the checkpoint is no longer');
  await one(store, { stopAt: 10, migrate: { splits: 'finish' } }, ['b']);
  expect(await rowsOf(store)).toEqual(WHOLE.slice(0, 4));
});

it('reopens what was drained at an instant, and what is at or before it is late', async () => {
  const store = memoryStore();
  const growing = clicks(0, 8);
  const source: Source<Click> = {
    ...arraySource('clicks', growing),
    more: async (position) => ((position as number | undefined) ?? 0) < growing.length,
  };
  expect(await run(store, source)).toBe('completed');
  expect(await run(store, source, {}, { migrate: { reopen: 39 } })).toBe('completed');
  growing.push({ id: 70, at: 39 }, ...clicks(8, 16));
  await expect(run(store, source)).rejects.toThrow('what is drained is final, start a new job id');
  expect(await run(store, source, {}, { migrate: { reopen: 39 } })).toBe('completed');
  expect(await rowsOf(store)).toEqual(WHOLE.slice(0, 4));
});

it('counts only where the checkpoint does not fit: it may stay for later runs', async () => {
  const store = await begun();
  const migrate: MigrateConfig = {
    operators: { time: 'keep', win: 'drop', once: 'new', gone: 'drop', fresh: 'new' },
    sources: { clicks: 'new', others: 'drop' },
    splits: 'finish',
    reopen: 0,
  };
  expect(await run(store, input, {}, { migrate, stopAt: 3 })).toBe('stopped');
  expect(await run(store, input, {}, { migrate })).toBe('completed');
  expect(await run(store, input, {}, { migrate })).toBe('completed');
  expect(await rowsOf(store)).toEqual(WHOLE);
});

it('a wrong migration is refused at construction', () => {
  const of = (migrate: object) => () =>
    job({
      id: 'j',
      checkpoints: memoryStore().checkpoints(),
      every: '1s',
      topology: () => {},
      migrate,
    });
  expect(of({ operators: { a: 'lose' } })).toThrow(
    "job: `migrate.operators.a` must be 'new', 'drop', 'keep' or a function; got \"lose\"",
  );
  expect(of({ sources: { a: 'keep' } })).toThrow("`migrate.sources.a` must be 'new' or 'drop'");
  expect(of({ splits: 'drop' })).toThrow("`migrate.splits` must be 'finish'");
  expect(of({ reopen: 'soon' })).toThrow('`migrate.reopen` must be an instant; got "soon"');
});
