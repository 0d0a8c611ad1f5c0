/** Outcomes: which results count, and what the difference of two lists of them is. */
import { differenceOf, type Result } from '../../../../adapters/testing/fast-check/outcome.js';

const out = (...all: readonly unknown[]): Result[] =>
  all.map((value) => ({ from: 'output', value }));

function difference(expected: readonly unknown[], got: readonly unknown[], ordered = false) {
  const found = differenceOf(out(...expected), out(...got), { ordered });
  if (found === undefined) return undefined;
  const values = (list: readonly Result[]) => list.map((r) => r.value);
  return { ...found, missing: values(found.missing), extra: values(found.extra) };
}

it('the difference of results counts each as often as it stands', () => {
  expect(difference([1, 2, 2, 3], [2, 3, 2, 1])).toBeUndefined();
  expect(difference([1, 2, 2, 3], [2, 3, 1, 1])).toEqual({ missing: [2], extra: [1] });
  expect(difference([1, 2], [1, 2, 2])).toEqual({ missing: [], extra: [2] });
  expect(difference([1, 2, 3], [1])).toEqual({ missing: [2, 3], extra: [] });
  expect(difference([], [])).toBeUndefined();
  expect(difference([], [undefined])).toEqual({ missing: [], extra: [undefined] });
});

it('the difference of ordered results says from where on they are in another order', () => {
  expect(difference([1, 2, 3], [1, 3, 2], true)).toEqual({ missing: [], extra: [], at: 1 });
  expect(difference([1, 2, 3], [1, 2, 3], true)).toBeUndefined();
  expect(difference([1, 2], [2], true)).toEqual({ missing: [1], extra: [] });
});

it('results are equal in depth, NaN to itself, and −0 is not 0', () => {
  const deep = (n: unknown) => ({ list: [new Map([['k', new Set([n])]])], at: new Date(5) });
  expect(difference([deep(1), { b: 1, a: 2 }], [{ a: 2, b: 1 }, deep(1)])).toBeUndefined();
  expect(difference([deep(1), 0], [0, deep(2)])).toMatchObject({ missing: [deep(1)] });
  expect(difference([Number.NaN, 1], [1, Number.NaN])).toBeUndefined();
  expect(difference([0, 1], [1, -0])).toEqual({ missing: [0], extra: [-0] });
});

it('a result of a door, of another time or withdrawn is another result', () => {
  const plain: Result = { from: 'output', value: 1, timestamp: 5 };
  const others: Result[] = [
    { ...plain, from: 'door' },
    { ...plain, timestamp: 6 },
    { ...plain, op: '-' },
  ];
  for (const other of others) {
    expect(differenceOf([plain], [other], {})).toEqual({ missing: [plain], extra: [other] });
    expect(differenceOf([plain, other], [other, plain], {})).toBeUndefined();
  }
});

it('errors are the same where they say the same', () => {
  const failed = (error: unknown): Result => ({ from: 'error', value: error });
  const [e, same, other] = [new RangeError('a'), new RangeError('a'), new TypeError('a')];
  expect(differenceOf([failed(e)], [failed(same)], {})).toBeUndefined();
  expect(differenceOf([failed(e)], [failed(other)], {})).toBeDefined();
});

it('a function of the user says which results are the same', () => {
  const near = (a: number, b: number) => Math.abs(a - b) < 0.5;
  expect(differenceOf(out(1, 2), out(2.1, 1.1), { compare: near })).toBeUndefined();
  expect(differenceOf(out(1, 2), out(2.1, 1.6), { compare: near })).toMatchObject({
    missing: out(1),
  });
});

it('50,000 results in another order are no difference', () => {
  const many = Array.from({ length: 50_000 }, (_, i) => ({ i }));
  expect(difference(many, many.toReversed())).toBeUndefined();
});
