/** A server that is killed, and connections that lose what they carry, under the main job: short forms of `npm run crash`. */
import { outageRuns } from './outages.js';
import { serverKinds } from './places.js';

it.concurrent.each(serverKinds)(
  'a server of %s that is killed under the job and started again costs no row, and no second start of the job',
  async (store) => {
    const report = await outageRuns({ kind: 'restart', faults: 3, seed: 3, store });
    expect(report).toMatchObject({ kills: 3, lost: 0, doubled: 0, wrong: 0 });
    // only one that has not begun may give up
    expect(report.again).toBeLessThanOrEqual(report.byStage.start + report.byStage.restore);
  },
  120_000,
);

it.concurrent.each(serverKinds)(
  'requests to %s, or only their replies, that are lost with the connection cost no row',
  async (store) => {
    const report = await outageRuns({ kind: 'cut', faults: 5, seed: 3, store });
    expect(report).toMatchObject({ kills: 5, lost: 0, doubled: 0, wrong: 0 });
  },
  120_000,
);
