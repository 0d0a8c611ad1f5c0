/** A slice and what it takes over: only what its own events made can be seen. */
import { count } from '../../lib/aggregates.js';
import { event } from '../../lib/element.js';
import { Fold } from '../../lib/fold.js';
import { Slice } from '../../lib/slice.js';

const fold = new Fold<string>('test', { n: count() }, false);

function fill(slice: Slice, ...keys: readonly string[]): void {
  for (const [arrival, key] of keys.entries()) {
    const partial = slice.get(key) ?? slice.begin(key, key, arrival, fold);
    fold.add(partial.accs, event(key, slice.start), arrival);
  }
}

function seen(slice: Slice): string[] {
  return slice.live.map((p) => `${p.key}${fold.result(p.accs)['n']} born ${p.born}`);
}

it('a slice shows its keys in order of first arrival', () => {
  const slice = new Slice(0);
  fill(slice, 'b', 'a', 'b');
  expect(seen(slice)).toEqual(['b2 born 0', 'a1 born 1']);
});

it('a slice that takes over shows nothing of the one before', () => {
  const old = new Slice(0);
  fill(old, 'a', 'b', 'a');
  const next = new Slice(10, old.heirloom());
  expect([next.get('a'), next.live]).toEqual([undefined, []]);
  fill(next, 'c', 'a');
  expect(seen(next)).toEqual(['c1 born 0', 'a1 born 1']);
  expect(next.get('b')).toBeUndefined();
});

it('keys that have gone are not handed on for ever', () => {
  const old = new Slice(0);
  fill(old, 'a', 'b', 'c');
  const next = new Slice(10, old.heirloom());
  fill(next, 'd');
  expect(next.heirloom()).toBeUndefined();
});
