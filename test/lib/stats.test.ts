/** Counters: saved with groups, restored into the live object. */
import { copyStats, newStats, restoreStats, setLive } from '../../lib/stats.js';

describe('stats', () => {
  it('are copied whole, so that a snapshot does not move with them', () => {
    const live = newStats({ evicted: 3, left: { in: 1 } });
    const copy = copyStats(live);
    live.evicted++;
    live.left.in++;
    expect([copy.evicted, copy.left.in]).toEqual([3, 1]);
  });

  it('are restored into the live object; a counter that was not saved keeps its value', () => {
    const live = newStats({ evicted: 3, left: { in: 1, late: 7 } });
    const { left } = live;
    restoreStats(live, { in: 9, evicted: 'x', left: { in: 5 }, unknown: 1 });
    expect([live.in, live.evicted, live.left.in, live.left.late]).toEqual([9, 3, 5, 7]);
    expect(live.left).toBe(left);
    expect('unknown' in live).toBe(false);
    restoreStats(live, null);
    restoreStats(live, { left: 4 });
    expect(live.left.in).toBe(5);
  });

  it('keep the peak of live records', () => {
    const live = newStats();
    for (const n of [2, 5, 1]) setLive(live, n);
    expect([live.live, live.peak]).toEqual([1, 5]);
  });
});
