/** Deadlines against a naive sorted list. */
import fc from 'fast-check';
import { Deadlines } from '../../lib/timers.js';

type Entry = readonly [time: number, item: number];

/** A list that is searched whole: the earliest entry, of one instant the first added. */
class Naive {
  private readonly entries: Entry[] = [];
  add(time: number, item: number): void {
    this.entries.push([time, item]);
  }
  get size(): number {
    return this.entries.length;
  }
  peek(): number {
    return Math.min(Infinity, ...this.entries.map(([time]) => time));
  }
  take(): number | undefined {
    const at = this.entries.findIndex(([time]) => time === this.peek());
    return this.entries.splice(at, 1)[0]?.[1];
  }
  drain(w: number): Entry[] {
    const out: Entry[] = [];
    while (this.size > 0 && this.peek() <= w) {
      const time = this.peek();
      out.push([time, this.take() as number]);
    }
    return out;
  }
  all(): Entry[] {
    return [...this.entries].sort((a, b) => a[0] - b[0]);
  }
}

function drained(queue: Deadlines<number>, w: number): Entry[] {
  const out: Entry[] = [];
  queue.drain(w, (item, time) => out.push([time, item]));
  return out;
}

const step = (time: fc.Arbitrary<number>) =>
  fc.oneof(
    { weight: 6, arbitrary: fc.tuple(fc.constant('add' as const), time) },
    { weight: 2, arbitrary: fc.tuple(fc.constant('drain' as const), time) },
    { weight: 1, arbitrary: fc.tuple(fc.constant('take' as const), fc.constant(0)) },
    { weight: 1, arbitrary: fc.tuple(fc.constant('each' as const), fc.constant(0)) },
    { weight: 1, arbitrary: fc.tuple(fc.constant('peek' as const), fc.constant(0)) },
  );

function agree(width: number, steps: readonly (readonly [string, number])[]): void {
  const queue = new Deadlines<number>(width);
  const naive = new Naive();
  for (const [i, [what, time]] of steps.entries()) {
    if (what === 'add') {
      queue.add(time, i);
      naive.add(time, i);
    } else if (what === 'drain') {
      expect(drained(queue, time)).toEqual(naive.drain(time));
    } else if (what === 'take') {
      expect(queue.take()).toBe(naive.take());
    } else if (what === 'peek') {
      expect(queue.peek()).toBe(naive.peek());
    } else {
      const seen: Entry[] = [];
      const ticks: number[] = [];
      for (const { tick, times, items, from, to } of queue.spans()) {
        ticks.push(tick);
        for (let at = from; at < to; at++) {
          seen.push([times[at] as number, items[at] as number]);
          expect(Math.floor((times[at] as number) / width)).toBe(tick);
        }
      }
      seen.sort(([a], [b]) => a - b);
      expect(seen).toEqual(naive.all());
      expect(new Set(ticks).size).toBe(ticks.length);
    }
    expect(queue.size).toBe(naive.size);
  }
  expect(drained(queue, Infinity)).toEqual(naive.drain(Infinity));
}

describe('Deadlines', () => {
  it('leaves in the order of a naive sorted list, whatever comes in between', () => {
    const near = fc.integer({ min: -40, max: 40 });
    fc.assert(
      fc.property(
        fc.constantFrom(1, 3, 10, 1000),
        fc.array(step(near), { maxLength: 60 }),
        (width, steps) => agree(width, steps),
      ),
      { numRuns: 500 },
    );
  });

  it('is as exact for huge and negative instants', () => {
    const far = fc.oneof(fc.maxSafeInteger(), fc.constantFrom(2 ** 53, -(2 ** 53), -1, 0));
    fc.assert(
      fc.property(
        fc.constantFrom(1, 1000, 86_400_000),
        fc.array(step(far), { maxLength: 40 }),
        (width, steps) => agree(width, steps),
      ),
      { numRuns: 300 },
    );
  });

  it('keeps the order of one instant through sorting and binary insertion', () => {
    const queue = new Deadlines<string>(10);
    for (const [time, item] of [
      [7, 'b'],
      [5, 'a'],
      [7, 'c'],
    ] as const)
      queue.add(time, item);
    expect(queue.peek()).toBe(5);
    queue.add(7, 'd');
    queue.add(5, 'a2');
    const out: string[] = [];
    queue.drain(7, (item) => out.push(item));
    expect(out).toEqual(['a', 'a2', 'b', 'c', 'd']);
  });

  it('takes in the same drain what is added at or before its instant', () => {
    const queue = new Deadlines<number>(4);
    queue.add(1, 1);
    const out: number[] = [];
    queue.drain(9, (item) => {
      out.push(item);
      if (item < 20) queue.add(item + 3, item + 3);
    });
    expect(out).toEqual([1, 4, 7]);
    expect(queue.peek()).toBe(10);
  });

  it('holds infinite instants last, in order', () => {
    const queue = new Deadlines<string>(10);
    queue.add(Infinity, 'x');
    queue.add(3, 'a');
    queue.add(Infinity, 'y');
    queue.add(-Infinity, '0');
    expect(queue.take()).toBe('0');
    expect(queue.due(1e15)).toBe(true);
    expect([queue.take(), queue.take(), queue.take(), queue.take()]).toEqual([
      'a',
      'x',
      'y',
      undefined,
    ]);
    expect(queue.size).toBe(0);
  });

  it('holds nothing after clear', () => {
    const queue = new Deadlines<number>(10);
    for (const time of [1, 2, 99]) queue.add(time, time);
    queue.take();
    queue.clear();
    expect([queue.size, queue.peek(), queue.due(Infinity)]).toEqual([0, Infinity, false]);
    queue.add(99, 5);
    expect(queue.take()).toBe(5);
  });

  it('does not sort a bucket that time has not entered', () => {
    const queue = new Deadlines<number>(1000);
    for (let i = 0; i < 100; i++) queue.add(5000 - i, i);
    const order = jest.spyOn(Float64Array.prototype, 'sort');
    for (let w = 0; w < 4000; w++) expect(queue.due(w)).toBe(false);
    expect(order).not.toHaveBeenCalled();
    expect(queue.due(4500)).toBe(false);
    expect(queue.due(4901)).toBe(true);
    expect(order).toHaveBeenCalledTimes(1);
    order.mockRestore();
  });
});
