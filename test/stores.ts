/** The suite that every store passes: tables with order, tombstones and conflicts; checkpoints with fencing. */
import { encodeChunks } from '../lib/codec.js';
import type { Chunks } from '../lib/element.js';
import type { Commit, Row, SinkRows, Store, TableStore, Upsert } from '../lib/ports.js';

/** What the suite needs of a store under test. `clock.ms` is what the store's clock gives. */
export interface StoreUnderTest {
  store(): Store;
  readonly clock: { ms: number };
  /** Closes and opens the same data again, where the store is durable. */
  reopen?(): Promise<void>;
  /** Makes the stored checkpoint of a task look as if a newer version had written it. */
  raiseFormat?(job: string): Promise<void>;
}

let serial = 0;
const fresh = (what: string) => `${what}_${++serial}`;

const up = (key: Upsert['key'], row: Row, revision: number[] = [0], timestamp = 0): Upsert => ({
  op: 'upsert',
  key,
  row,
  revision,
  timestamp,
});
const del = (key: Upsert['key'], revision: number[] = [0], timestamp = 0): Upsert => ({
  op: 'delete',
  key,
  row: {},
  revision,
  timestamp,
});

async function all(table: TableStore): Promise<Row[]> {
  const rows: Row[] = [];
  for await (const row of table.rows()) rows.push(row);
  return rows;
}

/** Runs the suite. */
export function storeSuite(under: StoreUnderTest): void {
  describe('a table', () => tableSuite(under));
  describe('values in a table', () => valueSuite(under));
  describe('checkpoints', () => checkpointSuite(under));
}

