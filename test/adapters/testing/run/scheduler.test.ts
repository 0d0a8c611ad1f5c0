/** The scheduler of marble tests: order, size, and what becomes of an action that throws. */
import { interval, type SchedulerAction, Subscription, take, timer } from 'rxjs';
import { MarbleScheduler } from '../../../../adapters/testing/run/scheduler.js';

function trace(scheduler: MarbleScheduler): { at: (name: string) => () => void; seen: string[] } {
  const seen: string[] = [];
  return { seen, at: (name) => () => void seen.push(`${name}@${scheduler.frame}`) };
}

describe('the scheduler runs actions', () => {
  it('by frame, and in one frame in the order in which they were scheduled', () => {
    const scheduler = new MarbleScheduler();
    const { at, seen } = trace(scheduler);
    for (const [name, delay] of [
      ['a', 2],
      ['b', 0],
      ['c', 2],
      ['d', 1],
      ['e', -5],
    ] as const) {
      scheduler.schedule(at(name), delay);
    }
    scheduler.scheduleFirst(at('f'), 2);
    scheduler.scheduleFirst(at('g'), 2);
    scheduler.flush();
    expect(seen).toEqual(['b@0', 'e@0', 'd@1', 'f@2', 'g@2', 'a@2', 'c@2']);
  });
  it('in the place of its frame that was kept for it', () => {
    const scheduler = new MarbleScheduler();
    const { at, seen } = trace(scheduler);
    const place = scheduler.nextOrder();
    scheduler.schedule(at('b'), 1);
    scheduler.scheduleAs(place, at('a'), 1);
    scheduler.flush();
    expect(seen).toEqual(['a@1', 'b@1']);
  });
  it('as a sorted list would, with cancellations, for any delays', () => {
    let seed = 7;
    const random = (n: number) => (seed = (seed * 48271) % 2147483647) % n;
    const scheduler = new MarbleScheduler();
    const ran: number[] = [];
    const wanted: { id: number; frame: number }[] = [];
    const subscriptions: Subscription[] = [];
    for (let id = 0; id < 2000; id++) {
      const frame = random(300);
      wanted.push({ id, frame });
      subscriptions.push(scheduler.schedule(() => ran.push(id), frame));
    }
    const gone = new Set(Array.from({ length: 1200 }, () => random(2000)));
    for (const id of gone) subscriptions[id]?.unsubscribe();
    scheduler.flush();
    const kept = wanted.filter(({ id }) => !gone.has(id));
    expect(ran).toEqual(kept.sort((a, b) => a.frame - b.frame || a.id - b.id).map((w) => w.id));
  });
  it('again when they schedule themselves again, until they are unsubscribed', () => {
    const scheduler = new MarbleScheduler();
    const seen: number[] = [];
    const action = scheduler.schedule(
      function (this: SchedulerAction<number>, n = 0) {
        seen.push(n, scheduler.now());
        this.schedule(n + 1, 10);
      },
      0,
      0,
    );
    scheduler.schedule(() => action.unsubscribe(), 25);
    scheduler.flush();
    expect(seen).toEqual([0, 0, 1, 10, 2, 20]);
  });
  it('not when they are cancelled, replaced, or due never', () => {
    const scheduler = new MarbleScheduler();
    const { at, seen } = trace(scheduler);
    scheduler.schedule(at('a'), 5).unsubscribe();
    const b = scheduler.schedule(at('b'), 5) as SchedulerAction<unknown>;
    b.schedule(undefined, 7);
    scheduler.schedule(at('c'), Infinity);
    scheduler.schedule(at('d'), Number.NaN);
    scheduler.flush();
    expect(seen).toEqual(['b@7']);
    expect(scheduler.frame).toBe(7);
  });
});

describe('the scheduler bears', () => {
  it('100,000 actions that are pending, and as many that are cancelled', () => {
    const scheduler = new MarbleScheduler();
    const all = new Subscription();
    let ran = 0;
    for (let i = 0; i < 100_000; i++) scheduler.schedule(() => ran++, (i * 7919) % 50_000);
    for (let i = 0; i < 100_000; i++) all.add(scheduler.schedule(() => ran++, 60_000 + i));
    all.unsubscribe();
    scheduler.flush();
    expect(ran).toBe(100_000);
    expect(scheduler.frame).toBe(49_999);
  });
  it('a timer of 50,000 ticks, whose end does not overflow the stack', () => {
    const scheduler = new MarbleScheduler();
    let ticks = 0;
    interval(1, scheduler)
      .pipe(take(50_000))
      .subscribe(() => ticks++);
    scheduler.flush();
    expect(ticks).toBe(50_000);
  });
});

describe('an action that throws', () => {
  it('lets the others run, and then flush throws what it threw', () => {
    const scheduler = new MarbleScheduler();
    const { at, seen } = trace(scheduler);
    const thrown = new RangeError('no');
    scheduler.schedule(() => {
      throw thrown;
    }, 1);
    scheduler.schedule(at('b'), 1);
    scheduler.schedule(at('c'), 2);
    expect(() => scheduler.flush()).toThrow(thrown);
    expect(seen).toEqual(['b@1', 'c@2']);
    expect(() => scheduler.flush()).not.toThrow();
  });
  it('is not the only one told of when there are two', () => {
    const scheduler = new MarbleScheduler();
    for (const message of ['one', 'two']) {
      scheduler.schedule(() => {
        throw new Error(message);
      });
    }
    try {
      scheduler.flush();
    } catch (thrown) {
      expect((thrown as Error).message).toBe('2 actions threw; the first: one');
      expect((thrown as AggregateError).errors).toHaveLength(2);
    }
    expect.assertions(2);
  });
});

describe('a timer without end', () => {
  it('is an error that says where virtual time is and what to do', () => {
    const scheduler = new MarbleScheduler({ maxActions: 1000 });
    timer(0, 60, scheduler).subscribe();
    expect(() => scheduler.flush()).toThrow(
      /1000 actions ran since .* virtual time is at 60000ms.*`!`/,
    );
    expect(() => scheduler.flush()).not.toThrow();
  });
  it('is none as long as a script sends', () => {
    const scheduler = new MarbleScheduler({ maxActions: 10 });
    timer(0, 1, scheduler)
      .pipe(take(1000))
      .subscribe(() => scheduler.progress());
    expect(() => scheduler.flush()).not.toThrow();
  });
});

it('the clock shows what it shall at frame 0', () => {
  const scheduler = new MarbleScheduler({ clock: 1000 });
  const seen: number[] = [];
  timer(5, scheduler).subscribe(() => seen.push(scheduler.now()));
  scheduler.flush();
  expect(seen).toEqual([1005]);
});
