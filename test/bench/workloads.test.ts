/** The benchmarks measure what they say: each workload gives the results of its reference. */
import { Checksum } from './reference.js';
import { workloads } from './workloads.js';

describe.each(workloads)('$name', ({ measured, against, expected, expectedAgainst }) => {
  it.each([0, 1, 2500, 20_000])('gives the results of the hand-written loop at %d', (n) => {
    const sums = [measured, expected, against, expectedAgainst].map((run) => {
      const out = new Checksum();
      run(n, out);
      return out;
    });
    expect(`${sums[0]}`).toBe(`${sums[1]}`);
    expect(`${sums[2]}`).toBe(`${sums[3]}`);
    expect(n === 0 || (sums[0]?.results ?? 0) > 0).toBe(true);
  });
});
