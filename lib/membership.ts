/** What an operator and the job that it takes part in tell each other. */
import type { Chunks } from './chunks.js';
import type { SettingsError } from './errors.js';

/** What an operator tells a job about itself when it registers. */
export interface Member {
  readonly id: string | undefined;
  readonly operator: string;
  /** Live counters, see `lib/stats`. */
  readonly stats?: object;
  /** A `watermark`: told so that the job can align its sources. */
  readonly time?: boolean;
  /** A sink: the store that it writes to, and what to call when its rows are durable. */
  readonly sink?: SinkMember;
}

export interface SinkMember {
  /** A `SinkStore` of `lib/ports`. */
  readonly store: unknown;
  /** What the user asked for; see `lib/delivery`. @default 'effectivelyOnce' */
  readonly delivery?: string;
  /** How rows are written that no checkpoint carries: a `SinkWriting` of `lib/sinkWriter`. */
  readonly writing?: unknown;
  /** Its rows where they are written as they come; see `lib/job/sinks/eager`. */
  readonly eager?: EagerRows;
  /** So many rows were written without an answer, and will not be again. */
  readonly lost?: (rows: number) => void;
  /** So many rows more are on their way, which the checkpoint had; or fewer, where two became one. */
  readonly resumed?: (rows: number) => void;
  /** The store did not answer, or does again: a `Retry` of `lib/retry`. */
  readonly tried?: (retry: unknown) => void;
  /** Rows reported with barrier n are durable; `result` is the store's `UpsertResult`. */
  readonly committed: (n: number, result: unknown) => void;
  /** The store refuses these rows for good; they are taken out of the checkpoint. */
  readonly refused: (rows: readonly unknown[], error: unknown) => void;
}

/** The rows that a sink hands out as they come. */
export interface EagerRows {
  /** Rows that wait, and rows that were taken out and are not told of. */
  pending(): number;
  take(max: number): readonly unknown[];
  written(result: unknown): void;
}

/** What a job allows an operator whose state does not fit. */
export interface Migrating {
  /** State to be taken in place of what was refused, none where it is given up; throws where nothing is allowed. */
  readonly refit: (saved: Chunks, error: SettingsError) => Chunks | undefined;
  /** Splits that are no longer declared are finished, not refused. */
  readonly finishSplits: boolean;
  /** All state is given up, and time begins here: what is at or before it is late. */
  readonly floor: number | undefined;
}

/** What a job gives an operator in return. */
export interface Membership {
  /** The state of the checkpoint, or undefined when there is none. */
  readonly restored: Chunks | undefined;
  /** Without it, what does not fit is refused. */
  readonly migrating?: Migrating | undefined;
  /** Nothing more will come or is wanted: this state counts in every later checkpoint, these rows in the next. */
  readonly finished: (state: () => Chunks, rows?: readonly unknown[]) => void;
  /** A `watermark` has emitted W. */
  readonly advanced: (w: number, idle: boolean) => void;
  readonly clock: JobClock;
  /** So many events or rows are inside this operator now, taken and not finished: too many hold the sources. */
  readonly pending: (count: number) => void;
  /** For a sink whose rows are written as they come: by the job, which outlives a subscription. */
  readonly eager?: { kick(): void; settle(then: () => void): void };
}

/** The clock of a job, seen by an operator under one of its sources. */
export interface JobClock {
  now(): number;
  /** The same, less the time for which that source was paused. */
  running(): number;
  /** Calls `fn` after `ms`; gives what cancels it. Without it, timers are the operator's own. */
  after?(ms: number, fn: () => void): () => void;
}
