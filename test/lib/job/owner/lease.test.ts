/** The lease of a job: who begins, who waits, who is refused; in virtual time. */

import { StoreError } from 'tidemark';
import { HeldLeases } from '../../../../lib/heldLeases.js';
import { Lease, type LeaseConfig } from '../../../../lib/job/owner/lease.js';

class World {
  ms = 0;
  away = false;
  readonly events: string[] = [];
  private readonly timers: { at: number; fn: () => void }[] = [];
  readonly leases = new HeldLeases({ now: () => this.ms });

  owner(holder: string, o: Partial<LeaseConfig> = {}): Lease {
    const { leases } = this;
    const gone = () => {
      if (this.away) throw new StoreError('connection', 'away');
    };
    const lease = new Lease({
      job: 'j',
      task: '0',
      holder,
      ttlMs: 600,
      standby: false,
      gone: () => false,
      runtime: {
        now: () => this.ms,
        after: (ms, fn) => {
          const timer = { at: this.ms + ms, fn };
          this.timers.push(timer);
          return () => void (timer.fn = () => {});
        },
      },
      store: {
        take: async (claim) => {
          gone();
          return leases.take(claim);
        },
        release: async (claim) => leases.release(claim),
      },
      ...o,
    });
    lease.lost = (by) => this.events.push(`${holder} lost it to ${by}`);
    return lease;
  }

  /** Notes when this owner begins, or why it does not. */
  begin(lease: Lease, name: string): Promise<void> {
    return lease.take().then(
      () => void this.events.push(`${name} at ${this.ms}`),
      (thrown) => void this.events.push(`${name} at ${this.ms}: ${thrown.message}`),
    );
  }

  /** Lets time pass, ten milliseconds at a time. */
  async pass(ms: number): Promise<void> {
    for (const end = this.ms + ms; this.ms < end; ) {
      this.ms += 10;
      const due = this.timers.filter((timer) => timer.at <= this.ms);
      for (const timer of due) {
        this.timers.splice(this.timers.indexOf(timer), 1);
        timer.fn();
      }
      await new Promise(setImmediate);
    }
  }
}

const REFUSED =
  'job "j": "a" is at work on it; end that one first, or start this one as a standby, which takes over when that one ends';

it('begins at once where the lease is free, and renews it for as long as it works', async () => {
  const world = new World();
  await world.begin(world.owner('a'), 'a');
  await world.pass(5000);
  expect(await world.leases.take({ job: 'j', task: '0', holder: 'x', ttlMs: 1 })).toMatchObject({
    taken: false,
    holder: 'a',
  });
  expect(world.events).toEqual(['a at 0']);
});

it('is refused while another renews the lease, before that lease could have ended', async () => {
  for (const startedAt of [0, 10, 190, 200, 210, 350]) {
    const world = new World();
    await world.begin(world.owner('a'), 'a');
    await world.pass(startedAt);
    world.begin(world.owner('b'), 'b');
    await world.pass(600);
    expect(world.events[1]).toContain(REFUSED);
  }
});

it('is refused also where its own lease is much longer, or much shorter', async () => {
  for (const ttlMs of [30_000, 60]) {
    const world = new World();
    await world.begin(world.owner('a'), 'a');
    world.begin(world.owner('b', { ttlMs }), 'b');
    await world.pass(1000);
    expect(world.events[1]).toContain(REFUSED);
  }
});

it('waits out the lease of an owner that has crashed', async () => {
  const world = new World();
  await world.leases.take({ job: 'j', task: '0', holder: 'crashed', ttlMs: 600 });
  await world.pass(100);
  const b = world.owner('b');
  world.begin(b, 'b');
  await world.pass(490);
  expect(b.standby).toEqual({ holder: 'crashed', since: 100 });
  await world.pass(100);
  expect(world.events).toEqual(['b at 600']);
  expect(b.standby).toBeUndefined();
});

