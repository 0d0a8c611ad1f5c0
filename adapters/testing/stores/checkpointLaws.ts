/** Laws of checkpoints: what was committed is restored, with its rows or not at all, and what did not change stays. */
import { all, del, type Laws, result, up } from './bench.js';
import { decoded, LawJob, stateOf } from './commits.js';

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
      const { checkpoint } = next;
      t.has('the checkpoint', checkpoint ?? {}, { n: 1, drained: true, positions });
      t.same('its state', decoded(checkpoint), state);
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
      t.same('the state', decoded(checkpoint), stateOf({ a: 1 }));
    },
  ],
  [
    'whoever looks while many rows are committed sees all of them or none',
    async (t) => {
      const job = new LawJob(t);
      const table = t.table();
      const { epoch } = await job.acquire();
      const keys = Array.from({ length: 2500 }, (_, i) => `k ${i}`);
      const commits = [keys.map((k) => up([k], { v: 1 })), keys.map((k) => del([k], [1]))];
      const counts = new Set([0, keys.length]);
      for (const [i, rows] of commits.entries()) {
        let done = false;
        const sent = job.send(epoch, i + 1, { rows: [{ store: table, rows }] });
        const answer = sent.finally(() => {
          done = true;
        });
        do {
          await new Promise((resolve) => setTimeout(resolve));
          counts.add(await table.count());
        } while (!done);
        t.same('the answer', await answer, 'ok');
      }
      t.same('the counts', [...counts], [0, keys.length]);
      const bad = up(['x'], { v: 'x' });
      const rows = [{ store: table, rows: [...keys.map((k) => up([k], { v: 3 }, [3])), bad] }];
      const refused = { kind: 'refused' as const, refused: [bad] };
      await t.rejects('one that is refused', job.send(epoch, 3, { rows }), refused);
      t.same('what is known', await job.last(), { epoch, n: 2 });
      t.same('the rows', await all(table), []);
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
      const rest = [{ store: table, rows: rows.slice(0, 1) }];
      t.same('the same n', await job.send(epoch, 2, { state, rows: rest }), 'ok');
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
      await t.rejects('the commit', commit, { names: ['foreign'] });
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
        names: ['f1', 'f2'],
      });
      t.same('what is known', await job.last(), { epoch: epoch + 1, n: 1 });
    },
  ],
  [
    'pieces that a commit does not name stay, and those that it drops are gone',
    async (t) => {
      const job = new LawJob(t);
      const { epoch } = await job.acquire();
      const big = 'x'.repeat(50_000);
      const gone = (chunk: string) => ({ operator: 'op', chunk });
      await job.send(epoch, 1, { state: stateOf({ a: 1, b: big, c: 3 }) });
      await job.send(epoch, 2, { state: stateOf({ a: 2 }) });
      await job.send(epoch, 3, { state: stateOf({ d: 4 }), dropped: [gone('a'), gone('c')] });
      t.same('the state', await job.stateNow(), stateOf({ b: big, d: 4 }));
      const next = await job.acquire();
      await job.send(next.epoch, 4, { state: stateOf({ a: 5 }), dropped: [gone('b')] });
      t.same('the state of the next owner', await job.stateNow(), stateOf({ a: 5, d: 4 }));
    },
  ],
  [
    'what is read is the newest checkpoint, and nothing is taken over',
    async (t) => {
      const job = new LawJob(t);
      const read = () => job.checkpoints.read(job.job, '0');
      t.same('of a job that nobody had', await read(), undefined);
      const { epoch } = await job.acquire();
      t.same('before the first', await read(), undefined);
      await job.send(epoch, 1);
      const checkpoint = await read();
      t.has('the first', checkpoint ?? {}, { n: 1, drained: false });
      t.same('the state', decoded(checkpoint), stateOf({ a: 1 }));
      t.same('the next commit', await job.send(epoch, 2), 'ok');
    },
  ],
  [
    'a position that a commit does not name is gone',
    async (t) => {
      const job = new LawJob(t);
      const { epoch } = await job.acquire();
      const both = new Map([
        ['events', { offset: 1 }],
        ['gone', { offset: 1 }],
      ]);
      await job.send(epoch, 1, { positions: both });
      await job.send(epoch, 2);
      const { checkpoint } = await job.acquire();
      t.same('the positions', checkpoint?.positions, new Map([['events', { offset: 2 }]]));
    },
  ],
  [
    'an operator that vanished leaves nothing behind',
    async (t) => {
      const job = new LawJob(t);
      const { epoch } = await job.acquire();
      const one = new Map([['one', new Map([['a', 1]])]]);
      const dropped = [{ operator: 'two', chunk: 'a' }];
      await job.send(epoch, 1, { state: new Map([...one, ['two', new Map([['a', 1]])]]) });
      await job.send(epoch, 2, { state: one, dropped });
      t.same('the state', await job.stateNow(), one);
    },
  ],
  [
    'any configuration is taken where none is asked for',
    async (t) => {
      const job = new LawJob(t);
      const { epoch } = await job.acquire();
      await job.send(epoch, 1);
      const next = await job.checkpoints.acquire(job.job, '0', undefined);
      t.same('the next epoch', next.epoch, epoch + 1);
      t.has('its checkpoint', next.checkpoint ?? {}, { n: 1 });
    },
  ],
]);