function tableSuite(under: StoreUnderTest): void {
  let table: TableStore;
  beforeEach(() => {
    under.clock.ms = 1000;
    table = under.store().table(fresh('rows'), {
      key: ['k'],
      audit: 'at',
      columns: { k: 'text', v: 'int8' },
    });
  });
  const vs = async () => (await all(table)).map((r) => [r['k'], r['v']]);

  test('a first row is written with the arrival time of the write', async () => {
    expect(await table.upsert([up(['a'], { v: 1 })])).toEqual({
      written: 1,
      ignored: 0,
      conflicts: 0,
    });
    expect(await all(table)).toEqual([{ k: 'a', v: 1, at: new Date(1000) }]);
    expect(await table.count()).toBe(1);
  });

  test('an empty batch changes nothing', async () => {
    expect(await table.upsert([])).toEqual({ written: 0, ignored: 0, conflicts: 0 });
    expect(await all(table)).toEqual([]);
  });

  test.each([
    ['a greater revision', [1], 0, [2], -5, true],
    ['a lower revision', [2], 0, [1], 99, false],
    ['a longer tuple', [1, 2], 0, [1, 2, -9], -5, true],
    ['a prefix', [1, 2], 0, [1], 99, false],
    ['an empty tuple', [0], 0, [], 99, false],
    ['a greater second part', [1, 2], 0, [1, 10], 0, true],
    ['a later event time of the same revision', [1], 5, [1], 6, true],
    ['an earlier event time of the same revision', [1], 5, [1], 4, false],
  ] as const)('%s decides whether a row overwrites', async (_, r1, t1, r2, t2, wins) => {
    await table.upsert([up(['a'], { v: 1 }, [...r1], t1)]);
    const result = await table.upsert([up(['a'], { v: 2 }, [...r2], t2)]);
    expect(result).toEqual({ written: wins ? 1 : 0, ignored: wins ? 0 : 1, conflicts: 0 });
    expect(await vs()).toEqual([['a', wins ? 2 : 1]]);
  });

  test('the same row again is a no-op and keeps its arrival time', async () => {
    await table.upsert([up(['a'], { v: 1 })]);
    under.clock.ms = 2000;
    const again = await table.upsert([up(['a'], { v: 1 })]);
    expect(again).toEqual({ written: 0, ignored: 1, conflicts: 0 });
    expect((await all(table))[0]?.['at']).toEqual(new Date(1000));
  });

  test('of two rows of one order the later arrival wins and counts as a conflict', async () => {
    await table.upsert([up(['a'], { v: 1 }), up(['b'], { v: 1 })]);
    under.clock.ms = 2000;
    const result = await table.upsert([up(['a'], { v: 2 }), up(['b'], { v: 1 }, [1])]);
    expect(result).toEqual({ written: 2, ignored: 0, conflicts: 1 });
    expect(await all(table)).toEqual([
      { k: 'a', v: 2, at: new Date(2000) },
      { k: 'b', v: 1, at: new Date(2000) },
    ]);
    const after = await table.upsert([up(['a'], { v: 3 }, [1])]);
    expect(after).toEqual({ written: 1, ignored: 0, conflicts: 0 });
  });

  test('a null in place of a value is other content', async () => {
    await table.upsert([up(['a'], { v: 1 })]);
    expect(await table.upsert([up(['a'], { v: null })])).toMatchObject({ conflicts: 1 });
    expect(await table.upsert([up(['a'], {})])).toMatchObject({ ignored: 1, conflicts: 0 });
    expect(await vs()).toEqual([['a', null]]);
  });

  test('a delete removes a row that is not higher, and refuses lower rows from then on', async () => {
    await table.upsert([up(['a'], { v: 1 }, [1], 5), up(['b'], { v: 1 }, [3], 5)]);
    const result = await table.upsert([del(['a'], [1], 5), del(['b'], [2], 9), del(['c'], [2], 5)]);
    expect(result).toEqual({ written: 1, ignored: 2, conflicts: 0 });
    expect(await vs()).toEqual([['b', 1]]);
    const lower = [up(['a'], { v: 2 }, [1], 4), up(['c'], { v: 2 }, [2], 4)];
    expect(await table.upsert(lower)).toEqual({ written: 0, ignored: 2, conflicts: 0 });
    const equal = [up(['a'], { v: 3 }, [1], 5), up(['c'], { v: 3 }, [2, 0], 0)];
    expect(await table.upsert(equal)).toEqual({ written: 2, ignored: 0, conflicts: 0 });
    expect(await vs()).toEqual([
      ['a', 3],
      ['b', 1],
      ['c', 3],
    ]);
  });

  test('a repeated or lower delete changes nothing, and lowers no tombstone', async () => {
    await table.upsert([up(['a'], { v: 1 }, [1])]);
    await table.upsert([del(['a'], [3])]);
    expect(await table.upsert([del(['a'], [3])])).toMatchObject({ written: 0, ignored: 1 });
    expect(await table.upsert([del(['a'], [2])])).toMatchObject({ written: 0, ignored: 1 });
    expect(await table.upsert([up(['a'], { v: 2 }, [2, 5])])).toMatchObject({ ignored: 1 });
    expect(await table.count()).toBe(0);
  });

  test('a row above its tombstone ends it', async () => {
    await table.upsert([del(['a'], [3])]);
    await table.upsert([up(['a'], { v: 1 }, [4])]);
    await table.upsert([del(['a'], [4])]);
    expect(await table.upsert([up(['a'], { v: 2 }, [3, 5])])).toMatchObject({ ignored: 1 });
    expect(await table.upsert([up(['a'], { v: 2 }, [4])])).toMatchObject({ written: 1 });
  });

  test('forget frees tombstones up to and including an event time', async () => {
    await table.upsert([del(['a'], [3], 10), del(['b'], [3], 11)]);
    await table.forget?.(10);
    const lower = [up(['a'], { v: 1 }, [1], 1), up(['b'], { v: 1 }, [1], 1)];
    expect(await table.upsert(lower)).toMatchObject({ written: 1, ignored: 1 });
    expect(await vs()).toEqual([['a', 1]]);
  });

  test('deletes and rows of one batch are applied together', async () => {
    await table.upsert([up(['a'], { v: 1 }), up(['b'], { v: 1 })]);
    const result = await table.upsert([del(['a'], [1]), up(['b'], { v: 2 }, [1]), del(['x'])]);
    expect(result).toEqual({ written: 2, ignored: 1, conflicts: 0 });
    expect(await vs()).toEqual([['b', 2]]);
  });

  test('a batch with a row that is refused changes nothing and names the row', async () => {
    const bad = [up(['b'], { v: 'many' }), up(['c'], { v: 2n ** 63n }), up(['d'], { w: 1 })];
    const failed = table.upsert([up(['a'], { v: 1 }), ...bad]);
    await expect(failed).rejects.toMatchObject({
      name: 'StoreError',
      kind: 'refused',
      refused: bad,
    });
    await expect(failed).rejects.toThrow(
      /refuses 3 rows: column "v" \(.*\) takes whole numbers; got "many"/,
    );
    expect(await table.count()).toBe(0);
  });

  test.each([
    [['a', 'b'], {}],
    [[], {}],
    [['a'], { k: 'x' }],
    [['a'], { at: 1 }],
    [['a'], { tidemark_revision: 1 }],
  ])('a row that does not fit the table is refused (%j %j)', async (key, row) => {
    await expect(table.upsert([up(key, row)])).rejects.toMatchObject({ kind: 'refused' });
  });

  test('rows come in key order, text by code point', async () => {
    const keys = ['b', 'Z', '', 'ä', 'a', '\uffee', '💧', 'aa', 'a b'];
    await table.upsert(keys.map((k) => up([k], { v: 1 })));
    expect((await vs()).map(([k]) => k)).toEqual([
      '',
      'Z',
      'a',
      'a b',
      'aa',
      'b',
      'ä',
      '\uffee',
      '💧',
    ]);
  });

  test('more rows than a page come once each, in order', async () => {
    const rows = Array.from({ length: 2500 }, (_, i) =>
      up([`k${String(i).padStart(4, '0')}`], { v: i }),
    );
    await table.upsert(rows);
    const back = await vs();
    expect(back).toEqual(rows.map((r) => [r.key[0], r.row['v']]));
    expect(await table.count()).toBe(2500);
  });
}

