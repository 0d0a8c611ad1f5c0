/** What a Postgres says no to: a row, which is found and named, or the table itself, which is no row's fault. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { idempotentSink, job, watermark } from 'tidemark';
import { memoryStore } from 'tidemark/memory';
import { arraySource } from 'tidemark/testing';
import { openDirectory } from '../../adapters/embedded/directory.js';
import { type EmbeddedPostgres, startPostgres } from '../../adapters/embedded/postgres.js';
import type { Store, TableStore } from '../../lib/ports.js';
import { subjectOf } from '../../lib/sql/client.js';
import { SqlStore } from '../../lib/sql/store.js';

const dir = mkdtempSync(join(tmpdir(), 'tidemark-test-'));
let postgres: EmbeddedPostgres;
let store: Store;
beforeAll(async () => {
  const directory = openDirectory(dir);
  postgres = await startPostgres(directory);
  store = opened();
  await ask(`create function evil() returns trigger language plpgsql as $$
    begin if new.v = 666 then raise exception 'evil row'; end if; return new; end $$`);
  await ask('create table parents (id int8 primary key)');
  await ask('insert into parents select generate_series(0, 20)');
});
afterAll(async () => {
  await postgres.close();
  rmSync(dir, { recursive: true });
});

const ask = (statement: string) => postgres.query(statement);
function opened(): Store {
  const tables = new SqlStore(postgres, { operator: 'store', clock: { now: () => 0 } });
  return Object.assign(tables, { close: async () => {} });
}

let serial = 0;
type Class = 'A' | 'O' | 'E';
const classes: readonly Class[] = ['A', 'O', 'E'];

/* Twelve rows into a table, keys 0 to 11; what came of it. */
async function twelve(table: TableStore, kind: Class, row: (i: number) => Record<string, unknown>) {
  const poison: unknown[] = [];
  const errors: string[] = [];
  const one = job({
    id: `job ${++serial}`,
    every: '1s',
    checkpoints: (kind === 'A' ? store : memoryStore()).checkpoints(),
    restart: { delay: '1ms', attempts: 2, outage: '1s' },
    topology: (t) =>
      t.sink(
        t
          .source(
            arraySource(
              's',
              Array.from({ length: 12 }, (_, i) => i),
            ),
          )
          .pipe(
            watermark({ id: 'w', timestamp: (i) => i }),
            idempotentSink<number>({
              ...{ id: 'out', store: table, key: (i) => i, row },
              delivery: kind === 'E' ? 'atLeastOnce' : 'effectivelyOnce',
              poison: ({ value, error }) => {
                poison.push(typeof value === 'object' ? Object(value).key[0] : value);
                errors.push((error as Error).message);
              },
            }),
          ),
      ),
  });
  const end = await one.run().catch((error: unknown) => error);
  return { end, poison, errors };
}

const refusals: readonly (readonly [what: string, columns: string, after: string, bad: number])[] =
  [
    [
      'a trigger that raises',
      'v int8',
      'create trigger t before insert on T for each row execute function evil()',
      666,
    ],
    [
      'a trigger that raises at the end of the transaction',
      'v int8',
      'create constraint trigger t after insert on T deferrable initially deferred for each row execute function evil()',
      666,
    ],
    [
      'a reference that is looked at then',
      'v int8 references parents(id) deferrable initially deferred',
      '',
      99,
    ],
    ['another key that two rows have', 'v int8 unique', '', 4],
    ['another key that is looked at then', 'v int8 unique deferrable initially deferred', '', 4],
  ];
describe.each(refusals)('a row refused by %s', (_, columns, after, bad) => {
  test.each(classes)('alone goes to poison, in class %s', async (kind) => {
    const name = `refusing_${++serial}`;
    await ask(`create table ${name} (k int8 primary key, ${columns})`);
    if (after !== '') await ask(after.replace('on T', `on ${name}`));
    const table = store.table(name, { key: ['k'] });
    const { end, poison, errors } = await twelve(table, kind, (i) => ({ v: i === 5 ? bad : i }));
    expect(end).toBe('completed');
    expect(poison).toEqual([5]);
    expect(errors[0]).toMatch(/refuses a row: .*(evil row|violates|duplicate).*\(key \[5\]\)$/);
    expect(await table.count()).toBe(11);
  });
});

const faults: readonly (readonly [what: string, create: string, change: string, said: RegExp])[] = [
  ['that is missing', '', '', /does not exist; give `columns`/],
  ['without the key', '(k int8, v int8)', '', /has no unique key of exactly k/],
  ['dropped since', '(k int8 primary key, v int8)', 'drop table T', /does not exist/],
  [
    'whose key was dropped since',
    '(k int8 primary key, v int8)',
    'alter table T drop constraint T_pkey',
    /no unique or exclusion constraint/,
  ],
  [
    'of which a column was dropped since',
    '(k int8 primary key, v int8)',
    'alter table T drop column v',
    /column "v" .* does not exist/,
  ],
  [
    'of which a column has another type since',
    '(k int8 primary key, v int8)',
    'alter table T alter column v type bytea using null',
    /is of type bytea/,
  ],
];
describe.each(faults)('a table %s', (_, create, change, said) => {
  test.each(classes)('stops the job and poisons no row, in class %s', async (kind) => {
    const name = `faulty_${++serial}`;
    if (create !== '') await ask(`create table ${name} ${create}`);
    const table = store.table(name, { key: ['k'] });
    if (change !== '') {
      await table.open();
      await ask(change.replace(/\bT(?=_|\b)/g, name));
    }
    const { end, poison } = await twelve(table, kind, (i) => ({ v: i }));
    expect(end).toMatchObject({ name: 'StoreError', kind: 'unusable' });
    expect((end as Error).message).toMatch(said);
    expect(poison).toEqual([]);
  });
});

test('a table that was mended is used again without being opened anew', async () => {
  await ask('create table mended (k int8 primary key, v int8)');
  const table = store.table('mended', { key: ['k'] });
  const write = () =>
    table.upsert([{ op: 'upsert', key: [1], row: { v: 1 }, revision: [], timestamp: 0 }]);
  await write();
  await ask('drop table mended');
  await expect(write()).rejects.toMatchObject({ kind: 'unusable' });
  await ask('create table mended (k int8 primary key, v text)');
  expect(await write()).toMatchObject({ written: 1 });
});

test('a column that a row must not set is the fault of that row', async () => {
  await ask('create table counted (k int8 primary key, v int8 generated always as identity)');
  const { end, poison } = await twelve(store.table('counted', { key: ['k'] }), 'E', (i) =>
    i === 5 ? { v: 1 } : {},
  );
  expect([end, poison]).toEqual(['completed', [5]]);
});

test.each([
  ['rows', '23505 22P02 21000 44000 54000 P0001 P0004 09000 2F005 38000 39001 428C9 XY123 45000'],
  ['table', '42P01 42P10 42703 42601 42804 42883 42704 3F000'],
  ['either', '42501 0A000 55000'],
  [
    'session',
    '08006 40001 40P01 25006 25P02 53100 53300 55P03 57014 57P01 58030 XX000 28P01 HV000',
  ],
])('what is said of %s', (subject, codes) => {
  for (const code of codes.split(' ')) expect([code, subjectOf({ code })]).toEqual([code, subject]);
  expect(subjectOf({ code: 'EPIPE' })).toBe('session');
});
