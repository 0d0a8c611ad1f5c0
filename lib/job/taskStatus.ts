/** How a run is doing, as its owner reads it. */
import type { SinkStatus } from './sinks/deliveries.js';
import type { Sources } from './sources/sources.js';
import type { TaskParts } from './taskParts.js';

/** @param parts undefined before the run owns its task */
export function taskStatus(sources: Sources, parts: TaskParts | undefined) {
  const { pressure } = sources;
  return {
    epoch: parts?.epoch ?? 0,
    checkpoint: Math.max(parts?.coordinator.n ?? 0, parts?.commits.n ?? 0),
    /** Events and rows on their way, and the most there ever were: at `maxPending` the sources are held. */
    pending: pressure.pending,
    pendingPeak: pressure.peak,
    /** Set where the newest checkpoint was damaged: which one it was, and from which one this run went on. */
    fallback: parts?.fallback,
    uncommitted: parts?.coordinator.uncommitted ?? 0,
    /** Pieces of state written by this run, and their bytes; those that did not change are not. */
    written: { chunks: 0, bytes: 0, ...parts?.commits.written },
    /** How each sink is written, and what is on its way to the table outside of checkpoints. */
    sinks: parts?.deliveries.status() ?? ([] as SinkStatus[]),
    operators: parts?.roster.stats() ?? new Map<string, object>(),
    sources: sources.status(),
  };
}
