/** Laws of durable stores: what stays after closing, and what is refused of what was stored. */
import { all, type Bench, del, type Laws, result, up } from './bench.js';
import { decoded, LawJob, stateOf } from './commits.js';
import type { StoreUnderTest } from './under.js';

/** Those for which the maker of the store has given the means. */
export function durableLaws(under: StoreUnderTest): Laws {
  return new Map([
    ...(under.reopen === undefined ? [] : reopened),
    ...(under.raiseFormat === undefined ? [] : newer),
    ...(under.damage === undefined ? [] : damaged),
    ...(under.lose === undefined ? [] : lost),
    ...(under.rename === undefined ? [] : renamed),
  ]);
}

const reopened: Laws = new Map([
  [
    'rows, tombstones and checkpoints are there after closing and opening',
    async (t) => {
      const name = t.fresh('durable');
      const config = { key: ['k'], columns: { k: 'text', v: 'int8' } };
      const job = new LawJob(t);
      const { epoch } = await job.acquire();
      const rows = [up(['a'], { v: 1 }), del(['b'], [9])];
      await job.send(epoch, 1, { rows: [{ store: t.store.table(name, config), rows }] });
      await t.store.table(name, config).upsert([up(['c'], { v: 2 })]);
      await t.under.reopen?.();
      const store = await t.under.store();
      const table = store.table(name, config);
      t.same('the rows', await all(table), [
        { k: 'a', v: 1 },
        { k: 'c', v: 2 },
      ]);
      t.same('below a tombstone', await table.upsert([up(['b'], { v: 1 }, [8])]), result(0, 1));
      const again = new LawJob(t, store.checkpoints(), job.job);
      t.same('what is known', await again.last(), { epoch, n: 1 });
      const owned = await again.acquire();
      t.same('the epoch', owned.epoch, epoch + 1);
      t.same('the state', decoded(owned.checkpoint), stateOf({ a: 1 }));
      const state = stateOf({ b: 2 });
      t.same('the next commit', await again.send(owned.epoch, 2, { state }), 'ok');
      t.same('the state after it', await again.stateNow(), stateOf({ a: 1, b: 2 }));
    },
  ],
  [
    'an owner from before closing can write nothing after another has taken over',
    async (t) => {
      const job = new LawJob(t);
      const { epoch } = await job.acquire();
      await t.under.reopen?.();
      const store = await t.under.store();
      const again = new LawJob(t, store.checkpoints(), job.job);
      const owned = await again.acquire();
      t.same('the old one', await again.send(epoch, 1), 'fenced');
      t.same('the new one', await again.send(owned.epoch, 1), 'ok');
    },
  ],
]);

const newer: Laws = new Map([
  [
    'a checkpoint of a newer version is refused, and takes nothing over',
    async (t) => {
      const job = new LawJob(t);
      const { epoch } = await job.acquire();
      await job.send(epoch, 1);
      await t.under.raiseFormat?.(job.job);
      const again = new LawJob(t, (await t.under.store()).checkpoints(), job.job);
      await t.rejects('the next owner', again.acquire(), {
        name: ['JobError'],
        names: ['format', '2', '1'],
      });
      t.same('what is known', await again.last(), { epoch, n: 1 });
    },
  ],
]);

const damaged: Laws = new Map([
  [
    'a damaged checkpoint is refused with what is wrong, or the one before it is taken',
    async (t) => {
      const job = new LawJob(t);
      const { epoch } = await job.acquire();
      await job.send(epoch, 1);
      await job.send(epoch, 2);
      await t.under.damage?.(job.job);
      const again = new LawJob(t, (await t.under.store()).checkpoints(), job.job);
      const owned = again.acquire();
      const next = await owned.catch(() => undefined);
      if (next === undefined) {
        const name = ['CodecError', 'StoreError', 'JobError'];
        return t.rejects('the next owner', owned, { name, names: ['damaged'] });
      }
      t.same('the state', decoded(next.checkpoint), stateOf({ a: 1 }));
      // a store that leaves out what is damaged as it opens has said so there
      const said = next.fallback ?? 'checkpoint 2 is damaged (); it goes on from checkpoint 1';
      t.names('what is said of it', said, ['damaged', '1']);
      t.same('what is known', await again.last(), { epoch: next.epoch, n: 1 });
      t.same('another 2', await again.send(next.epoch, 2, { state: stateOf({ b: 2 }) }), 'ok');
      const after = await again.acquire();
      t.same('its state', decoded(after.checkpoint), stateOf({ a: 1, b: 2 }));
      t.same('what is said of that', after.fallback, undefined);
    },
  ],
]);

const lost: Laws = new Map([
  [
    'a checkpoint of which a piece is gone is refused, or the one before it is taken',
    async (t) => {
      for (const chunk of ['changed', 'kept']) {
        const job = await threePieces(t);
        await t.under.lose?.(job.job, chunk);
        await refusedOrBefore(t, job, `without ${chunk}`);
      }
    },
  ],
]);

const renamed: Laws = new Map([
  [
    'a checkpoint of which a piece stands under another name is refused, or the one before it is taken',
    async (t) => {
      for (const [chunk, to] of [
        ['changed', 'other'],
        ['kept', 'other'],
        ['changed', 'kept'],
      ] as const) {
        const job = await threePieces(t);
        await t.under.rename?.(job.job, chunk, to);
        await refusedOrBefore(t, job, `${chunk} as ${to}`);
      }
    },
  ],
]);

/* A job whose second checkpoint has changed one of two pieces, and added a third. */
async function threePieces(t: Bench): Promise<LawJob> {
  const job = new LawJob(t, (await t.under.store()).checkpoints());
  const { epoch } = await job.acquire();
  await job.send(epoch, 1, { state: stateOf({ changed: 1, kept: 1 }) });
  await job.send(epoch, 2, { state: stateOf({ changed: 2, added: 2 }) });
  return job;
}

async function refusedOrBefore(t: Bench, { job }: LawJob, what: string): Promise<void> {
  const again = new LawJob(t, (await t.under.store()).checkpoints(), job);
  const last = await again.last();
  const owned = again.acquire();
  const next = await owned.catch(() => undefined);
  if (next === undefined) {
    await t.rejects(what, owned, { name: ['JobError'], names: ['damaged'] });
    return t.same('what is known', await again.last(), last);
  }
  t.same(what, decoded(next.checkpoint), stateOf({ changed: 1, kept: 1 }));
  t.names('what is said of it', next.fallback ?? '', ['damaged', '2', '1']);
  const after = await again.acquire();
  t.same('its state', decoded(after.checkpoint), stateOf({ changed: 1, kept: 1 }));
  t.same('what is said of that', after.fallback, undefined);
}
