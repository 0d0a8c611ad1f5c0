/** The main job killed in the middle of its work: the short form of `npm run crash`. */
import { killRuns } from './kills.js';
import { kinds } from './places.js';

it.each(kinds)(
  'on %s killed and started again until done, it ends with the undisturbed table',
  async (store) => {
    const report = await killRuns({ kills: 4, killsPerRun: 2, seed: 7, events: 30_000, store });
    expect(report).toMatchObject({ kills: 4, lost: 0, doubled: 0, wrong: 0 });
    expect(report.midWork).toBeGreaterThan(0);
  },
  120_000,
);
