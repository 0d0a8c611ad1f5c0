/** The main job killed in the middle of its work on a server: the short form of `npm run crash`. */
import { killRuns } from './kills.js';
import { serverKinds } from './places.js';
import { missed } from './tally.js';

it.each(serverKinds)(
  'on %s killed and started again until done, it ends with the undisturbed table',
  async (store) => {
    const report = await killRuns({
      kills: 20,
      killsPerRun: 10,
      seed: 7,
      events: 8000,
      store,
      jobs: 2,
    });
    expect(report).toMatchObject({ kills: 20, lost: 0, doubled: 0, wrong: 0 });
    expect(missed(report)).toEqual([]);
  },
  300_000,
);
