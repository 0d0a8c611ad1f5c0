/** What a run of a task is given, and how it may end. */
import type { CheckpointStore, Source } from '../ports.js';
import type { Lease } from './owner/lease.js';
import type { Runtime } from './runtime.js';
import type { Quarantine } from './sources/quarantine.js';
import type { Feed } from './sources/sourceRun.js';
import type { Beginning } from './start/beginning.js';
import type { Migration } from './start/migration.js';

/** `completed`: every source has finished; `drained`: time was ended by `drain()`; `stopped`: by `stop()`. */
export type Outcome = 'completed' | 'drained' | 'stopped';

export interface TaskRunConfig {
  readonly job: string;
  readonly task: string;
  readonly store: CheckpointStore;
  readonly everyMs: number;
  readonly everyEvents: number;
  readonly maxDriftMs: number;
  /** Events and rows on their way at which the sources are held. */
  readonly maxPending: number;
  /** How long a table may be away before the job fails. */
  readonly outageMs: number;
  /** How long a checkpoint may wait for its reports. */
  readonly timeoutMs: number;
  readonly sources: readonly { readonly source: Source<any>; readonly feed: Feed }[];
  readonly quarantine: Quarantine;
  readonly migration: Migration;
  readonly beginning: Beginning;
  readonly runtime: Runtime;
  /** Waited for before the task is taken over. */
  readonly lease?: Lease | undefined;
}
