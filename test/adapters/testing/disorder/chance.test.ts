/** Chance: seeded, even, and apart for each purpose. */
import { Chance } from '../../../../adapters/testing/disorder/chance.js';

const N = 20_000;

it.each([1, 6, 10])('chance gives each number up to the most as often', (most) => {
  const chance = new Chance(11, 'test');
  const found = new Map<number, number>();
  for (let i = 0; i < N; i++) {
    const x = chance.upTo(most);
    found.set(x, (found.get(x) ?? 0) + 1);
  }
  expect([...found.keys()].sort((a, b) => a - b)).toEqual([...Array(most + 1).keys()]);
  const even = N / (most + 1);
  for (const times of found.values()) expect(Math.abs(times - even)).toBeLessThan(even / 10);
});

it('chance reaches numbers beyond 32 bits', () => {
  const chance = new Chance(11, 'test');
  const some = Array.from({ length: 1000 }, () => chance.upTo(Number.MAX_SAFE_INTEGER - 1));
  expect(new Set(some).size).toBe(1000);
  expect(some.every((x) => Number.isSafeInteger(x) && x >= 0)).toBe(true);
  expect(some.filter((x) => x % 2 === 1).length).toBeGreaterThan(400);
  expect(Math.max(...some)).toBeGreaterThan(0.99 * Number.MAX_SAFE_INTEGER);
});

it('chance takes exactly the share, and each member as often', () => {
  const taken = Array(10).fill(0);
  for (let seed = 0; seed < N / 4; seed++) {
    const share = new Chance(seed, 'test').share(10, 0.3);
    expect(share.filter(Boolean)).toHaveLength(3);
    share.forEach((yes, i) => {
      if (yes) taken[i]++;
    });
  }
  for (const times of taken) expect(Math.abs(times - 1500)).toBeLessThan(150);
  expect(new Chance(1, 'test').share(3, 0)).toEqual([false, false, false]);
  expect(new Chance(1, 'test').share(3, 1)).toEqual([true, true, true]);
});

it('chance is the same for a seed and purpose, and another for another of either', () => {
  const draw = (seed: number, purpose: string) => {
    const chance = new Chance(seed, purpose);
    return [0, 1, 2].map(() => chance.upTo(1e9)).join();
  };
  expect(draw(1, 'delay')).toBe(draw(1, 'delay'));
  const draws = [0, 1, -1, 2 ** 32, 2 ** 32 + 1].flatMap((s) => [
    draw(s, 'delay'),
    draw(s, 'late'),
  ]);
  expect(new Set(draws).size).toBe(draws.length);
});
