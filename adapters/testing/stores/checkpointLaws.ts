/** Laws of checkpoints: what was committed is restored, with its rows or not at all, and only changes are written. */
import { all, del, type Laws, result, up } from './bench.js';
import { LawJob, stateOf } from './commits.js';

export const checkpointLaws: Laws = new Map([
  [
    'what was committed is restored as it was',
    async (t) => {
      const job = new LawJob(t);
      const { epoch } = await job.acquire();
      const data = { w: -Infinity, map: new Map([[1n, new Set([undefined])]]), s: '\u0000\ud800' };
      const chunks = { shell: data, '': [], '\u0000\ud800': 2, ['__proto__']: 1 };
      const state = new Map([
        ['op', new Map<string, unknown>(Object.entries(chunks))],
        ['\ufdd0', new Map([['x', 'y'.repeat(100_000)]])],
        ['nothing', new Map()],
      ]);
      const positions = new Map([['__proto__', { at: -0, line: '\u0000' }]]);
      const answer = await job.checkpoints.commit(
        job.commit(epoch, 1, { positions, state, drained: true }),
      );
      t.same('the answer', answer, { outcome: 'ok', results: [] });
      t.same('what is known', await job.last(), { epoch, n: 1 });
      const next = await job.acquire();
      t.same('the epoch', next.epoch, epoch + 1);
      t.same('the checkpoint', next.checkpoint, { n: 1, drained: true, positions, state });
    },
  ],
  [
    'rows are written with the checkpoint, or neither is',
    async (t) => {
      const job = new LawJob(t);
      const [table, other] = [t.table('at'), t.table()];
      const { epoch } = await job.acquire();
      const rows = [
        { store: table, rows: [up(['a'], { v: 1 }), up(['b'], { v: 1 })] },
        { store: other, rows: [del(['x'])] },
      ];
      const answer = await job.checkpoints.commit(job.commit(epoch, 1, { rows }));
      t.same('the answer', answer, { outcome: 'ok', results: [result(2, 0), result(0, 1)] });
      const bad = up(['c'], { v: 'x' });
      const good = { store: table, rows: [up(['a'], { v: 2 }, [1]), del(['b'], [1])] };
      const refused = { store: other, rows: [up(['y'], { v: 1 }), bad] };
      for (const both of [
        [good, refused],
        [refused, good],
      ]) {
        await t.rejects('the commit', job.send(epoch, 2, { rows: both }), {
          kind: 'refused',
          refused: [bad],
        });
      }
      const before = [
        ['a', 1],
        ['b', 1],
      ];
      t.same('the rows', await t.pairs(table), before);
      t.same('the rows beside', await all(other), []);
      t.same('what is known', await job.last(), { epoch, n: 1 });
      const { checkpoint } = await job.acquire();
      t.same('the positions', checkpoint?.positions, new Map([['events', { offset: 1 }]]));
      t.same('the state', checkpoint?.state, stateOf({ a: 1 }));
    },
  ],
  [
    'after a refused commit the same n without the row is taken whole',
    async (t) => {
      const job = new LawJob(t);
      const table = t.table();
      const { epoch } = await job.acquire();
      await job.send(epoch, 1);
      const rows = [up(['a'], { v: 1 }), up(['b'], { v: 'x' })];
      const state = stateOf({ a: 1, b: 1 });
      const first = job.send(epoch, 2, { state, rows: [{ store: table, rows }] });
      await t.rejects('the commit', first, { kind: 'refused' });
      const before = job.writtenChunks();
      const rest = [{ store: table, rows: rows.slice(0, 1) }];
      t.same('the same n', await job.send(epoch, 2, { state, rows: rest }), 'ok');
      if (job.checkpoints.written !== undefined) {
        t.same('the pieces written', job.writtenChunks() - before, 1);
      }
      t.same('the state', await job.stateNow(), state);
      t.same('the rows', await t.pairs(table), [['a', 1]]);
    },
  ],
  [
    'a table of another store is refused',
    async (t) => {
      const job = new LawJob(t);
      const { epoch } = await job.acquire();
      const foreign = { ...t.table(), name: 'foreign', transaction: {} };
      const commit = job.send(epoch, 1, { rows: [{ store: foreign, rows: [] }] });
      await t.rejects('the commit', commit, { message: /shares no transaction/ });
      t.same('what is known', await job.last(), { epoch, n: 0 });
    },
  ],
  [
    'another configuration is refused, and takes nothing over',
    async (t) => {
      const job = new LawJob(t);
      const { epoch } = await job.acquire();
      const other = () => job.checkpoints.acquire(job.job, '0', 'f2');
      t.has('before the first checkpoint', await other(), { epoch: epoch + 1 });
      await job.send(epoch + 1, 1);
      await t.rejects('after it', other(), {
        name: ['JobError'],
        message: /its checkpoint was written by another configuration \("f1", now "f2"\)/,
      });
      t.same('what is known', await job.last(), { epoch: epoch + 1, n: 1 });
    },
  ],
  [
    'only pieces of state that changed are written',
    async (t) => {
      const job = new LawJob(t);
      const { written } = job.checkpoints;
      const { epoch } = await job.acquire();
      const big = 'x'.repeat(50_000);
      let n = 0;
      for (const [chunks, pieces] of [
        [{ a: 1, b: big, c: 3 }, 3],
        [{ a: 2, b: big, c: 3 }, 1],
        [{ b: big, d: 4 }, 1],
        [{ b: big, d: 4, a: 2 }, 1],
      ] as const) {
        const before = { chunks: 0, bytes: 0, ...written };
        t.same('the answer', await job.send(epoch, ++n, { state: stateOf(chunks) }), 'ok');
        if (written === undefined) continue;
        t.same(`the pieces of ${n}`, written.chunks - before.chunks, pieces);
        const few = n === 1 || written.bytes - before.bytes < 100;
        t.same(`few bytes in ${n}`, few, true);
      }
      t.same('the state', await job.stateNow(), stateOf({ b: big, d: 4, a: 2 }));
    },
  ],
  [
    'a new owner writes only what changed since the checkpoint it took',
    async (t) => {
      const job = new LawJob(t);
      const first = await job.acquire();
      await job.send(first.epoch, 1, { state: stateOf({ a: 1, b: 2 }) });
      const second = await job.acquire();
      const before = job.writtenChunks();
      await job.send(second.epoch, 2, { state: stateOf({ a: 1, b: 3 }) });
      if (job.checkpoints.written !== undefined) {
        t.same('the pieces', job.writtenChunks() - before, 1);
      }
      t.same('the state', await job.stateNow(), stateOf({ a: 1, b: 3 }));
    },
  ],
  [
    'an operator that vanished leaves nothing behind',
    async (t) => {
      const job = new LawJob(t);
      const { epoch } = await job.acquire();
      const one = new Map([['one', new Map([['a', 1]])]]);
      await job.send(epoch, 1, { state: new Map([...one, ['two', new Map([['a', 1]])]]) });
      await job.send(epoch, 2, { state: one });
      t.same('the state', await job.stateNow(), one);
    },
  ],
]);
