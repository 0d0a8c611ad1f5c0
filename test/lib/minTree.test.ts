/** The tournament tree under the valve. */
import * as fc from 'fast-check';
import { MinTree } from '../../lib/minTree.js';

describe('minTree', () => {
  it('has no least while it is empty', () => {
    expect(new MinTree().least).toBe(Infinity);
  });

  it('forgets a number that became +∞', () => {
    const tree = new MinTree();
    tree.set(0, 3);
    tree.set(1, 1);
    tree.set(1, Infinity);
    expect(tree.least).toBe(3);
  });

  it('keeps −∞ as the least until it rises', () => {
    const tree = new MinTree();
    tree.set(0, -Infinity);
    tree.set(5, -2);
    expect(tree.least).toBe(-Infinity);
    tree.set(0, 7);
    expect(tree.least).toBe(-2);
  });

  it('gives the same least as a scan, whatever changes, however it grows', () => {
    const change = fc.tuple(
      fc.nat(70),
      fc.oneof(fc.integer({ min: -9, max: 9 }), fc.constantFrom(Infinity, -Infinity)),
    );
    fc.assert(
      fc.property(fc.array(change, { maxLength: 200 }), (changes) => {
        const tree = new MinTree();
        const plain = new Map<number, number>();
        for (const [index, value] of changes) {
          tree.set(index, value);
          plain.set(index, value);
          expect(tree.least).toBe(Math.min(...plain.values()));
        }
      }),
    );
  });
});
