/** Barriers: one turn through every source, and the reports that come back. */
import { barrierAt } from '../../element.js';
import type { PendingRow } from '../../rowBatch.js';
import type { SourceRun } from '../sources/sourceRun.js';
import type { Capture, Coordinator } from './coordinator.js';
import type { Reading } from './reading.js';
import type { Roster } from './roster.js';

/**
 * Sends the barrier of a capture. A report that comes in this turn is found when the turn is over; the
 * coordinator is told of later ones. What is reported for a declined n goes into the next.
 */
export function sendBarrier(
  capture: Capture,
  sources: readonly SourceRun[],
  to: {
    readonly roster: Roster;
    readonly coordinator: Coordinator;
    readonly reading: Reading;
  },
): void {
  const { n, reports, positions } = capture;
  let late = false;
  const barrier = barrierAt(n, (id, state, rows = []) => {
    const taken = rows as readonly PendingRow[];
    if (!to.coordinator.waitsFor(n)) {
      to.roster.carry(id, taken);
      return;
    }
    reports.set(id, { state: to.reading.take(id, state()), rows: taken });
    if (!late) return;
    to.reading.read();
    to.coordinator.reported();
  });
  for (const source of sources) {
    positions.set(source.name, source.save());
    source.send(barrier);
  }
  late = true;
  to.reading.read();
}
