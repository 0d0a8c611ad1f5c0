/** The end of a run: rows that wait are applied, and one more checkpoint drops them. */
import type { Checkpoint } from '../../ports.js';
import type { Deliveries } from '../sinks/deliveries.js';
import type { Commits } from './commits.js';
import type { Capture } from './coordinator.js';
import { type Reports, type Roster, withoutRows } from './roster.js';

/** A checkpoint as if it had been captured: nothing follows it. */
export function captureOf({ n, state, positions }: Checkpoint): Capture {
  const reports: Reports = new Map(
    [...state].map(([id, own]) => [id, { state: withoutRows(own), rows: [] }]),
  );
  return { n, reports, positions: new Map(positions), final: true, last: true };
}

/** The parts of a run that ends. */
interface Ending {
  readonly deliveries: Deliveries;
  readonly roster: Roster;
  readonly commits: Commits;
  readonly over: () => boolean;
}

/** Resolves when every row of the last checkpoint is applied, and the newest checkpoint has none. */
export async function settleRows(last: Capture, run: Ending): Promise<void> {
  const { deliveries, roster, commits } = run;
  await deliveries.idle();
  if (run.over() || !commits.holdsRows) return;
  const n = last.n + 1;
  const reports: Reports = new Map();
  for (const [id, { state }] of last.reports) {
    reports.set(id, { state, rows: [] });
  }
  // a sink that has no outbox now has not yet written what its outbox held
  roster.complete(reports);
  deliveries.take(n, (id) => reports.get(id)?.rows ?? []);
  await commits.write({ ...last, n, reports }, last.n);
  await deliveries.idle();
}
