/** Laws of outboxes: each place is taken once, whole or not at all, and only from the newest owner. */
import type {
  FenceAnswer,
  OutboxAnswer,
  OutboxOwner,
  OutboxTarget,
  TableStore,
  Upsert,
} from '../../../lib/ports.js';
import { all, type Bench, del, type Laws, result, up } from './bench.js';
import type { StoreUnderTest } from './under.js';

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
const DUPLICATE: OutboxAnswer = { outcome: 'duplicate' };
const FENCED: OutboxAnswer = { outcome: 'fenced' };
const ROUNDS = 8;

/** Those of a store whose tables have outboxes. */
export function outboxLaws(under: StoreUnderTest): Laws {
  if (under.outbox !== true) return new Map();
  return under.reopen === undefined ? laws : new Map([...laws, ...reopened]);
}

/** One owner of an outbox, which has fenced the table with its epoch. */
class Sender {
  private constructor(
    readonly table: TableStore,
    readonly owner: OutboxOwner,
    readonly epoch: number,
    readonly mark: number,
  ) {}

  static async of(
    t: Bench,
    table: TableStore,
    who: Partial<OutboxOwner> & { epoch?: number; mark?: number } = {},
  ) {
    const { epoch = 1, mark = 1, ...owner } = who;
    const made = new Sender(
      table,
      { job: t.fresh('job'), task: '0', sink: 'out', ...owner },
      epoch,
      mark,
    );
    t.same('its fence', await made.fence(), 'ok');
    return made;
  }

  get target(): OutboxTarget {
    const { outbox } = this.table;
    if (outbox === undefined) throw new Error('the table has no outbox');
    return outbox;
  }

  fence(mark = this.mark): Promise<FenceAnswer> {
    return this.target.fence(this.owner, this.epoch, { from: 0, mark });
  }

  /** Sends rows; the first has the number `i` within `n`. */
  apply(n: number, i: number, rows: readonly Upsert[]): Promise<OutboxAnswer> {
    return this.target.apply({ owner: this.owner, epoch: this.epoch, n, i, rows });
  }

  /** Another owner of the same rows. */
  next(t: Bench, table = this.table): Promise<Sender> {
    return Sender.of(t, table, { ...this.owner, epoch: this.epoch + 1 });
  }
}

const ok = (...counts: Parameters<typeof result>): OutboxAnswer => ({
  outcome: 'ok',
  result: result(...counts),
});
const rowsOf = (...ks: string[]) => ks.map((k, i) => up([k], { v: i }));

