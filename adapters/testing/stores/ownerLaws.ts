/** Laws of owners: who may commit what, and what is known when an answer is lost. */
import { all, type Bench, type Laws, up } from './bench.js';
import { decoded, LawJob, stateOf } from './commits.js';

const ROUNDS = 12;

export const ownerLaws: Laws = new Map([
  [
    'a task that nobody had begins at epoch 1 without a checkpoint',
    async (t) => {
      const job = new LawJob(t);
      t.same('what is known before', await job.last(), { epoch: 0, n: 0 });
      t.same('the first owner', await job.acquire(), { epoch: 1, checkpoint: undefined });
      t.same('the second owner', await job.acquire(), { epoch: 2, checkpoint: undefined });
      t.same('what is known after', await job.last(), { epoch: 2, n: 0 });
    },
  ],
  [
    'the same n again is a duplicate and changes nothing',
    async (t) => {
      const job = new LawJob(t);
      const table = t.table();
      const { epoch } = await job.acquire();
      await job.send(epoch, 1);
      const again = {
        state: stateOf({ a: 'other' }),
        rows: [{ store: table, rows: [up(['a'], {})] }],
      };
      t.same('the answer', await job.send(epoch, 1, again), 'duplicate');
      t.same('the rows', await all(table), []);
      t.same('the state', await job.stateNow(), stateOf({ a: 1 }));
    },
  ],
  [
    'of one commit sent twice at once one is applied and one is a duplicate',
    async (t) => {
      const job = new LawJob(t);
      const { epoch } = await job.acquire();
      const answers = await Promise.all([job.send(epoch, 1), job.send(epoch, 1)]);
      t.same('the answers', answers.sort(), ['duplicate', 'ok']);
    },
  ],
  [
    'a commit that does not follow the last one is a gap',
    async (t) => {
      const job = new LawJob(t);
      const { epoch } = await job.acquire();
      t.same('5 after 4, of none', await job.send(epoch, 5), 'gap');
      t.same('5 after none', await job.send(epoch, 5, { prev: 0 }), 'ok');
      t.same('7 after 6, of 5', await job.send(epoch, 7), 'gap');
      t.same('4 after 5', await job.send(epoch, 4, { prev: 5 }), 'gap');
      t.same('9 after 5', await job.send(epoch, 9, { prev: 5 }), 'ok');
      t.same('what is known', await job.last(), { epoch, n: 9 });
    },
  ],
  [
    'an owner that was taken over can write nothing more',
    async (t) => {
      const job = new LawJob(t);
      const table = t.table();
      const first = await job.acquire();
      await job.send(first.epoch, 1);
      const second = await job.acquire();
      const rows = [{ store: table, rows: [up(['a'], { v: 1 })] }];
      for (const n of [1, 2]) {
        t.same(`${n} of the old one`, await job.send(first.epoch, n, { rows }), 'fenced');
      }
      t.same('the rows', await all(table), []);
      t.same('2 of the new one', await job.send(second.epoch, 2, { rows }), 'ok');
      t.same('3 of an epoch to come', await job.send(second.epoch + 5, 3), 'fenced');
      const unknown = { job: t.fresh('job') };
      t.same('1 of a job that nobody had', await job.send(0, 1, unknown), 'fenced');
    },
  ],
  [
    'of two owners at once only the newer goes on',
    async (t) => {
      const [one, two] = await twoClients(t);
      const owners = await Promise.all([one.acquire(), two.acquire()]);
      t.same('their epochs', owners.map((o) => o.epoch).sort(), [1, 2]);
      const [a, b] = owners.map(({ epoch }) => epoch) as [number, number];
      const answers = await Promise.all([one.send(a, 1), two.send(b, 1)]);
      t.same('the older, the newer', a < b ? answers : answers.reverse(), ['fenced', 'ok']);
    },
  ],
  [
    'a take-over in the middle of a commit comes wholly before or wholly after it',
    async (t) => {
      for (let round = 0; round < ROUNDS; round++) {
        const [one, two] = await twoClients(t);
        const table = t.table();
        const { epoch } = await one.acquire();
        const rows = [{ store: table, rows: [up(['a'], { v: round })] }];
        const commit = () => one.send(epoch, 1, { rows });
        const take = () => two.acquire();
        const [outcome, next] =
          round % 2 === 0
            ? await Promise.all([commit(), take()])
            : ((await Promise.all([take(), commit()])).reverse() as [string, Owned]);
        const seen = next.checkpoint?.n ?? 0;
        t.same('what the next owner sees', seen, outcome === 'ok' ? 1 : 0);
        t.same('the other answer', outcome, seen === 1 ? 'ok' : 'fenced');
        t.same('the rows', await table.count(), seen);
      }
    },
  ],
  [
    'after a lost answer epoch and n tell whether the commit was applied',
    async (t) => {
      const job = new LawJob(t);
      const { epoch } = await job.acquire();
      const table = t.table();
      const rows = (v: number) => ({ rows: [{ store: table, rows: [up(['a'], { v }, [v])] }] });
      await job.send(epoch, 1, rows(1));
      t.same('known after it was applied', await job.last(), { epoch, n: 1 });
      t.same('sent again all the same', await job.send(epoch, 1, rows(1)), 'duplicate');
      t.same('known where it never came', await job.last(), { epoch, n: 1 });
      t.same('2 sent again', await job.send(epoch, 2, rows(2)), 'ok');
      const taken = await job.acquire();
      t.same('known after a take-over', await job.last(), { epoch: taken.epoch, n: 2 });
      t.same('3 sent again', await job.send(epoch, 3, rows(3)), 'fenced');
      t.same('the rows', await t.pairs(table), [['a', 2]]);
    },
  ],
  [
    'tasks and jobs of similar names are apart',
    async (t) => {
      const job = new LawJob(t);
      const { checkpoints } = job;
      const names = ['', 'a', 'a\u0000', '\ufdd0', '\ud800', '__proto__', 'a:b'];
      for (const task of names) {
        const { epoch } = await checkpoints.acquire(job.job, task, 'f1');
        const answer = await job.send(epoch, 1, { task, state: stateOf({ task }) });
        t.same(`the commit of ${JSON.stringify(task)}`, answer, 'ok');
      }
      for (const task of names) {
        const { checkpoint } = await checkpoints.acquire(job.job, task, 'f1');
        t.same('its state', decoded(checkpoint), stateOf({ task }));
      }
    },
  ],
]);

type Owned = Awaited<ReturnType<LawJob['acquire']>>;

/* Two clients of one job, or one twice where a store has but one. */
async function twoClients(t: Bench): Promise<[LawJob, LawJob]> {
  const one = new LawJob(t);
  const other = await t.under.another?.();
  return [one, new LawJob(t, other?.checkpoints(), one.job)];
}