it('waits for nobody who is known to be gone', async () => {
  const world = new World();
  await world.leases.take({ job: 'j', task: '0', holder: 'dead', ttlMs: 600_000 });
  await world.begin(world.owner('b', { gone: async (holder) => holder === 'dead' }), 'b');
  expect(world.events).toEqual(['b at 0']);
});

it('as a standby waits while the owner works, and begins when that one ends', async () => {
  const world = new World();
  const a = world.owner('a');
  await world.begin(a, 'a');
  const b = world.owner('b', { standby: true });
  world.begin(b, 'b');
  await world.pass(10_000);
  expect(b.standby).toEqual({ holder: 'a', since: 0 });
  await a.release();
  await world.pass(100);
  expect(world.events).toEqual(['a at 0', expect.stringMatching(/^b at 10(0\d\d|100)$/)]);
});

it('as a standby takes over within 1.2 leases after the last renewal', async () => {
  for (let startedAt = 0; startedAt < 600; startedAt += 70) {
    const world = new World();
    await world.leases.take({ job: 'j', task: '0', holder: 'crashed', ttlMs: 600 });
    await world.pass(startedAt);
    const b = world.owner('b', { standby: true });
    world.begin(b, 'b');
    await world.pass(720 - startedAt);
    expect(world.events).toHaveLength(1);
    await b.release();
  }
});

it('of two standbys one takes over, and the other waits for it', async () => {
  const world = new World();
  const [a, b, c] = [
    world.owner('a'),
    world.owner('b', { standby: true }),
    world.owner('c', { standby: true }),
  ];
  await world.begin(a, 'a');
  world.begin(b, 'b');
  world.begin(c, 'c');
  await world.pass(300);
  await a.release();
  await world.pass(2000);
  expect(world.events).toHaveLength(2);
  expect([b.standby?.holder, c.standby?.holder].sort()).toEqual(['b', undefined]);
});

it('that slept beyond its lease is told who has it now', async () => {
  const world = new World();
  await world.begin(world.owner('a'), 'a');
  world.ms += 700;
  await world.leases.take({ job: 'j', task: '0', holder: 'b', ttlMs: 600 });
  await world.pass(10);
  expect(world.events).toEqual(['a at 0', 'a lost it to b']);
});

it('goes on without the store, and takes its lease again when the store is back', async () => {
  const world = new World();
  await world.begin(world.owner('a'), 'a');
  world.away = true;
  await world.pass(5000);
  world.away = false;
  await world.pass(300);
  expect(world.events).toEqual(['a at 0']);
  expect((await world.leases.take({ job: 'j', task: '0', holder: 'x', ttlMs: 1 })).taken).toBe(
    false,
  );
});

it('without a store a standby waits, and an owner says why it does not begin', async () => {
  const world = new World();
  world.away = true;
  await world.begin(world.owner('a'), 'a');
  world.begin(world.owner('b', { standby: true }), 'b');
  await world.pass(1000);
  world.away = false;
  await world.pass(200);
  expect(world.events).toEqual(['a at 0: away', expect.stringMatching(/^b at 1\d\d\d$/)]);
});

it('released, it waits no longer, renews no more, and leaves nothing behind', async () => {
  const world = new World();
  const [a, b] = [world.owner('a'), world.owner('b', { standby: true })];
  await world.begin(a, 'a');
  const waiting = b.take();
  await world.pass(50);
  await b.release();
  await waiting;
  await a.release();
  await a.release();
  await world.pass(2000);
  await world.begin(world.owner('c'), 'c');
  expect(world.events).toEqual(['a at 0', 'c at 2050']);
});

it('released while it asks, it holds nothing', async () => {
  const world = new World();
  const a = world.owner('a');
  const taking = a.take();
  await a.release();
  await world.pass(100);
  await taking;
  await world.begin(world.owner('b'), 'b');
  expect(world.events).toEqual(['b at 100']);
});
