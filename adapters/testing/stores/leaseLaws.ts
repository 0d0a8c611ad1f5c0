/** Laws of leases: one holder at a time, for as long as it renews. */
import type { LeaseAnswer, LeaseStore } from '../../../lib/ports.js';
import type { Bench, Laws } from './bench.js';

const LONG_MS = 60_000;
const SHORT_MS = 250;
const NAMES = [
  '',
  'a',
  'a\u0000',
  '\ufdd0',
  '\ud800',
  '__proto__',
  'a:b',
  "a'; --",
  'ü'.repeat(99),
];

const taken: LeaseAnswer = { taken: true };

/** The laws of a store that has leases. */
export const leaseLaws: Laws = new Map([
  [
    'a lease that nobody has is taken, and then nobody else takes it',
    async (t) => {
      const lease = await leaseOf(t);
      t.same('the first', await lease.take('a', LONG_MS), taken);
      const { leftMs, ...refused } = (await lease.take('b', LONG_MS)) as Refused;
      t.same('the second', refused, { taken: false, holder: 'a' });
      t.same('what is left of it', leftMs > 0 && leftMs <= LONG_MS, true);
    },
  ],
  [
    'the holder of a lease renews it',
    async (t) => {
      const lease = await leaseOf(t);
      await lease.take('a', SHORT_MS);
      t.same('the renewal', await lease.take('a', LONG_MS), taken);
      const { leftMs } = (await lease.take('b', LONG_MS)) as Refused;
      t.same('that it is longer now', leftMs > SHORT_MS, true);
    },
  ],
  [
    'a lease that is not renewed expires by the clock of the store',
    async (t) => {
      const lease = await leaseOf(t);
      await lease.take('a', SHORT_MS);
      const { leftMs } = (await lease.take('b', LONG_MS)) as Refused;
      t.same('that it is short', leftMs > 0 && leftMs <= SHORT_MS, true);
      await t.pass(SHORT_MS);
      t.same('the next holder', await lease.take('b', LONG_MS), taken);
      t.same('who has it', ((await lease.take('a', LONG_MS)) as Refused).holder, 'b');
    },
  ],
  [
    'only the holder of a lease frees it',
    async (t) => {
      const lease = await leaseOf(t);
      await lease.release('nobody');
      await lease.take('a', LONG_MS);
      await lease.release('b');
      t.same('freed by another', (await lease.take('b', LONG_MS)).taken, false);
      await lease.release('a');
      t.same('freed by itself', await lease.take('b', LONG_MS), taken);
      await lease.release('a');
      t.same('freed by the holder before', (await lease.take('c', LONG_MS)).taken, false);
    },
  ],
  [
    'of several that want a free lease at once one takes it',
    async (t) => {
      const [one, two] = [await leaseOf(t), await leaseOf(t, true)];
      for (let round = 0; round < 5; round++) {
        const task = `t${round}`;
        const wants = ['a', 'b', 'c', 'd'].map((holder, i) =>
          (i % 2 === 0 ? one : two).take(holder, LONG_MS, task),
        );
        const answers = await Promise.all(wants);
        t.same('how many have it', answers.filter((answer) => answer.taken).length, 1);
      }
    },
  ],
  [
    'leases of similar names are apart, and holders come back exactly',
    async (t) => {
      const lease = await leaseOf(t);
      for (const name of NAMES) {
        const answer = await lease.take(`holder ${name}`, LONG_MS, name);
        t.same(`the lease of ${JSON.stringify(name)}`, answer, taken);
      }
      for (const name of NAMES) {
        const { holder } = (await lease.take('other', LONG_MS, name)) as Refused;
        t.same('its holder', holder, `holder ${name}`);
      }
      t.same('the task of another job', await lease.another().take('other', LONG_MS), taken);
    },
  ],
  [
    'a lease says nothing about who may commit',
    async (t) => {
      const lease = await leaseOf(t);
      const first = await t.checkpoints().acquire(lease.job, '0', 'f1');
      await lease.take('a', LONG_MS);
      const second = await t.checkpoints().acquire(lease.job, '0', 'f1');
      t.same('the epochs', [first.epoch, second.epoch], [1, 2]);
    },
  ],
]);

type Refused = Extract<LeaseAnswer, { taken: false }>;

/* The leases of one job, each time of a new one. */
class LawLease {
  constructor(
    private readonly leases: LeaseStore,
    readonly job: string,
    private readonly fresh: () => string,
  ) {}

  take(holder: string, ttlMs: number, task = '0'): Promise<LeaseAnswer> {
    return this.leases.take({ job: this.job, task, holder, ttlMs });
  }

  release(holder: string, task = '0'): Promise<void> {
    return this.leases.release({ job: this.job, task, holder });
  }

  another(): LawLease {
    return new LawLease(this.leases, this.fresh(), this.fresh);
  }
}

const jobs = new WeakMap<Bench, string>();

/* A second client has the job of the first; a store with one client gives that. */
async function leaseOf(t: Bench, another = false): Promise<LawLease> {
  const store = another ? ((await t.under.another?.()) ?? t.store) : t.store;
  const { leases } = store.checkpoints();
  if (leases === undefined) throw new Error('the store has no leases');
  const job = jobs.get(t) ?? t.fresh('job');
  jobs.set(t, job);
  return new LawLease(leases, job, () => t.fresh('job'));
}
