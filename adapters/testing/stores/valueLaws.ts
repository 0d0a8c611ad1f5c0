/** Laws of values: what is written comes back exactly, whatever it is made of; what a column cannot hold is refused. */
import type { Row } from '../../../lib/ports.js';
import { all, type Bench, del, type Laws, result, up } from './bench.js';

const KEY_LENGTH = 65_536;

const nasty = [
  ...['', '__proto__', 'constructor', 'toString', 'hasOwnProperty'],
  ...['\u0000', 'a\u0000b', '\ud800', 'x\udc00', '\udc00\ud800', '\ufdd0', '\ufdd0"a"', '\uffff'],
  ...['"\\{},', "'; --", 'NULL', 'null', '\\N', '%00', '{k}', ':', 'a:b', ' ', '\n', '\r\n'],
  ...['e\u0301', '\u00e9', '💧', '\u202e'],
];

const types = {
  ...{ k: 'int4', i: 'int8', f: 'float8', b: 'bool' },
  ...{ t: 'timestamptz', j: 'jsonb', s: 'text' },
};

const numbers: readonly Row[] = [
  ...[0, -1, 2 ** 40, -(2 ** 53 - 1), 2n ** 62n, -(2n ** 63n)].map((i) => ({ i })),
  ...[0, 0.1, -1.5e300, 5e-324, 1 / 3, Number.MAX_VALUE].map((f) => ({ f })),
  ...[Number.NaN, Infinity, -Infinity].map((f) => ({ f })),
];

const times = [
  ...['2024-02-29T12:00:00.007Z', '1969-12-31T23:59:59.999Z', '1900-01-01T00:00:00.001Z'],
  ...['0099-12-31T00:00:00.000Z', '0001-01-01T00:00:00.000Z', '0000-12-31T23:59:59.999Z'],
  ...['-000001-01-01T00:00:00.000Z', '-004712-01-01T00:00:00.001Z'],
  ...['+012345-06-07T08:09:10.011Z', '+275760-09-13T00:00:00.000Z'],
];

const misfits: readonly Row[] = [
  ...[{ i: 1.5 }, { i: 2n ** 63n }, { f: 'much' }, { b: 1 }],
  ...[{ t: '2024-01-01T00:00:00' }, { t: Number.NaN }, { t: -210_866_803_200_001 }],
  ...[{ s: Symbol('s') }, { s: {} }, { j: () => 1 }],
];

export const valueLaws: Laws = new Map([
  [
    'a nasty key is a key like another, and comes back exactly',
    async (t) => {
      const columns = { a: 'text', b: 'text', v: 'text' };
      const table = t.store.table(t.fresh('nasty'), { key: ['a', 'b'], columns });
      const keys = [...nasty, 'k'.repeat(t.under.limits?.keyLength ?? KEY_LENGTH)];
      const rows = keys.flatMap((a) =>
        // the two columns together are no longer than the limit, nor do two long ones meet
        ['', 'x', a.slice(0, 100)].map((b, i) => up([a, `${b}${i}`], { v: a })),
      );
      await table.upsert(rows);
      t.same('the same again', await table.upsert(rows), result(0, rows.length));
      const text = (values: readonly unknown[]) => JSON.stringify(values);
      const back = (await all(table)).map(({ a, b, v }) => text([a, b, v]));
      const wanted = rows.map((r) => text([...r.key, r.row['v']]));
      t.same('the rows', back.sort(), wanted.sort());
      const gone = await table.upsert(rows.map((r) => del(r.key)));
      t.same('the deletes', gone, result(rows.length, 0));
      const lower = await table.upsert(rows.map((r) => up(r.key, {}, [-1])));
      t.same('lower rows after them', lower, result(0, rows.length));
    },
  ],
  [
    'whole numbers and numbers come back as they were',
    async (t) => {
      const back = backFrom(t);
      for (const row of numbers) {
        const [name = ''] = Object.keys(row);
        t.same(`column ${name}`, (await back(row))[name], row[name]);
      }
    },
  ],
  [
    'a time comes back to the millisecond, as a Date',
    async (t) => {
      const back = backFrom(t);
      for (const iso of times) {
        const ms = Date.parse(iso);
        t.same(`${iso} as a number`, (await back({ t: ms }))['t'], new Date(ms));
        t.same(`${iso} as a Date`, (await back({ t: new Date(ms) }))['t'], new Date(ms));
      }
    },
  ],
  [
    'times of a key are equal however they are given, and are in order',
    async (t) => {
      const columns = { t: 'timestamptz', v: 'int8' };
      const table = t.store.table(t.fresh('times'), { key: ['t'], columns });
      const ms = Date.parse('2024-01-01T00:00:00.500Z');
      const early = -62_135_596_800_001;
      await table.upsert([up([ms], { v: 1 }), up([-1], { v: 2 }), up([early], { v: 3 })]);
      const same = await table.upsert([up(['2024-01-01T01:00:00.5+01:00'], { v: 1 })]);
      t.same('the same time in another zone', same, result(0, 1));
      t.same(
        'the times',
        (await all(table)).map((r) => Number(r['t'])),
        [early, -1, ms],
      );
    },
  ],
  [
    'text, true, null and JSON come back',
    async (t) => {
      const back = backFrom(t);
      const j = { list: [1, 'a\u0000\ud800', null, { ok: true }], 'ä"': {} };
      const row = { i: null, f: null, b: true, t: null, j, s: 'l1\nl2\t\\' };
      t.has('the row', await back(row), row);
      const text = { b: false, j: 'text' };
      t.has('a text as JSON', await back(text), { ...text, s: null });
    },
  ],
  [
    'a row that nests deeper than 48, or is longer than 2^24, is refused and no other',
    async (t) => {
      const back = backFrom(t);
      const nested = (depth: number) => {
        let j: unknown = 1;
        for (let i = 0; i < depth; i++) j = [j];
        return { j };
      };
      t.has('the deepest', await back(nested(48)), nested(48));
      const refused = { kind: 'refused' } as const;
      for (const depth of [49, 62, 70]) {
        const what = `nested ${depth} deep`;
        await t.rejects(what, back(nested(depth)), { ...refused, names: ['48'] });
      }
      const long = { s: 'x'.repeat(2 ** 24) };
      await t.rejects('too long', back(long), { ...refused, names: ['16777216'] });
    },
  ],
  [
    'a value that a column cannot hold is refused',
    async (t) => {
      const back = backFrom(t);
      for (const row of misfits) {
        const [name = ''] = Object.keys(row);
        await t.rejects(`column ${name} of ${types[name as 's']}`, back(row), { kind: 'refused' });
      }
    },
  ],
]);

/* Writes a row twice, the second time in vain, and reads it. */
function backFrom(t: Bench): (row: Row) => Promise<Row> {
  const table = t.store.table(t.fresh('types'), { key: ['k'], columns: types });
  let key = 0;
  return async (row) => {
    const rows = [up([++key], row)];
    await table.upsert(rows);
    t.same('the same row again', await table.upsert(rows), result(0, 1));
    return (await all(table)).find(({ k }) => k === key) ?? {};
  };
}