function valueSuite(under: StoreUnderTest): void {
  const keys = [
    '',
    '__proto__',
    'constructor',
    '\u0000',
    'a\u0000b',
    '\ud800',
    'x\udc00',
    '\ufdd0',
    '\ufdd0"a"',
    '"\\{},',
    "'; --",
    'NULL',
    '💧',
    'k'.repeat(65536),
  ];

  test('a nasty key is a key like another, and comes back exactly', async () => {
    const table = under
      .store()
      .table(fresh('nasty'), { key: ['a', 'b'], columns: { a: 'text', b: 'text', v: 'text' } });
    // a b-tree holds no key of more than 2,700 bytes that does not compress
    const rows = keys.flatMap((a) => ['', 'x', a].map((b, i) => up([a, `${b}${i}`], { v: a })));
    await table.upsert(rows);
    expect(await table.upsert(rows)).toEqual({ written: 0, ignored: rows.length, conflicts: 0 });
    const back = await all(table);
    const texts = (list: readonly (readonly unknown[])[]) =>
      list.map((r) => JSON.stringify(r)).sort();
    expect(texts(back.map((r) => [r['a'], r['b'], r['v']]))).toEqual(
      texts(rows.map((r) => [...r.key, r.row['v']])),
    );
    expect(await table.upsert(rows.map((r) => del(r.key)))).toMatchObject({ written: rows.length });
    expect(await table.upsert(rows.map((r) => up(r.key, {}, [-1])))).toMatchObject({
      ignored: rows.length,
    });
  });

  const types = {
    k: 'int4',
    i: 'int8',
    f: 'float8',
    b: 'bool',
    t: 'timestamptz',
    j: 'jsonb',
    s: 'text',
  };
  const oneForAll = fresh('types');
  let key = 0;
  const back = async (row: Row) => {
    const table = under.store().table(oneForAll, { key: ['k'], columns: types });
    const rows = [up([++key], row)];
    await table.upsert(rows);
    expect(await table.upsert(rows)).toMatchObject({ ignored: 1 });
    return (await all(table)).find((r) => r['k'] === key) as Row;
  };

  test.each([0, -1, 2 ** 40, -(2 ** 53 - 1), 2n ** 62n, -(2n ** 63n)])(
    'the whole number %p comes back',
    async (i) => {
      expect((await back({ i }))['i']).toBe(i);
    },
  );

  test.each([0, 0.1, -1.5e300, 5e-324, 1 / 3, Number.MAX_VALUE, Number.NaN, Infinity, -Infinity])(
    'the number %p comes back',
    async (f) => {
      expect((await back({ f }))['f']).toBe(f);
    },
  );

  test.each([
    '2024-02-29T12:00:00.007Z',
    '1969-12-31T23:59:59.999Z',
    '1900-01-01T00:00:00.001Z',
    '0099-12-31T00:00:00.000Z',
    '0001-01-01T00:00:00.000Z',
    '0000-12-31T23:59:59.999Z',
    '-000001-01-01T00:00:00.000Z',
    '-004712-01-01T00:00:00.001Z',
    '+012345-06-07T08:09:10.011Z',
    '+275760-09-13T00:00:00.000Z',
  ])('the time %s comes back to the millisecond', async (iso) => {
    const t = Date.parse(iso);
    expect((await back({ t }))['t']).toEqual(new Date(iso));
    expect((await back({ t: new Date(t) }))['t']).toEqual(new Date(t));
  });

  test('times of a key are equal however they are given, and are in order', async () => {
    const table = under
      .store()
      .table(fresh('times'), { key: ['t'], columns: { t: 'timestamptz', v: 'int8' } });
    const ms = Date.parse('2024-01-01T00:00:00.500Z');
    await table.upsert([up([ms], { v: 1 }), up([-1], { v: 2 }), up([-62135596800001], { v: 3 })]);
    expect(await table.upsert([up(['2024-01-01T01:00:00.5+01:00'], { v: 1 })])).toMatchObject({
      ignored: 1,
    });
    expect((await all(table)).map((r) => Number(r['t']))).toEqual([-62135596800001, -1, ms]);
  });

  test('text, true, null and JSON come back', async () => {
    const j = { list: [1, 'a\u0000\ud800', null, { ok: true }], 'ä"': {} };
    const row = { i: null, f: null, b: true, t: null, j, s: 'l1\nl2\t\\' };
    expect(await back(row)).toEqual({ k: key, ...row });
    expect(await back({ b: false, j: 'text' })).toMatchObject({ b: false, j: 'text', s: null });
  });

  test.each([
    { i: 1.5 },
    { i: 2n ** 63n },
    { f: 'much' },
    { b: 1 },
    { t: '2024-01-01T00:00:00' },
    { t: Number.NaN },
    { t: -210866803200001 },
    { s: Symbol('s') },
    { s: {} },
    { j: () => 1 },
  ])('a value that a column cannot hold is refused (%#)', async (row) => {
    await expect(back(row)).rejects.toMatchObject({ kind: 'refused' });
  });
}