const laws: Laws = new Map([
  [
    'a batch of an outbox is applied once, however often it is sent',
    async (t) => {
      const table = t.table();
      const sender = await Sender.of(t, table);
      t.same('the first time', await sender.apply(3, 0, rowsOf('a', 'b')), ok(2, 0));
      t.same('again', await sender.apply(3, 0, rowsOf('a', 'b')), DUPLICATE);
      t.same('other rows of these places', await sender.apply(3, 0, rowsOf('c')), DUPLICATE);
      t.same('a checkpoint before', await sender.apply(2, 5, rowsOf('c')), DUPLICATE);
      t.same('the next of it', await sender.apply(3, 2, rowsOf('c')), ok(1, 0));
      t.same('the next checkpoint', await sender.apply(7, 0, rowsOf('d')), ok(1, 0));
      t.same('the rows', (await t.pairs(table)).length, 4);
    },
  ],
  [
    'of a batch of an outbox only what lies above its position is applied',
    async (t) => {
      const table = t.table();
      const sender = await Sender.of(t, table);
      await sender.apply(1, 0, [up(['a'], { v: 1 }), up(['b'], { v: 1 })]);
      const longer = [up(['a'], { v: 9 }), up(['b'], { v: 9 }), up(['c'], { v: 9 })];
      t.same('the answer', await sender.apply(1, 0, longer), ok(1, 0));
      t.same('the rows', await t.pairs(table), [
        ['a', 1],
        ['b', 1],
        ['c', 9],
      ]);
    },
  ],
  [
    'a batch of an outbox is applied whole or not at all, and a refused one moves no position',
    async (t) => {
      const table = t.table();
      const sender = await Sender.of(t, table);
      const bad = up(['b'], { v: 'no number' });
      const batch = [up(['a'], { v: 1 }), bad, up(['c'], { v: 1 })];
      const wanted = { kind: 'refused', refused: [bad] } as const;
      await t.rejects('the batch', sender.apply(1, 0, batch), wanted);
      t.same('the rows', await all(table), []);
      t.same('what was before it', await sender.apply(1, 0, batch.slice(0, 1)), ok(1, 0));
      t.same('what was after it', await sender.apply(1, 2, batch.slice(2)), ok(1, 0));
    },
  ],
  [
    'rows of an outbox keep the order of rows, and count as rows do',
    async (t) => {
      const table = t.table();
      await table.upsert([up(['a'], { v: 5 }, [5]), up(['b'], { v: 1 }, [1])]);
      const sender = await Sender.of(t, table);
      const older = up(['a'], { v: 1 }, [1]);
      const batch = [older, up(['b'], { v: 2 }, [1]), up(['c'], { v: 3 }, [1])];
      t.same('the answer', await sender.apply(1, 0, batch), ok(2, 1, 1));
      t.same('a delete', await sender.apply(2, 0, [del(['c'], [2])]), ok(1, 0));
      t.same('below its tombstone', await table.upsert([up(['c'], { v: 4 }, [1])]), result(0, 1));
    },
  ],
  [
    'a batch that comes too late does nothing, also after a later delete was forgotten',
    async (t) => {
      const table = t.table();
      const sender = await Sender.of(t, table);
      const late = [up(['a'], { v: 1 }, [1], 10)];
      await sender.apply(1, 0, late);
      await sender.apply(2, 0, [del(['a'], [2], 10)]);
      await table.forget?.(10);
      t.same('the late one', await sender.apply(1, 0, late), DUPLICATE);
      t.same('the rows', await all(table), []);
    },
  ],
  [
    'a fence shuts out every lower epoch, and is no obstacle to its own',
    async (t) => {
      const table = t.table();
      const first = await Sender.of(t, table);
      await first.apply(1, 0, rowsOf('a'));
      const second = await first.next(t);
      t.same('a batch of the one before', await first.apply(2, 0, rowsOf('b')), FENCED);
      t.same('one that it sent already', await first.apply(1, 0, rowsOf('a')), FENCED);
      t.same('its fence', await first.fence(), { fencedBy: 2 });
      t.same('the fence again', await second.fence(), 'ok');
      t.same('its batch', await second.apply(2, 0, rowsOf('b')), ok(1, 0));
      t.same('a fence that comes late', await second.fence(), { fencedBy: 2 });
      t.same('the batch again', await second.apply(2, 0, rowsOf('b')), DUPLICATE);
      t.same('the one before it', await second.apply(1, 0, rowsOf('b')), DUPLICATE);
    },
  ],
  [
    'an epoch that is given out a second time does not get the position of the first',
    async (t) => {
      const table = t.table();
      const first = await Sender.of(t, table, { epoch: 3, mark: 2 ** 48 - 1 });
      const held = { fencedBy: 3 };
      t.same('a second before any batch', await first.fence(2 ** 48 - 2), held);
      t.same('the first again', await first.fence(), 'ok');
      await first.apply(8, 0, rowsOf('a'));
      t.same('a second after one', await first.fence(7), held);
      const lower = { from: 0, mark: 7 };
      t.same('one of a lower epoch', await first.target.fence(first.owner, 2, lower), held);
      const above = await first.next(t);
      t.same('rows of a lower n', await above.apply(1, 0, rowsOf('b')), ok(1, 0));
      t.same('the first one', await first.apply(9, 0, rowsOf('c')), FENCED);
    },
  ],
  [
    'a new epoch applies again what the one before has applied',
    async (t) => {
      const table = t.table();
      const first = await Sender.of(t, table);
      await first.apply(5, 0, [up(['a'], { v: 1 }, [1])]);
      const second = await first.next(t);
      t.same('the same rows', await second.apply(5, 0, [up(['a'], { v: 1 }, [1])]), ok(0, 1));
      t.same('more of them', await second.apply(5, 1, [up(['b'], { v: 1 }, [1])]), ok(1, 0));
    },
  ],
  [
    'owners of an outbox are apart, whatever they are called',
    async (t) => {
      const table = t.table();
      const job = t.fresh('job');
      const owners = NAMES.flatMap((name) => [
        { job: `${job}${name}`, task: 'x', sink: 'y' },
        { job, task: `t${name}`, sink: 'y' },
        { job, task: 'x', sink: `s${name}` },
      ]);
      for (const [i, owner] of owners.entries()) {
        const sender = await Sender.of(t, table, { ...owner, epoch: owners.length - i });
        const what = `the batch of ${JSON.stringify(owner)}`;
        t.same(what, await sender.apply(1, 0, [up([`k${i}`], { v: i })]), ok(1, 0));
      }
      t.same('the rows', await table.count(), owners.length);
    },
  ],
  [
    'of one batch of an outbox sent twice at once one is applied and one is a duplicate',
    async (t) => {
      for (let round = 0; round < ROUNDS; round++) {
        const { one, two } = await twoTables(t);
        const sender = await Sender.of(t, one);
        const other = await Sender.of(t, two, sender.owner);
        const sent = [sender, other].map((s) => s.apply(1, 0, rowsOf('a')));
        const outcomes = (await Promise.all(sent)).map(({ outcome }) => outcome);
        t.same('the answers', outcomes.sort(), ['duplicate', 'ok']);
      }
    },
  ],
  [
    'a fence in the middle of a batch comes wholly before or wholly after it',
    async (t) => {
      for (let round = 0; round < ROUNDS; round++) {
        const { one, two } = await twoTables(t);
        const first = await Sender.of(t, one);
        const batch = () => first.apply(1, 0, rowsOf('a', 'b'));
        const next = () => first.next(t, two);
        const [answer] =
          round % 2 === 0
            ? await Promise.all([batch(), next()])
            : ((await Promise.all([next(), batch()])).reverse() as [OutboxAnswer, Sender]);
        t.same('the rows', await one.count(), answer.outcome === 'ok' ? 2 : 0);
        t.same('another of the old one', await first.apply(2, 0, rowsOf('c')), FENCED);
      }
    },
  ],
]);

