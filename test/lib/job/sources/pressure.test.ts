/** Pressure: high and low marks over everything that is on its way. */
import { Pressure } from '../../../../lib/job/sources/pressure.js';

it('holds at the high mark, and lets go at half of it: the gate does not flutter', () => {
  const held: [boolean, number][] = [];
  const pressure: Pressure = new Pressure(10, (hold) => held.push([hold, pressure.pending]));
  for (const count of [9, 10, 12, 9, 6, 5, 9, 10, 5, 0]) pressure.set('a', count);
  expect(held).toEqual([
    [true, 10],
    [false, 5],
    [true, 10],
    [false, 5],
  ]);
  expect(pressure).toMatchObject({ pending: 0, peak: 12 });
});

it('adds up what several hold, and counts the newest of each', () => {
  const held: boolean[] = [];
  const pressure = new Pressure(10, (hold) => held.push(hold));
  pressure.set('a', 6);
  pressure.set('b', 3);
  pressure.set('a', 6);
  expect(held).toEqual([]);
  pressure.set('b', 4);
  expect([held, pressure.pending]).toEqual([[true], 10]);
});