function checkpointSuite(under: StoreUnderTest): void {
  let job: string;
  beforeEach(() => {
    job = fresh('job');
  });
  const state = (chunks: Record<string, unknown>): Chunks => new Map(Object.entries(chunks));
  type Changes = Partial<Omit<Commit, 'state'> & { state: ReadonlyMap<string, Chunks> }>;
  const encoded = (all: ReadonlyMap<string, Chunks>): Commit['state'] =>
    new Map([...all].map(([id, chunks]) => [id, encodeChunks(chunks)]));
  const commitOf = (epoch: number, n: number, o: Changes = {}): Commit => ({
    job,
    task: '0',
    epoch,
    n,
    prev: n - 1,
    positions: new Map([['events', { offset: n }]]),
    rows: [],
    drained: false,
    fingerprint: 'f1',
    ...o,
    state: encoded(o.state ?? new Map([['op', state({ a: n })]])),
  });
  const checkpoints = () => under.store().checkpoints();
  const acquire = () => checkpoints().acquire(job, '0', 'f1');
  const stateNow = async () => (await acquire()).checkpoint?.state;

  test('a task that nobody had begins at epoch 1 without a checkpoint', async () => {
    expect(await checkpoints().lastCommitted(job, '0')).toEqual({ epoch: 0, n: 0 });
    expect(await acquire()).toEqual({ epoch: 1, checkpoint: undefined });
    expect(await acquire()).toEqual({ epoch: 2, checkpoint: undefined });
    expect(await checkpoints().lastCommitted(job, '0')).toEqual({ epoch: 2, n: 0 });
  });

  test('what was committed is restored as it was', async () => {
    const { epoch } = await acquire();
    const data = { w: -Infinity, map: new Map([[1n, new Set([undefined])]]), s: '\u0000\ud800' };
    const held = new Map([
      ['op', state({ shell: data, __proto: 1, '': [], '\u0000\ud800': 2 })],
      ['\ufdd0', state({ x: 'y'.repeat(100_000) })],
      ['nothing', new Map()],
    ]);
    const commit = commitOf(epoch, 1, {
      positions: new Map([['__proto__', { at: -0, line: '\u0000' }]]),
      state: held,
      drained: true,
    });
    expect(await checkpoints().commit(commit)).toEqual({ outcome: 'ok', results: [] });
    expect(await checkpoints().lastCommitted(job, '0')).toEqual({ epoch: 1, n: 1 });
    expect(await acquire()).toStrictEqual({
      epoch: 2,
      checkpoint: { n: 1, positions: commit.positions, state: held, drained: true },
    });
  });

  test('the same n again is a duplicate and changes nothing', async () => {
    const { epoch } = await acquire();
    await checkpoints().commit(commitOf(epoch, 1));
    const again = commitOf(epoch, 1, { state: new Map([['op', state({ a: 'other' })]]) });
    expect(await checkpoints().commit(again)).toEqual({ outcome: 'duplicate' });
    expect(await stateNow()).toEqual(new Map([['op', state({ a: 1 })]]));
  });

  test('a commit that does not follow the last one is a gap', async () => {
    const { epoch } = await acquire();
    expect(await checkpoints().commit(commitOf(epoch, 5))).toEqual({ outcome: 'gap' });
    await checkpoints().commit(commitOf(epoch, 5, { prev: 0 }));
    expect(await checkpoints().commit(commitOf(epoch, 7))).toEqual({ outcome: 'gap' });
    expect(await checkpoints().commit(commitOf(epoch, 4, { prev: 5 }))).toEqual({ outcome: 'gap' });
    expect(await checkpoints().commit(commitOf(epoch, 9, { prev: 5 }))).toMatchObject({
      outcome: 'ok',
    });
    expect(await checkpoints().lastCommitted(job, '0')).toEqual({ epoch, n: 9 });
  });

  test('an owner that was taken over can write nothing more', async () => {
    const table = under
      .store()
      .table(fresh('fenced'), { key: ['k'], columns: { k: 'text', v: 'int8' } });
    const first = await acquire();
    await checkpoints().commit(commitOf(first.epoch, 1));
    const second = await acquire();
    const rows: SinkRows[] = [{ store: table, rows: [up(['a'], { v: 1 })] }];
    for (const n of [1, 2]) {
      expect(await checkpoints().commit(commitOf(first.epoch, n, { rows }))).toEqual({
        outcome: 'fenced',
      });
    }
    expect(await table.count()).toBe(0);
    expect(await checkpoints().commit(commitOf(second.epoch, 2, { rows }))).toMatchObject({
      outcome: 'ok',
    });
    expect(await checkpoints().commit(commitOf(7, 3))).toEqual({ outcome: 'fenced' });
    expect(await checkpoints().commit(commitOf(0, 1, { job: fresh('job') }))).toEqual({
      outcome: 'fenced',
    });
  });

  test('of two owners at once only the newer goes on', async () => {
    const owners = await Promise.all([acquire(), acquire()]);
    const answers = await Promise.all(
      owners.map(({ epoch }) => checkpoints().commit(commitOf(epoch, 1))),
    );
    expect(owners.map((o) => o.epoch).sort()).toEqual([1, 2]);
    expect(answers.map((a) => a.outcome).sort()).toEqual(['fenced', 'ok']);
  });

  test('tasks and jobs of similar names are apart', async () => {
    const names = ['', 'a', 'a\u0000', '\ufdd0', '\ud800'];
    for (const task of names) {
      const { epoch } = await checkpoints().acquire(job, task, 'f1');
      const own = commitOf(epoch, 1, { task, state: new Map([['op', state({ task })]]) });
      expect(await checkpoints().commit(own)).toMatchObject({ outcome: 'ok' });
    }
    for (const task of names) {
      const { checkpoint } = await checkpoints().acquire(job, task, 'f1');
      expect(checkpoint?.state.get('op')?.get('task')).toBe(task);
    }
  });

  test('rows are written with the checkpoint, or neither is', async () => {
    const table = under
      .store()
      .table(fresh('with'), { key: ['k'], audit: 'at', columns: { k: 'text', v: 'int8' } });
    const other = under
      .store()
      .table(fresh('with'), { key: ['k'], columns: { k: 'text', v: 'int8' } });
    const { epoch } = await acquire();
    const rows: SinkRows[] = [
      { store: table, rows: [up(['a'], { v: 1 }), up(['b'], { v: 1 })] },
      { store: other, rows: [del(['x'])] },
    ];
    expect(await checkpoints().commit(commitOf(epoch, 1, { rows }))).toEqual({
      outcome: 'ok',
      results: [
        { written: 2, ignored: 0, conflicts: 0 },
        { written: 0, ignored: 1, conflicts: 0 },
      ],
    });
    const bad = up(['c'], { v: 'x' });
    const refused = checkpoints().commit(
      commitOf(epoch, 2, {
        rows: [
          { store: table, rows: [up(['a'], { v: 2 }, [1])] },
          { store: other, rows: [bad] },
        ],
      }),
    );
    await expect(refused).rejects.toMatchObject({ kind: 'refused', refused: [bad] });
    expect((await all(table)).map((r) => r['v'])).toEqual([1, 1]);
    expect(await checkpoints().lastCommitted(job, '0')).toEqual({ epoch, n: 1 });
    expect(await stateNow()).toEqual(new Map([['op', state({ a: 1 })]]));
  });

  test('after a refused commit the same n without the row is taken whole', async () => {
    const table = under
      .store()
      .table(fresh('retry'), { key: ['k'], columns: { k: 'text', v: 'int8' } });
    const { epoch } = await acquire();
    await checkpoints().commit(commitOf(epoch, 1));
    const rows = [up(['a'], { v: 1 }), up(['b'], { v: 'x' })];
    const two = { state: new Map([['op', state({ a: 1, b: 1 })]]) };
    const first = commitOf(epoch, 2, { ...two, rows: [{ store: table, rows }] });
    await expect(checkpoints().commit(first)).rejects.toMatchObject({ kind: 'refused' });
    const again = { ...first, rows: [{ store: table, rows: rows.slice(0, 1) }] };
    const before = checkpoints().written?.chunks ?? 0;
    expect(await checkpoints().commit(again)).toMatchObject({ outcome: 'ok' });
    expect((checkpoints().written?.chunks ?? 0) - before).toBe(1);
    expect(await stateNow()).toEqual(two.state);
    expect(await table.count()).toBe(1);
  });

  test('a table of another store is refused', async () => {
    const { epoch } = await acquire();
    const foreign = { ...under.store().table(fresh('foreign'), { key: ['k'] }), transaction: {} };
    const rows = [{ store: foreign as unknown as TableStore, rows: [] }];
    await expect(checkpoints().commit(commitOf(epoch, 1, { rows }))).rejects.toThrow(
      'shares no transaction',
    );
  });

  test('another configuration is refused, and takes nothing over', async () => {
    const { epoch } = await acquire();
    expect(await checkpoints().acquire(job, '0', 'f2')).toMatchObject({ epoch: epoch + 1 });
    await checkpoints().commit(commitOf(epoch + 1, 1));
    await expect(checkpoints().acquire(job, '0', 'f2')).rejects.toThrow(
      `job "${job}": its checkpoint was written by another configuration ("f1", now "f2")`,
    );
    expect(await checkpoints().lastCommitted(job, '0')).toEqual({ epoch: epoch + 1, n: 1 });
  });

  test('only pieces of state that changed are written', async () => {
    const store = checkpoints();
    const { epoch } = await acquire();
    const written = async (n: number, chunks: Record<string, unknown>) => {
      const before = { ...store.written };
      const now = new Map([['op', state(chunks)]]);
      await store.commit(commitOf(epoch, n, { state: now }));
      return (store.written?.chunks ?? 0) - (before.chunks ?? 0);
    };
    const big = 'x'.repeat(50_000);
    expect(await written(1, { a: 1, b: big, c: 3 })).toBe(3);
    const bytes = store.written?.bytes ?? 0;
    expect(await written(2, { a: 2, b: big, c: 3 })).toBe(1);
    expect((store.written?.bytes ?? 0) - bytes).toBeLessThan(100);
    expect(await written(3, { b: big, d: 4 })).toBe(1);
    expect(await written(4, { b: big, d: 4, a: 2 })).toBe(1);
    expect(await stateNow()).toEqual(new Map([['op', state({ b: big, d: 4, a: 2 })]]));
  });

  test('a new owner writes only what changed since the checkpoint it took', async () => {
    const store = checkpoints();
    const first = await acquire();
    await store.commit(
      commitOf(first.epoch, 1, { state: new Map([['op', state({ a: 1, b: 2 })]]) }),
    );
    const second = await acquire();
    const before = store.written?.chunks ?? 0;
    const next = new Map([['op', state({ a: 1, b: 3 })]]);
    await store.commit(commitOf(second.epoch, 2, { state: next }));
    expect((store.written?.chunks ?? 0) - before).toBe(1);
    expect(await stateNow()).toEqual(next);
  });

  test('an operator that vanished leaves nothing behind', async () => {
    const { epoch } = await acquire();
    const two = new Map([
      ['one', state({ a: 1 })],
      ['two', state({ a: 1 })],
    ]);
    await checkpoints().commit(commitOf(epoch, 1, { state: two }));
    const one = new Map([['one', state({ a: 1 })]]);
    await checkpoints().commit(commitOf(epoch, 2, { state: one }));
    expect(await stateNow()).toEqual(one);
  });

  if (under.reopen !== undefined)
    test('rows and checkpoints are there after closing and opening', async () => {
      const name = fresh('durable');
      const config = { key: ['k'], columns: { k: 'text', v: 'int8' } };
      const { epoch } = await acquire();
      const rows = [
        { store: under.store().table(name, config), rows: [up(['a'], { v: 1 }), del(['b'], [9])] },
      ];
      await checkpoints().commit(commitOf(epoch, 1, { rows }));
      await under.reopen?.();
      const table = under.store().table(name, config);
      expect(await all(table)).toEqual([{ k: 'a', v: 1 }]);
      expect(await table.upsert([up(['b'], { v: 1 }, [8])])).toMatchObject({ ignored: 1 });
      expect(await acquire()).toMatchObject({ epoch: epoch + 1, checkpoint: { n: 1 } });
      const next = new Map([['op', state({ a: 1, b: 2 })]]);
      await checkpoints().commit(commitOf(epoch + 1, 2, { state: next }));
      expect(checkpoints().written?.chunks).toBe(1);
      expect(await stateNow()).toEqual(next);
    });

  if (under.raiseFormat !== undefined)
    test('a checkpoint of a newer version is refused', async () => {
      const { epoch } = await acquire();
      await checkpoints().commit(commitOf(epoch, 1));
      await under.raiseFormat?.(job);
      await expect(acquire()).rejects.toThrow(
        'its checkpoint has format 2; this version reads up to 1',
      );
      expect(await checkpoints().lastCommitted(job, '0')).toEqual({ epoch, n: 1 });
    });
}
