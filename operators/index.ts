/** The public door of the operators: everything a pipe needs, and nothing that touches an outside world. */
export {
  type Aggregate,
  count,
  first,
  last,
  max,
  mean,
  min,
  type Results,
  sum,
} from '../lib/aggregates.js';
export type { Chunks, Data } from '../lib/chunks.js';
export type { DeliveryKind } from '../lib/delivery.js';
export type {
  Door,
  Duplicate,
  Invalid,
  InvalidReason,
  Late,
  Missed,
  Poison,
} from '../lib/doors.js';
export { type Duration, parseDuration } from '../lib/duration.js';
export type {
  Barrier,
  Control,
  Element,
  EventElement,
  Restore,
  Status,
  Watermark,
  WindowBounds,
} from '../lib/element.js';
export { event, isElement, watermarkAt, withValue } from '../lib/element.js';
export {
  AsyncInValuesError,
  BackpressureError,
  CodecError,
  FencedError,
  JobError,
  RetractionError,
  SettingsError,
  SplitError,
  StateError,
  StoreError,
  TidemarkError,
  UserFunctionError,
  WatermarkOriginError,
} from '../lib/errors.js';
export { formatInstant, type Instant, toInstant } from '../lib/instant.js';
export type { WatermarkStats } from '../lib/intake.js';
export type { OwnerConfig } from '../lib/job/owner/owner.js';
export type { RestartConfig } from '../lib/job/restarts.js';
export type { Quarantined } from '../lib/job/sources/quarantine.js';
export type { StartConfig } from '../lib/job/start/beginning.js';
export type { MigrateConfig, OperatorMigration } from '../lib/job/start/migration.js';
export type { Outcome } from '../lib/job/taskConfig.js';
export type { JoinInvalid, JoinLate, JoinSideStats, JoinType } from '../lib/joinSide.js';
export type { Joined, JoinStats } from '../lib/joinState.js';
export { collect, type ReduceOptions, reduce } from '../lib/keptEvents.js';
export type { Key } from '../lib/key.js';
export type { Emitter, Logic } from '../lib/logic.js';
export { type EventStream, type InTime, type StageOptions, stageOperator } from '../lib/operate.js';
export type { Pane, WindowResult } from '../lib/panes.js';
export type {
  Checkpoint,
  CheckpointStore,
  Clock,
  Commit,
  CommitAnswer,
  EncodedChunks,
  FenceAnswer,
  LeaseAnswer,
  LeaseClaim,
  LeaseStore,
  OutboxAnswer,
  OutboxBatch,
  OutboxOwner,
  OutboxRun,
  OutboxTarget,
  Ownership,
  Piece,
  PieceName,
  Position,
  Reader,
  Row,
  SinkRows,
  SinkStore,
  Source,
  SourceOutput,
  Store,
  TableConfig,
  TableStore,
  Upsert,
  UpsertResult,
} from '../lib/ports.js';
export type { Ack, SinkStats } from '../lib/sinkState.js';
export type { BreakerConfig, RetryConfig } from '../lib/sinkWriting.js';
export { newStats, type Stats, type StatsDoor, setLive } from '../lib/stats.js';
export type { OnResume } from '../lib/valve.js';
export type { WindowStats } from '../lib/windowStore.js';
export {
  type GridOptions,
  type GridWindows,
  type SessionWindows,
  session,
  sliding,
  tumbling,
  type WindowAssigner,
} from '../lib/windows.js';
export { type BetweenConfig, between } from './between.js';
export { bootstrap } from './bootstrap.js';
export { type DedupeBefore, type DedupeConfig, dedupe } from './dedupe.js';
export { type EventTimeWindowConfig, eventTimeWindow } from './eventTimeWindow.js';
export { type IdempotentSinkConfig, idempotentSink } from './idempotentSink.js';
export {
  type IntervalJoinConfig,
  intervalJoin,
} from './intervalJoin.js';
export type { JobConfig, Task } from './job/config.js';
export { type Job, type JobStatus, job } from './job.js';
export { seekable } from './seekable.js';
export { type Marked, type ToValuesConfig, toValues } from './toValues.js';
export { type UnionConfig, union } from './union.js';
export { values } from './values.js';
export { type WatermarkConfig, watermark } from './watermark.js';
