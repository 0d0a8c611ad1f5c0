/** Assigners: which windows an instant belongs to. */
import fc from 'fast-check';
import {
  lastStart,
  session,
  sliceWidth,
  sliding,
  tumbling,
  windowCount,
  windowsOf,
} from '../../lib/windows.js';

describe('4.assignment', () => {
  it('a tumbling window starts at t − floorMod(t − offset, size), also before 1970', () => {
    const g = tumbling(5, { offset: 2 });
    expect([-9, -8, -4, -3, 1, 2, 6, 7].map((t) => lastStart(g, t))).toEqual([
      -13, -8, -8, -3, -3, 2, 2, 7,
    ]);
  });

  it('a sliding window takes every start with start <= t < start + size', () => {
    expect(windowsOf(sliding(4, 2), 4)).toEqual([
      { start: 2, end: 6 },
      { start: 4, end: 8 },
    ]);
  });

  it('a slide greater than the size leaves gaps', () => {
    const g = sliding(2, 5);
    expect([5, 6, 7, 9].map((t) => windowsOf(g, t).length)).toEqual([1, 1, 0, 0]);
  });

  it('equals trying every start of the grid', () => {
    const anyGrid = fc.record({
      size: fc.integer({ min: 1, max: 20 }),
      slide: fc.integer({ min: 1, max: 20 }),
      shift: fc.integer({ min: -19, max: 19 }),
      t: fc.integer({ min: -60, max: 60 }),
    });
    fc.assert(
      fc.property(anyGrid, ({ size, slide, shift, t }) => {
        const offset = shift % Math.max(size, slide);
        const g = sliding(size, slide, { offset });
        const tried: { start: number; end: number }[] = [];
        for (let k = -100; k <= 100; k++) {
          const start = k * slide + offset;
          if (start <= t && t < start + size) tried.push({ start, end: start + size });
        }
        expect(windowsOf(g, t)).toEqual(tried);
        expect(windowCount(g, t, lastStart(g, t))).toBe(tried.length);
        expect(size % sliceWidth(g) === 0 && slide % sliceWidth(g) === 0).toBe(true);
      }),
    );
  });

  it('stays exact at the ends of the safe integers', () => {
    const g = tumbling(7);
    for (const t of [Number.MAX_SAFE_INTEGER - 10, -Number.MAX_SAFE_INTEGER + 10]) {
      const start = lastStart(g, t);
      expect(start % 7 === 0 && start <= t && t < start + 7).toBe(true);
    }
  });
});

describe('configuration', () => {
  it('names the option, the rule and the value', () => {
    expect(() => tumbling(0)).toThrow('tumbling: `size` must be a duration > 0');
    expect(() => sliding('5m', 'x' as never)).toThrow('sliding: `slide` must be a duration > 0');
    expect(() => tumbling(5, { offset: 5 })).toThrow('`offset` must be smaller than the size');
    expect(() => session(-1)).toThrow('session: `gap` must be a duration > 0');
    expect(() => session(() => 0).gapMs(1)).toThrow('a function that gives a duration > 0; got 0');
  });
});
