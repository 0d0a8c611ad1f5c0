/** Owners of a job: one at a time; a standby takes over, and who was taken over from writes nothing more. */
import {
  count,
  eventTimeWindow,
  idempotentSink,
  type Job,
  type JobConfig,
  job,
  type Source,
  tumbling,
  watermark,
} from 'tidemark';
import { memoryStore, type Store } from 'tidemark/memory';
import { ArrivalClock, arraySource } from 'tidemark/testing';

interface Click {
  readonly at: number;
}
const clicks: readonly Click[] = Array.from({ length: 60 }, (_, i) => ({ at: i * 5 }));
const EVERY_WINDOW = Array.from({ length: 15 }, (_, i) => ({ start: i * 20, n: 4 }));

/** Gives one row a second of this clock; a process that sleeps reads nothing. */
function paced(clock: ArrivalClock, asleep = { now: false }): Source<Click> {
  return {
    name: 'clicks',
    open(position, out) {
      let at = (position as number | undefined) ?? 0;
      let [open, closed] = [false, false];
      const next = () => {
        if (closed) return;
        clock.schedule(next, 1000);
        if (!open || asleep.now) return;
        if (at === clicks.length) {
          closed = true;
          out.finished();
        } else out.event(clicks[at++] as Click);
      };
      clock.schedule(next, 1000);
      return {
        position: () => at,
        pause: () => void (open = false),
        resume: () => void (open = true),
        close: async () => void (closed = true),
      };
    },
  };
}

function build(store: Store, source: Source<Click>, o: Partial<JobConfig> = {}): Job {
  const table = store.table('out', { key: ['start'] });
  return job({
    id: 'j',
    checkpoints: store.checkpoints(),
    every: '2s',
    topology: (t) =>
      t.sink(
        t.source(source).pipe(
          watermark({ id: 'time', timestamp: (c) => c.at }),
          eventTimeWindow({ id: 'win', window: tumbling(20), aggregate: { n: count() } }),
          idempotentSink({
            id: 'out',
            store: table,
            key: (r) => [r.window.start],
            row: (r) => r.value,
          }),
        ),
      ),
    ...o,
  });
}

async function rowsOf(store: Store): Promise<unknown[]> {
  const rows: unknown[] = [];
  for await (const row of store.table('out', { key: ['start'] }).rows()) rows.push(row);
  return rows;
}

const settle = () => new Promise((resolve) => setImmediate(resolve));

class World {
  readonly clock = new ArrivalClock();
  readonly store = memoryStore({ clock: this.clock });

  job(name: string, o: Partial<JobConfig> = {}, source = paced(this.clock)): Job {
    const owner = { name, ...o.owner };
    return build(this.store, source, { clock: this.clock, ...o, owner });
  }

  async pass(ms: number): Promise<void> {
    for (let i = 0; i < ms; i += 100) {
      this.clock.advance(100);
      await settle();
    }
  }
}

/* How a run ended, in words. */
function ending(run: Promise<string>): { is: string } {
  const end = { is: 'running' };
  run.then(
    (outcome) => (end.is = outcome),
    (thrown) => (end.is = thrown.message),
  );
  return end;
}

it('a second owner is refused, and says who is at work and what to do', async () => {
  const world = new World();
  const first = ending(world.job('a').run());
  await world.pass(1000);
  const second = ending(world.job('b').run());
  await world.pass(10_000);
  expect(second.is).toBe(
    'job "j": "a" is at work on it; end that one first, or start this one as a standby, which takes over when that one ends',
  );
  await world.pass(60_000);
  expect(first.is).toBe('completed');
  expect(await rowsOf(world.store)).toEqual(EVERY_WINDOW);
});

