/** Laws of keys of several columns: their parts are apart, whatever they hold, in a table, in a commit and in an outbox. */
import type { Key } from '../../../lib/key.js';
import type { OutboxTarget, TableStore, Upsert, UpsertResult } from '../../../lib/ports.js';
import { all, type Bench, del, type Laws, result, up } from './bench.js';
import { LawJob } from './commits.js';

type Write = (rows: readonly Upsert[]) => Promise<UpsertResult>;

/** What a store might put between the parts where it makes one text of them. */
const BETWEEN = [
  ...['', ',', '\u0000', '|', ':', '::', '/', '\\', '"', '","', "','", ';', '.', '-', '_', '#'],
  ...[' ', '\t', '\n', '\u001e', '\u001f', '\u0001', '\uffff', '\ufdd0', '%', '%2C', '[', '{', '}'],
];

/** Two keys each, that would be one text: what stands between the parts is in the one before it or after it. */
const PAIRS: readonly (readonly [Key[], Key[]])[] = [
  ...BETWEEN.map((s): [Key[], Key[]] => [
    [`a${s}b`, 'c', 0],
    ['a', `b${s}c`, 0],
  ]),
  ...BETWEEN.slice(1).map((s): [Key[], Key[]] => [
    [s, '', 1],
    ['', s, 1],
  ]),
  [
    ['x', '1', 11],
    ['x', '11', 1],
  ],
  [
    ['x', '1', -1],
    ['x', '1-', 1],
  ],
];

export const keyLaws: Laws = new Map([
  [
    'keys of several columns are apart, whatever their parts hold',
    async (t) => {
      const table = keyed(t);
      await apart(t, table, (rows) => table.upsert(rows));
    },
  ],
  [
    'keys of several columns are apart in a commit too',
    async (t) => {
      const table = keyed(t);
      const job = new LawJob(t);
      const { epoch } = await job.acquire();
      let n = 0;
      await apart(t, table, async (rows) => {
        const commit = job.commit(epoch, ++n, { rows: [{ store: table, rows }] });
        const answer = await job.checkpoints.commit(commit);
        if (answer.outcome === 'ok') return answer.results[0] as UpsertResult;
        throw new Error(`the commit was a ${answer.outcome}`);
      });
    },
  ],
]);

/** Those of a store whose tables have outboxes. */
export const outboxKeyLaws: Laws = new Map([
  [
    'keys of several columns are apart in an outbox too',
    async (t) => {
      const table = keyed(t);
      const target = table.outbox as OutboxTarget;
      const owner = { job: t.fresh('job'), task: '0', sink: 'out' };
      t.same('its fence', await target.fence(owner, 1, { from: 0, mark: 1 }), 'ok');
      let n = 0;
      await apart(t, table, async (rows) => {
        const answer = await target.apply({ owner, epoch: 1, n: ++n, i: 0, rows });
        if (answer.outcome === 'ok') return answer.result;
        throw new Error(`the batch was ${answer.outcome}`);
      });
    },
  ],
]);

function keyed(t: Bench): TableStore {
  const columns = { a: 'text', b: 'text', c: 'int8', v: 'int8' };
  return t.store.table(t.fresh('parts'), { key: ['a', 'b', 'c'], columns });
}

/* One batch with all keys; then one of each pair is deleted, and the other is neither gone nor shadowed. */
async function apart(t: Bench, table: TableStore, write: Write): Promise<void> {
  const ones = PAIRS.map(([one], i) => up(one, { v: i }));
  const others = PAIRS.map(([, other], i) => up(other, { v: -1 - i }));
  const first = await write([...ones, ...others]);
  await holds(t, table, 'the rows', [...ones, ...others]);
  t.same('what was written', first, result(2 * PAIRS.length, 0));
  const gone = await write(ones.map(({ key }) => del(key, [2])));
  await holds(t, table, 'the rows after every first of two is deleted', others);
  t.same('what was deleted', gone, result(PAIRS.length, 0));
  const higher = others.map(({ key }) => up(key, { v: 7 }, [1]));
  const then = await write(higher);
  await holds(t, table, 'the rows after every second of two is written again', higher);
  t.same('what was written again', then, result(PAIRS.length, 0));
}

/* Says only what is lost and what came instead: there are many. */
async function holds(t: Bench, table: TableStore, what: string, wanted: readonly Upsert[]) {
  const texts = (rows: readonly unknown[][]) => rows.map((row) => JSON.stringify(row));
  const rows = texts((await all(table)).map(({ a, b, c, v }) => [a, b, c, v]));
  const due = texts(wanted.map(({ key, row }) => [...key, row['v']]));
  const lost = due.filter((row) => !rows.includes(row));
  t.same(`${what} that are lost`, lost, []);
  const wrong = rows.filter((row) => !due.includes(row));
  t.same(`${what} that are not as they should be`, wrong, []);
  t.same(`how many are ${what}`, rows.length, due.length);
}
