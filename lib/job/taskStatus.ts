/** How a run is doing, as its owner reads it. */
import type { Position } from '../ports.js';
import type { Commits } from './checkpoint/commits.js';
import type { Coordinator } from './checkpoint/coordinator.js';
import type { Roster } from './checkpoint/roster.js';
import type { Deliveries, SinkStatus } from './sinks/deliveries.js';
import type { Drift } from './sources/drift.js';
import type { Pressure } from './sources/pressure.js';
import type { SourceRun } from './sources/sourceRun.js';

/** The parts of a run; those that it has from its start on are undefined before. */
export interface RunParts {
  readonly epoch: number;
  readonly fallback: string | undefined;
  readonly coordinator: Coordinator | undefined;
  readonly commits: Commits | undefined;
  readonly deliveries: Deliveries | undefined;
  readonly roster: Roster | undefined;
  readonly pressure: Pressure;
  readonly sources: readonly SourceRun[];
  readonly drift: Drift;
}

export type TaskStatus = ReturnType<typeof taskStatus>;

export function taskStatus(run: RunParts) {
  const { epoch, fallback, coordinator, commits, deliveries, roster, pressure, sources, drift } =
    run;
  return {
    epoch,
    checkpoint: Math.max(coordinator?.n ?? 0, commits?.n ?? 0),
    /** Events and rows on their way, and the most there ever were: at `maxPending` the sources are held. */
    pending: pressure.pending,
    pendingPeak: pressure.peak,
    /** Set where the newest checkpoint was damaged: which one it was, and from which one this run went on. */
    fallback,
    uncommitted: coordinator?.uncommitted ?? 0,
    /** Pieces of state written by this run, and their bytes; those that did not change are not. */
    written: { chunks: 0, bytes: 0, ...commits?.written },
    /** How each sink is written, and what is on its way to the table outside of checkpoints. */
    sinks: deliveries?.status() ?? ([] as SinkStatus[]),
    operators: roster?.stats() ?? new Map<string, object>(),
    sources: sources.map((s, i) => ({
      name: s.name,
      finished: s.finished,
      held: s.gate.reasons,
      heldMs: s.gate.heldMs(),
      watermark: s.finished ? Infinity : (drift.watermark(i) ?? -Infinity),
      position: s.save().at as Position,
    })),
  };
}