const reopened: Laws = new Map([
  [
    'the position of an outbox is there after closing and opening',
    async (t) => {
      const [name, config] = [
        t.fresh('durable'),
        { key: ['k'], columns: { k: 'text', v: 'int8' } },
      ];
      const sender = await Sender.of(t, t.store.table(name, config), { epoch: 4 });
      await sender.apply(2, 0, rowsOf('a'));
      const fenced = await Sender.of(t, t.store.table(name, config), { epoch: 9 });
      await t.under.reopen?.();
      const store = await t.under.store();
      const { outbox } = store.table(name, config);
      const again = { owner: sender.owner, epoch: 4, n: 2 };
      const rows = (i: number, k: string) => outbox?.apply({ ...again, i, rows: rowsOf(k) });
      t.same('the batch again', await rows(0, 'a'), DUPLICATE);
      t.same('the next', await rows(1, 'b'), ok(1, 0));
      const fence = (epoch: number, mark: number) =>
        outbox?.fence(fenced.owner, epoch, { from: 0, mark });
      t.same('an older fence', await fence(8, 1), { fencedBy: 9 });
      t.same('the fence of another run', await fence(9, 2), { fencedBy: 9 });
      t.same('the fence again', await fence(9, 1), 'ok');
    },
  ],
]);

/* One table seen by two clients, or twice by one where a store has but one. */
async function twoTables(t: Bench): Promise<{ one: TableStore; two: TableStore }> {
  const [name, config] = [t.fresh('shared'), { key: ['k'], columns: { k: 'text', v: 'int8' } }];
  const other = (await t.under.another?.()) ?? t.store;
  const [one, two] = [t.store.table(name, config), other.table(name, config)];
  await one.open();
  return { one, two };
}
