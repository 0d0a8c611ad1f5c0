/** Each wrong design is caught within 500 seeds, and the right one lives through the same seeds. */
import { broken, brokenWhenRight, caughtBy } from './wrong/catch.js';
import { controls, designs } from './wrong/designs.js';

it('there are enough of them', () => {
  expect(Object.keys(designs).length).toBeGreaterThan(45);
});

it.each(Object.entries(designs))(
  'it is caught that %s',
  async (_, wrong) => {
    const caught = await caughtBy(wrong);
    expect(caught).toBeDefined();
    expect(await brokenWhenRight(wrong, caught?.seed ?? 0)).toEqual([]);
  },
  60_000,
);

it.each(Object.entries(controls))('nothing is said against %s', async (_, right) => {
  expect(await broken(right, 12)).toEqual([]);
});