it('an owner that has ended well, or failed, leaves the lease free', async () => {
  const world = new World();
  const a = world.job('a');
  const first = ending(a.run());
  await world.pass(20_000);
  await a.stop();
  expect(first.is).toBe('stopped');
  const failing = world.job(
    'b',
    { restart: { attempts: 1 } },
    {
      name: 'clicks',
      open: () => {
        throw new Error('boom');
      },
    },
  );
  await expect(failing.run()).rejects.toThrow('boom');
  const last = world.job('c');
  const third = ending(last.run());
  await settle();
  expect(last.status().epoch).toBe(3);
  await world.pass(60_000);
  expect(third.is).toBe('completed');
  expect(await rowsOf(world.store)).toEqual(EVERY_WINDOW);
});

it.each([
  ['take', 'stop'],
  ['take', 'drain'],
  ['release', 'stop'],
  ['release', 'drain'],
] as const)(
  'where the store gives no answer to %s, %s ends within its deadline',
  async (hangs, how) => {
    const world = new World();
    const checkpoints = world.store.checkpoints();
    let hung = false;
    const leases = Object.create(checkpoints.leases as object);
    leases[hangs] = (...args: any[]) =>
      hung ? new Promise(() => {}) : (checkpoints.leases as any)[hangs](...args);
    const a = world.job('a', {
      checkpoints: Object.assign(Object.create(checkpoints), { leases }),
      stopTimeout: '300ms',
    });
    const first = ending(a.run());
    await world.pass(5000);
    hung = true;
    // a renewal has no answer
    await world.pass(5000);
    const end = ending(a[how]());
    await world.pass(300);
    expect([first.is, end.is]).toEqual(Array(2).fill(how === 'stop' ? 'stopped' : 'drained'));
  },
);

it('stopped when it has come to its end, and waits for the store to free the lease, it ends within the deadline', async () => {
  const world = new World();
  const checkpoints = world.store.checkpoints();
  const release = () => new Promise<void>(() => {});
  const leases = Object.assign(Object.create(checkpoints.leases as object), { release });
  const a = world.job('a', {
    checkpoints: Object.assign(Object.create(checkpoints), { leases }),
    stopTimeout: '300ms',
  });
  const first = ending(a.run());
  for (let ms = 0; ms < 70_000 && a.status().sources[0]?.finished !== true; ms += 100) {
    await world.pass(100);
  }
  await world.pass(1000);
  expect([a.status().checkpoint > 0, first.is]).toEqual([true, 'running']);
  const end = ending(a.stop());
  await world.pass(300);
  expect([first.is, end.is]).toEqual(['completed', 'completed']);
});

it('a standby shows whom it waits for, and takes over when that one stops', async () => {
  const world = new World();
  const [a, b] = [world.job('a'), world.job('b', { owner: { standby: true } })];
  a.run();
  await world.pass(1000);
  const end = ending(b.run());
  await world.pass(20_000);
  expect(b.status()).toMatchObject({ standby: { holder: 'a', since: 1000 }, epoch: 0 });
  await a.stop();
  await world.pass(2000);
  expect(b.status()).toMatchObject({ standby: undefined, epoch: 2 });
  await world.pass(60_000);
  expect(end.is).toBe('completed');
  expect(await rowsOf(world.store)).toEqual(EVERY_WINDOW);
});

it('a standby that is stopped ends at once, and takes nothing over', async () => {
  const world = new World();
  const [a, b] = [world.job('a'), world.job('b', { owner: { standby: true } })];
  const first = ending(a.run());
  b.run();
  await world.pass(1000);
  expect(await b.stop()).toBe('stopped');
  await world.pass(80_000);
  expect(first.is).toBe('completed');
  expect(a.status().epoch).toBe(1);
});

/* An owner whose timers and answers stand still, as under SIGSTOP, while others go on. */
class Sleeper {
  asleep = { now: false };
  private readonly late: (() => void)[] = [];

  constructor(private readonly world: World) {}

  job(name: string, o: Partial<JobConfig> = {}): Job {
    const checkpoints = this.slow(this.world.store.checkpoints());
    const store = { ...this.world.store, checkpoints: () => checkpoints };
    const source = paced(this.world.clock, this.asleep);
    return build(store, source, { clock: this.world.clock, ...o, owner: { name, ...o.owner } });
  }

