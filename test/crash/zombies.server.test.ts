/** Owners that sleep beyond their lease and wake: the short form of `npm run crash -- --zombies N`. */
import { serverKinds } from './places.js';
import { zombieRuns } from './zombies.js';

it.concurrent.each(serverKinds)(
  'on %s an owner that was taken over from while it slept writes nothing more, and says so',
  async (store) => {
    const report = await zombieRuns({ zombies: 3, jobs: 3, seed: 2, events: 20_000, store });
    expect(report).toMatchObject({ zombies: 3, lost: 0, doubled: 0, wrong: 0 });
    expect(report.midWork).toBeGreaterThan(0);
  },
  120_000,
);
