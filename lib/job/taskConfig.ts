/** What a run of a task is given, and how it may end. */
import type { CheckpointStore } from '../ports.js';
import type { Lease } from './owner/lease.js';
import type { SourcesConfig } from './sources/sources.js';
import type { Beginning } from './start/beginning.js';
import type { Migration } from './start/migration.js';

/** `completed`: every source has finished; `drained`: time was ended by `drain()`; `stopped`: by `stop()`. */
export type Outcome = 'completed' | 'drained' | 'stopped';

export interface TaskRunConfig extends SourcesConfig {
  readonly job: string;
  readonly task: string;
  readonly store: CheckpointStore;
  /** Drawn at random for each run. */
  readonly mark: number;
  readonly everyMs: number;
  readonly everyEvents: number;
  /** How long a table may be away before the job fails. */
  readonly outageMs: number;
  /** How long a checkpoint may wait for its reports. */
  readonly timeoutMs: number;
  readonly migration: Migration;
  readonly beginning: Beginning;
  /** Waited for before the task is taken over. */
  readonly lease?: Lease | undefined;
}
