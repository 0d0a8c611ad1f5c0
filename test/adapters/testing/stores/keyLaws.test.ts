/** The laws of keys themselves: a store that makes one text of the parts of a key breaks each of them. */
import { memoryStore, type TableStore } from 'tidemark/memory';
import { type StoreUnderTest, storeLaws } from 'tidemark/testing';

type Rows = Parameters<TableStore['upsert']>[0];
type Key = Rows[number]['key'];

/** A memory store for which keys of one text are the first of them that it saw. */
function joining(textOf: (key: Key) => string): StoreUnderTest {
  const right = memoryStore();
  const checkpoints = right.checkpoints();
  const seen = new Map<string, Key>();
  const one = (key: Key) => {
    const text = `${key.length} ${textOf(key)}`;
    const first = seen.get(text) ?? key;
    seen.set(text, first);
    return first;
  };
  const all = (rows: Rows) => rows.map((row) => ({ ...row, key: one(row.key) }));
  const table: typeof right.table = (name, config) => {
    const inner = right.table(name, config);
    const outbox = inner.outbox as NonNullable<TableStore['outbox']>;
    return Object.assign(Object.create(inner), {
      upsert: (rows: Rows) => inner.upsert(all(rows)),
      outbox: {
        fence: outbox.fence.bind(outbox),
        apply: (batch: Parameters<typeof outbox.apply>[0]) =>
          outbox.apply({ ...batch, rows: all(batch.rows) }),
      },
    });
  };
  const joined = Object.assign(Object.create(checkpoints), {
    commit: (commit: Parameters<typeof checkpoints.commit>[0]) =>
      checkpoints.commit({
        ...commit,
        rows: commit.rows.map(({ store, rows }) => ({ store, rows: all(rows) })),
      }),
  });
  return { store: () => ({ ...right, table, checkpoints: () => joined }), outbox: true };
}

const laws = (under: StoreUnderTest) =>
  storeLaws(under).filter(({ name }) => name.startsWith('keys of several columns'));

it.each([
  ...[
    '',
    ',',
    '\0',
    '|',
    ':',
    '::',
    '/',
    '\\',
    '"',
    '","',
    '\x1f',
    '\x1e',
    '-',
    '_',
    ' ',
    '\t',
    '\n',
  ],
  ...['\uffff', '#', '.', ';', '%'],
])('a store that joins the parts of a key by %j breaks the laws of keys', async (separator) => {
  const under = joining((key) => key.map(String).join(separator));
  expect(laws(under)).toHaveLength(3);
  for (const { check } of laws(under)) {
    await expect(check()).rejects.toThrow(/that are lost|not as they should be/);
  }
});

it('a store that tells the parts apart by their lengths keeps the laws of keys', async () => {
  const under = joining((key) => key.map((part) => `${String(part).length}:${part}`).join(''));
  for (const { check } of laws(under)) await check();
});

it('a store that joins parts loses rows, and the law names them', async () => {
  const under = joining((key) => key.map(String).join(','));
  await expect(laws(under)[0]?.check()).rejects.toThrow('["a,b","c",0,1]');
});
