/** The wait after failures in a row. */
import { backOff } from '../../lib/backOff.js';

const rule = { delayMs: 100, maxDelayMs: 5000 };

it('begins with the first wait, doubles with each failure, and stays at the longest', () => {
  const waits = [1, 2, 3, 6, 7, 2000].map((failures) => backOff(rule, failures));
  expect(waits).toEqual([100, 200, 400, 3200, 5000, 5000]);
});
