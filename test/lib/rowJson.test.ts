/** Rows as lines of JSON: whatever a row may hold comes back, and what it may not is refused. */
import type { StoreError } from '../../lib/errors.js';
import type { Upsert } from '../../lib/ports.js';
import { rowJson, rowOfJson } from '../../lib/rowJson.js';

const up = (row: Upsert['row'], key: Upsert['key'] = ['a']): Upsert => ({
  ...{ op: 'upsert', key, row, revision: [1, 0.5], timestamp: -7 },
});

it('a plain row is plain JSON, a delete has none', () => {
  expect(rowJson(up({ v: 1, gone: undefined }))).toBe(
    '{"op":"upsert","key":["a"],"revision":[1,0.5],"timestamp":-7,"row":{"v":1}}',
  );
  expect(rowJson({ ...up({}), op: 'delete' })).toBe(
    '{"op":"delete","key":["a"],"revision":[1,0.5],"timestamp":-7}',
  );
});

it('hostile values come back, on one line of well-formed text', () => {
  const row = JSON.parse('{"__proto__":{"x":1},"constructor":2,"~i":"3","a":{"__proto__":4}}');
  Object.assign(row, { nan: Number.NaN, less: -Infinity, zero: -0, big: 2n ** 80n });
  Object.assign(row, { lone: '\ud800', lines: 'a\nb\r\u2028', nul: '\0', at: new Date(5) });
  Object.assign(row, {
    map: new Map([['k', new Set([1n])]]),
    inner: [undefined],
    long: 'x'.repeat(2 ** 20),
  });
  const upsert = up(row, ['\udfff', 5n, true, ['__proto__', -1]]);
  const line = rowJson(upsert);
  expect(line).not.toMatch(/[\n\r]/);
  expect(Buffer.from(line).toString()).toBe(line);
  expect(rowOfJson(line)).toStrictEqual(upsert);
  expect(Object.getPrototypeOf(rowOfJson(line).row)).toBe(Object.prototype);
});

it('what is no plain data, too deep or too long is refused by name', () => {
  const deep: unknown[] = [];
  for (let at = deep, i = 0; i < 100; i++) at.push((at = []));
  for (const bad of [() => 1, Symbol('s'), new (class A {})(), deep, 'x'.repeat(2 ** 24)]) {
    const upsert = up({ bad });
    expect.assertions(10);
    try {
      rowJson(upsert);
    } catch (thrown) {
      expect(thrown).toMatchObject({ name: 'StoreError', kind: 'refused' });
      expect((thrown as StoreError).refused[0]).toBe(upsert);
    }
  }
});