  wake(): void {
    this.asleep.now = false;
    for (const go of this.late.splice(0)) go();
  }

  /* Every call to the store waits until the process is awake. */
  private slow<T extends object>(target: T): T {
    return new Proxy(target, {
      get: (_, name) => {
        const value = Reflect.get(target, name) as unknown;
        if (name === 'leases') return this.slow(value as object);
        if (typeof value !== 'function') return value;
        return async (...args: unknown[]) => {
          if (this.asleep.now) await new Promise<void>((resolve) => this.late.push(resolve));
          return value.apply(target, args);
        };
      },
    });
  }
}

it('an owner that slept beyond its lease writes nothing more, and fails in one sentence', async () => {
  for (let sleepAt = 5000; sleepAt < 12_000; sleepAt += 700) {
    const world = new World();
    const zombie = new Sleeper(world);
    const a = zombie.job('a');
    const first = ending(a.run());
    await world.pass(sleepAt);
    zombie.asleep.now = true;
    const second = ending(world.job('b', { owner: { standby: true } }).run());
    await world.pass(20_000);
    const before = await rowsOf(world.store);
    zombie.wake();
    await world.pass(4000);
    expect(first.is).toMatch(/^job "j": epoch 1 is no longer the owner/);
    await world.pass(70_000);
    expect(second.is).toBe('completed');
    expect(before.length).toBeGreaterThan(0);
    expect(await rowsOf(world.store)).toEqual(EVERY_WINDOW);
  }
});

it('an owner that was taken over from becomes the standby, where it may', async () => {
  const world = new World();
  const zombie = new Sleeper(world);
  const a = zombie.job('a', { owner: { standby: true } });
  const b = world.job('b', { owner: { standby: true } });
  const [first, second] = [ending(a.run()), ending(b.run())];
  await world.pass(8000);
  zombie.asleep.now = true;
  await world.pass(20_000);
  expect(b.status().epoch).toBe(2);
  zombie.wake();
  await world.pass(6000);
  expect(a.status()).toMatchObject({ standby: { holder: 'b' } });
  await b.stop();
  expect(second.is).toBe('stopped');
  await world.pass(90_000);
  expect(a.status()).toMatchObject({ epoch: 3, standby: undefined });
  expect(first.is).toBe('completed');
  expect(await rowsOf(world.store)).toEqual(EVERY_WINDOW);
});

it('without a lease whoever comes last takes over', async () => {
  const world = new World();
  const first = ending(world.job('a', { owner: { lease: 'none' } }).run());
  await world.pass(10_000);
  const second = ending(world.job('b', { owner: { lease: 'none' } }).run());
  await world.pass(10_000);
  expect(first.is).toBe('job "j": epoch 1 is no longer the owner');
  await world.pass(60_000);
  expect(second.is).toBe('completed');
  expect(await rowsOf(world.store)).toEqual(EVERY_WINDOW);
});

it('a store without leases has no standby', () => {
  const checkpoints = Object.create(memoryStore().checkpoints(), { leases: { value: undefined } });
  const source = arraySource('clicks', clicks);
  const make = (standby: boolean) =>
    build(memoryStore(), source, { checkpoints, owner: { standby } });
  expect(() => make(true)).toThrow('`owner.standby` must be left out for a store without leases');
  make(false);
});

it('wrong options are refused at construction', () => {
  const of = (owner: object) => () =>
    build(memoryStore(), arraySource('clicks', clicks), { owner });
  expect(of({ lease: 0 })).toThrow('job: `owner.lease` must be a duration > 0');
  expect(of({ standby: 'yes' })).toThrow('job: `owner.standby` must be a boolean; got "yes"');
  expect(of({ name: '' })).toThrow('job: `owner.name` must be a non-empty string');
  expect(of({ gone: true })).toThrow('job: `owner.gone` must be a function');
  expect(of({ lease: 'none', standby: true })).toThrow('must be a duration for a standby');
});
