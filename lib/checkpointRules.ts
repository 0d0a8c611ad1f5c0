/** What every checkpoint store answers: who owns a task, what follows what, what may be restored. */
import { CodecError, JobError, StoreError, show } from './errors.js';
import type { Commit, CommitAnswer, EncodedChunks, SinkRows } from './ports.js';

/** The layout of stored checkpoints that this version writes; newer ones are refused. */
export const CHECKPOINT_FORMAT = 1;

/** What a store knows of a task besides its state. */
export interface TaskRecord {
  readonly epoch: number;
  /** 0 before the first checkpoint. */
  readonly n: number;
  readonly fingerprint: string;
  readonly format: number;
}

/** Refuses to restore what another configuration, or a newer version, wrote. @throws JobError */
export function checkRestorable(
  job: string,
  fingerprint: string | undefined,
  held: TaskRecord,
): void {
  if (held.format > CHECKPOINT_FORMAT) {
    throw new JobError(
      job,
      `its checkpoint has format ${held.format}; this version reads up to ${CHECKPOINT_FORMAT}: run the version that wrote it`,
    );
  }
  if (fingerprint !== undefined && held.n > 0 && held.fingerprint !== fingerprint) {
    throw new JobError(
      job,
      `its checkpoint was written by another configuration (${show(held.fingerprint)}, now ${show(fingerprint)}); use the configuration that wrote it, or another job id`,
    );
  }
}

/** Refuses state of which a piece is gone: each that is there may be whole. @throws CodecError */
export function checkPieces(state: ReadonlyMap<string, EncodedChunks>, pieces: number): void {
  let found = 0;
  for (const chunks of state.values()) found += chunks.size;
  if (found !== pieces) throw new CodecError(`${found} of ${pieces} pieces of state are there`);
}

/** Why a commit is not applied, or undefined when it is to be applied. */
export function rejection(
  commit: Pick<Commit, 'epoch' | 'n' | 'prev'>,
  held: TaskRecord | undefined,
): CommitAnswer | undefined {
  if (held === undefined || held.epoch !== commit.epoch) return { outcome: 'fenced' };
  if (held.n === commit.n) return { outcome: 'duplicate' };
  if (held.n !== commit.prev || commit.n <= commit.prev) return { outcome: 'gap' };
  return undefined;
}

/** Rows of a commit must go to tables of the same store. @throws StoreError */
export function checkTransaction(rows: readonly SinkRows[], transaction: object): void {
  for (const { store } of rows) {
    if (store.transaction === transaction) continue;
    throw new StoreError(
      'refused',
      `table ${show(store.name)} shares no transaction with these checkpoints`,
    );
  }
}
