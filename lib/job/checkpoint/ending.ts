/** The end of a run: rows that wait are applied, and one more checkpoint drops them. */
import type { Checkpoint } from '../../ports.js';
import type { Deliveries } from '../sinks/deliveries.js';
import type { Commits } from './commits.js';
import type { Capture } from './coordinator.js';
import { type Reports, withoutRows } from './roster.js';

/** A checkpoint as if it had been captured: nothing follows it. */
export function captureOf({ n, state, positions }: Checkpoint): Capture {
  const reports: Reports = new Map(
    [...state].map(([id, own]) => [id, { state: withoutRows(own), rows: [] }]),
  );
  return { n, reports, positions: new Map(positions), final: true, last: true };
}

/** Resolves when every row of the last checkpoint is applied, and the newest checkpoint has none. */
export async function settleRows(
  last: Capture,
  run: { readonly deliveries: Deliveries; readonly commits: Commits; readonly over: () => boolean },
): Promise<void> {
  await run.deliveries.idle();
  if (run.over() || !run.commits.holdsRows) return;
  const reports: Reports = new Map();
  for (const [id, { state }] of last.reports) {
    reports.set(id, { state, rows: [] });
  }
  await run.commits.write({ ...last, n: last.n + 1, reports }, last.n);
}
