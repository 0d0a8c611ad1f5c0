/** Generators: the greatest event time less the bound. */
import fc from 'fast-check';
import { BoundedOutOfOrderness } from '../../lib/watermarks.js';

describe('bounded out-of-orderness', () => {
  it('gives max − B − 1 after any events', () => {
    fc.assert(
      fc.property(fc.array(fc.integer(), { minLength: 1 }), fc.nat(), (times, bound) => {
        const generator = new BoundedOutOfOrderness(bound);
        const given = times.map((t) => generator.event(undefined, t));
        expect(given).toEqual(times.map((_, i) => Math.max(...times.slice(0, i + 1)) - bound - 1));
      }),
    );
  });

  it('goes on where it was saved, also before its first event', () => {
    const one = new BoundedOutOfOrderness(2);
    const two = new BoundedOutOfOrderness(2);
    two.load(one.save());
    expect(two.event(undefined, -5)).toBe(-8);
    one.event(undefined, 9);
    two.load(one.save());
    expect(two.event(undefined, 3)).toBe(6);
  });
});
