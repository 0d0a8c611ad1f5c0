/** The table of splits: names to indexes, the limit, what a checkpoint is owed. */
import { SplitTable } from '../../lib/splitTable.js';
import { BoundedOutOfOrderness } from '../../lib/watermarks.js';

const table = (max = 10): SplitTable<unknown> =>
  new SplitTable(() => new BoundedOutOfOrderness(0), max);

describe('split table', () => {
  it('finds splits by name, the unnamed one and one called "" apart', () => {
    const splits = table();
    const names = [undefined, '', 'a', '__proto__'];
    expect(names.map((n) => splits.find(n))).toEqual([-1, -1, -1, -1]);
    expect(names.map((n) => splits.add(n))).toEqual([0, 1, 2, 3]);
    expect([...names, 'a', 'b', 'b', undefined].map((n) => splits.find(n))).toEqual([
      ...[0, 1, 2, 3, 2, -1, -1, 0],
    ]);
    splits.add('b');
    expect([splits.find('b'), splits.size]).toEqual([4, 5]);
  });

  it('forgets all', () => {
    const splits = table();
    splits.add('a');
    expect(splits.find('a')).toBe(0);
    splits.clear();
    expect([splits.find('a'), splits.size]).toEqual([-1, 0]);
  });

  it('refuses one more than the limit', () => {
    const splits = table(1);
    splits.add('a');
    expect(() => splits.add('b')).toThrow(
      'watermark: more than 1 splits (`maxSplits`); a split is a partition or a sensor, not a key',
    );
  });

  it('goes on where it was saved, each split with its generator', () => {
    const one = table();
    one.at(one.add('a')).declared = true;
    one.at(one.add(undefined)).generator.event(undefined, 9);
    const two = table();
    two.add('gone');
    two.load(JSON.parse(JSON.stringify(one.save())));
    expect([two.find('gone'), two.find('a'), two.find(undefined)]).toEqual([-1, 0, 1]);
    expect([two.at(0).declared, two.at(1).declared]).toEqual([true, false]);
    expect(two.at(1).generator.event(undefined, 3)).toBe(8);
  });

  it('is owed every declared split of the checkpoint, at the first declaration only', () => {
    const one = table();
    one.at(one.add('a')).declared = true;
    one.at(one.add('b')).declared = true;
    one.add('c');
    const restored = (): SplitTable<unknown> => {
      const two = table();
      two.load(one.save());
      return two;
    };
    expect(() => restored().settleDebt(['b', 'c'])).toThrow(
      'split "a" of the checkpoint is no longer',
    );
    const two = restored();
    two.settleDebt(['b', 'a', 'new']);
    expect(() => two.settleDebt([])).not.toThrow();
    expect(() => one.settleDebt([])).not.toThrow();
  });
});
