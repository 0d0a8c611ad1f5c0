/** Idle deadlines against a naive table of last arrivals. */
import fc from 'fast-check';
import { Idleness } from '../../lib/idleness.js';

const TIMEOUT = 7;

/** Every split that is due, earliest deadline first. */
function drain(idleness: Idleness, now: number): number[] {
  const out: number[] = [];
  for (let i = idleness.due(now); i >= 0; i = idleness.due(now)) out.push(i);
  return out;
}

describe('idleness', () => {
  it('is due at last arrival + time-out, not before', () => {
    const idleness = new Idleness(TIMEOUT);
    expect(idleness.deadline).toBe(Infinity);
    idleness.touch(0, 3);
    idleness.touch(1, 5);
    expect(idleness.deadline).toBe(10);
    expect(drain(idleness, 9)).toEqual([]);
    expect(drain(idleness, 10)).toEqual([0]);
    expect(idleness.deadline).toBe(12);
  });

  it('gives a split once, until it is touched again', () => {
    const idleness = new Idleness(TIMEOUT);
    idleness.touch(0, 0);
    expect(drain(idleness, 99)).toEqual([0]);
    expect(drain(idleness, 999)).toEqual([]);
    idleness.touch(0, 1000);
    expect(idleness.deadline).toBe(1007);
  });

  it('takes a clock that was set back for one that stands', () => {
    const idleness = new Idleness(TIMEOUT);
    idleness.touch(0, 100);
    idleness.touch(1, 40);
    expect(idleness.deadline).toBe(107);
    expect(drain(idleness, 107)).toEqual([0, 1]);
  });

  it('never ends without a time-out', () => {
    const idleness = new Idleness(Infinity);
    idleness.touch(0, 0);
    expect([idleness.deadline, idleness.due(Number.MAX_VALUE)]).toEqual([Infinity, -1]);
  });

  it('equals a table that is searched whole', () => {
    const step = fc.record({ split: fc.nat(5), wait: fc.nat(4), touch: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const idleness = new Idleness(TIMEOUT);
        const table = new Map<number, number>();
        let now = 0;
        for (const { split, wait, touch } of steps) {
          now += wait;
          const due = [...table].filter(([, at]) => now - at >= TIMEOUT).map(([i]) => i);
          for (const i of due) table.delete(i);
          expect(drain(idleness, now)).toEqual(due);
          if (touch) {
            idleness.touch(split, now);
            table.delete(split);
            table.set(split, now);
          }
          expect(idleness.deadline).toBe(Math.min(...table.values()) + TIMEOUT);
        }
      }),
    );
  });
});
