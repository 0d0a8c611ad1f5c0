/** Counts of times against a list that is searched whole. */
import fc from 'fast-check';
import { TimeCount } from '../../lib/timeCount.js';

type Step = readonly ['add' | 'release', number];

function agree(width: number, steps: readonly Step[]): void {
  const count = new TimeCount(width);
  let held: number[] = [];
  for (const [what, time] of steps) {
    if (what === 'add') {
      count.add(time);
      held.push(time);
    } else {
      const due = held.filter((t) => t <= time).length;
      held = held.filter((t) => t > time);
      expect(count.release(time)).toBe(due);
    }
    expect(count.size).toBe(held.length);
  }
  expect(count.release(Infinity)).toBe(held.length);
  expect(count.size).toBe(0);
}

function steps(time: fc.Arbitrary<number>): fc.Arbitrary<Step[]> {
  const what = fc.constantFrom('add' as const, 'add' as const, 'release' as const);
  return fc.array(fc.tuple(what, time), { maxLength: 60 });
}

describe('TimeCount', () => {
  it('counts each time once, when it is reached', () => {
    const near = fc.integer({ min: -40, max: 40 });
    fc.assert(fc.property(fc.constantFrom(1, 3, 10, 1000), steps(near), agree), { numRuns: 500 });
  });

  it('counts huge times as exactly', () => {
    const far = fc.oneof(fc.maxSafeInteger(), fc.constantFrom(-1, 0, 2 ** 53 - 1));
    fc.assert(fc.property(fc.constantFrom(1, 1000), steps(far), agree), { numRuns: 200 });
  });

  it('sorts only the bucket that time is in', () => {
    const count = new TimeCount(1000);
    for (let i = 0; i < 3000; i++) count.add(2999 - i);
    const sorting = jest.spyOn(Float64Array.prototype, 'sort');
    expect(count.release(-1)).toBe(0);
    expect(count.release(1999)).toBe(2000);
    expect(sorting).toHaveBeenCalledTimes(1);
    expect(count.release(Infinity)).toBe(1000);
    expect(sorting).toHaveBeenCalledTimes(1);
    sorting.mockRestore();
  });

  it('holds nothing after clear', () => {
    const count = new TimeCount(10);
    for (const t of [1, 2, 50]) count.add(t);
    count.release(1);
    count.clear();
    expect([count.size, count.release(Infinity)]).toEqual([0, 0]);
  });
});
