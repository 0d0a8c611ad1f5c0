/** Makes checkpoints durable: refused rows out, unknown answers looked up, never re-sent blindly. */
import { backOff } from '../../backOff.js';
import { ChunkDiff, type Diff } from '../../chunkDiff.js';
import { FencedError, JobError } from '../../errors.js';
import type { Captured } from '../../page.js';
import type {
  Checkpoint,
  CheckpointStore,
  Commit,
  CommitAnswer,
  EncodedChunks,
  SinkRows,
  UpsertResult,
} from '../../ports.js';
import type { PendingRow } from '../../rowBatch.js';
import { isConnectionFault, isRefusal } from '../../storeFault.js';
import type { Deliveries } from '../sinks/deliveries.js';
import { isOutboxPiece } from '../sinks/outbox.js';
import type { Capture } from './coordinator.js';
import type { Roster } from './roster.js';

const ATTEMPTS = 6;
const WAIT = { delayMs: 100, maxDelayMs: 5000 };

const NOTHING: Diff = { changed: [], dropped: [], pieces: 0 };

export interface CommitsConfig {
  readonly job: string;
  readonly task: string;
  readonly epoch: number;
  readonly fingerprint: string;
  readonly store: CheckpointStore;
  readonly roster: Roster;
  readonly deliveries: Deliveries;
  readonly wait: (ms: number) => Promise<void>;
}

export class Commits {
  private readonly diff: ChunkDiff;
  private changes: Diff = NOTHING;
  /** The newest n that this run has written; 0 before. */
  n = 0;
  /** Whether the newest checkpoint has rows that wait to be applied, or to be dropped. */
  holdsRows: boolean;
  /** Pieces of state written so far; those that did not change are not. */
  readonly written = { chunks: 0, bytes: 0 };
  private before: Promise<void> | undefined;
  private ended = false;

  /** @param state that of the checkpoint that the run begins with */
  constructor(
    private readonly config: CommitsConfig,
    state?: Checkpoint['state'],
  ) {
    this.diff = new ChunkDiff(state);
    this.holdsRows = [...(state?.values() ?? [])].some((own) =>
      [...own.keys()].some(isOutboxPiece),
    );
  }

  /** Nothing is written before this is done. */
  after(work: Promise<void>): Promise<void> {
    this.before = work.then(() => {
      this.before = undefined;
    });
    return this.before;
  }

  /** The run is over: what was not sent yet is not sent any more, since its parts may be gone. */
  end(): void {
    this.ended = true;
  }

  /**
   * Resolves when the capture is durable and its sinks know.
   * @throws FencedError when another owner has taken over; JobError, StoreError when it cannot be written
   */
  async write(capture: Capture, prev: number): Promise<void> {
    if (this.before !== undefined) await this.before;
    const rows = new Map<string, readonly PendingRow[]>();
    const { deliveries, roster } = this.config;
    for (const [id, report] of capture.reports) {
      if (deliveries.inCommit(id)) rows.set(id, report.rows);
    }
    await deliveries.prepare(capture.n);
    const outboxes = deliveries.pieces(capture.n);
    this.holdsRows = [...outboxes.values()].some((pieces) => pieces.size > 0);
    this.changes = this.diff.next(stateOf(capture, outboxes));
    const results = await this.settle(capture, prev, rows);
    this.written.chunks += this.changes.changed.length;
    for (const { bytes } of this.changes.changed) this.written.bytes += bytes.length;
    this.changes = NOTHING;
    this.diff.durable();
    for (const [i, [id, own]] of [...rows].entries()) {
      const result = results[i] ?? { written: 0, ignored: own.length, conflicts: 0 };
      roster.sink(id)?.committed(capture.n, { ...result, rows: own.length });
    }
    this.n = capture.n;
    deliveries.durable(capture.n);
  }

  /* A refused row is taken out, and the same n is sent again. */
  private async settle(
    capture: Capture,
    prev: number,
    rows: Map<string, readonly PendingRow[]>,
  ): Promise<readonly UpsertResult[]> {
    const { roster } = this.config;
    for (;;) {
      const sinks = [...rows].map(([id, own]) => roster.rowsOf(id, own));
      try {
        return this.results(await this.send(this.commitOf(capture, prev, sinks)), capture.n);
      } catch (thrown) {
        if (!isRefusal(thrown) || thrown.refused.length === 0) throw thrown;
        const refused = new Set(thrown.refused);
        for (const [id, own] of rows) {
          const bad = own.filter((row) => refused.has(row));
          if (bad.length === 0) continue;
          roster.sink(id)?.refused(bad, thrown);
          rows.set(
            id,
            own.filter((row) => !refused.has(row)),
          );
        }
      }
    }
  }

  private results(answer: CommitAnswer, n: number): readonly UpsertResult[] {
    const { job, epoch } = this.config;
    if (answer.outcome === 'ok') return answer.results;
    if (answer.outcome === 'fenced') throw new FencedError(job, epoch);
    if (answer.outcome === 'duplicate') return [];
    throw new JobError(job, `checkpoint ${n} does not follow the one that the store has`);
  }

  /* After a connection fault the outcome is unknown: the store is asked before anything is sent again. */
  private async send(commit: Commit): Promise<CommitAnswer> {
    const { store, wait, job, task } = this.config;
    let sent = false;
    for (let attempt = 1; ; attempt++) {
      try {
        if (sent) {
          const { epoch, n } = await store.lastCommitted(job, task);
          if (epoch !== commit.epoch) return { outcome: 'fenced' };
          if (n === commit.n) return { outcome: 'duplicate' };
        }
        if (this.ended) throw new JobError(job, `its run is over before checkpoint ${commit.n}`);
        sent = true;
        return await store.commit(commit);
      } catch (thrown) {
        if (!isConnectionFault(thrown) || attempt >= ATTEMPTS) throw thrown;
        await wait(backOff(WAIT, attempt));
      }
    }
  }

  private commitOf(capture: Capture, prev: number, rows: readonly SinkRows[]): Commit {
    const { job, task, epoch, fingerprint } = this.config;
    const { n, positions, final: drained } = capture;
    const operators = [...capture.reports.keys()];
    const what = { positions, operators, ...this.changes, rows };
    return { job, task, epoch, n, prev, ...what, drained, fingerprint };
  }
}

function stateOf(
  { reports }: Capture,
  outboxes: ReadonlyMap<string, EncodedChunks>,
): Map<string, Captured> {
  const state = new Map<string, Captured>();
  for (const [id, report] of reports) {
    const pieces = outboxes.get(id);
    state.set(id, pieces === undefined ? report.state : new Map([...report.state, ...pieces]));
  }
  return state;
}
