/** A job from `run` to its end: one task run after another, where a failure may be followed by a restart. */
import { FencedError, JobError, messageOf } from '../errors.js';
import type { Lease } from './owner/lease.js';
import type { Restarts, Verdict } from './restarts.js';
import type { Runtime } from './runtime.js';
import { type Quarantine, textOf } from './sources/quarantine.js';
import type { Outcome } from './taskConfig.js';
import type { TaskRun } from './taskRun.js';

/** So long the end waits for the lease to be freed, within the deadline of `stop` and `drain`. */
const RELEASE_MS = 3000;

export interface JobRunConfig {
  readonly job: string;
  /** How long `stop` and `drain` may take. */
  readonly stopMs: number;
  readonly restarts: Restarts;
  readonly quarantine: Quarantine;
  readonly runtime: Runtime;
  readonly lease?: Lease | undefined;
  /** Builds and starts a run of the topology, anew at each call. */
  readonly make: () => TaskRun;
}

export class JobRun {
  readonly outcome: Promise<Outcome>;
  private settle!: { resolve(o: Outcome): void; reject(thrown: unknown): void };
  private task!: TaskRun;
  private wish: 'stop' | 'drain' | undefined;
  private cancel: (() => void) | undefined;
  private failure: string | undefined;
  private inTime: (() => void) | undefined;
  /** When it must have ended. */
  private deadline = Infinity;
  private over = false;
  /** The end is decided, though it may not be told yet: nothing starts any more. */
  private decided = false;
  private left = false;
  /** Tells the end without waiting for the lease any longer. */
  private tell: (() => void) | undefined;

  constructor(private readonly config: JobRunConfig) {
    this.outcome = new Promise((resolve, reject) => {
      this.settle = {
        resolve: (outcome) => this.leave(() => resolve(outcome)),
        reject: (thrown) => this.leave(() => reject(thrown)),
      };
    });
    const { lease } = config;
    if (lease !== undefined) {
      lease.lost = (holder) => {
        this.task.fail(new FencedError(config.job, this.task.status().epoch, holder));
      };
    }
    const over = (): void => {
      this.over = true;
      this.cancel = undefined;
      this.inTime?.();
    };
    this.outcome.then(over, over);
  }

  /** @throws what a wrong topology throws */
  start(): void {
    this.cancel = undefined;
    this.task = this.config.make();
    if (this.wish === 'drain') this.task.drain();
    this.task.outcome.then(
      (outcome) => this.settle.resolve(outcome),
      (thrown) => this.failed(thrown),
    );
  }

  stop(): void {
    this.wish = 'stop';
    this.limit('stop');
    if (this.cancel === undefined) {
      this.task.stop();
      return;
    }
    this.cancel();
    this.settle.resolve('stopped');
  }

  drain(): void {
    this.wish ??= 'drain';
    this.limit('drain');
    if (this.cancel === undefined) this.task.drain();
  }

  /** What its sinks promise; undefined before they are known. */
  get guarantee(): string | undefined {
    return this.task?.guarantee;
  }

  status() {
    return {
      ...this.task.status(),
      /** Runs after the first, and why the last one ended. */
      restarts: this.config.restarts.count,
      failure: this.failure,
      /** Between two runs: nothing is read, nothing is written. */
      waiting: this.cancel !== undefined,
      /** Set while it waits for another owner to end: nothing is read, nothing is written. */
      standby: this.config.lease?.standby,
      /** Events that are left out, since the job failed at them again and again. */
      quarantined: this.config.quarantine.count,
    };
  }

  /* A run that cannot end in time fails, which is as safe as a crash. */
  private limit(wish: string): void {
    const { job, stopMs, runtime } = this.config;
    if (this.over || this.inTime !== undefined) return;
    this.deadline = runtime.now() + stopMs;
    this.inTime = runtime.after(stopMs, () => {
      if (this.left) {
        this.tell?.();
        return;
      }
      const lacks = this.cancel === undefined ? this.task.lacks : 'its next start';
      this.cancel?.();
      const detail = `it could not ${wish} within ${stopMs} ms; it waits for ${lacks}`;
      const late = new JobError(
        job,
        `${detail}: run it again, it goes on from its newest checkpoint`,
      );
      this.task.fail(late);
      this.settle.reject(late);
    });
  }

  private failed(thrown: unknown): void {
    if (this.decided) return;
    this.failure = messageOf(thrown);
    try {
      if (this.becomesStandby(thrown)) {
        this.start();
        return;
      }
      const verdict = this.judge(thrown);
      if ('error' in verdict) throw verdict.error;
      if (this.wish === 'stop') throw thrown;
      this.cancel = this.config.runtime.after(verdict.afterMs, () => this.again());
    } catch (final) {
      this.settle.reject(final);
    }
  }

  /* The lease is free before the end is told; a store that does not answer keeps nobody waiting. */
  private leave(told: () => void): void {
    const { lease, runtime } = this.config;
    this.decided = true;
    if (lease === undefined) {
      told();
      return;
    }
    if (this.left) return;
    this.left = true;
    const left = Math.max(0, this.deadline - runtime.now());
    const cancel = runtime.after(Math.min(RELEASE_MS, left), told);
    this.tell = () => {
      cancel();
      told();
    };
    lease.release().then(this.tell);
  }

  private judge(thrown: unknown): Verdict {
    const { restarts, quarantine, runtime } = this.config;
    const { checkpoint: n, sources } = this.task.status();
    const positions = sources.map(({ name, position }) => [name, position] as const);
    const { culprit } = this.task;
    const event = culprit && `${culprit.source} ${textOf(culprit)}`;
    const verdict = restarts.judge({ thrown, n, positions, event, now: runtime.now() });
    if (!('error' in verdict && verdict.stuck) || culprit === undefined) return verdict;
    return quarantine.add(culprit, n) ? { afterMs: restarts.anew() } : verdict;
  }

  /* Another has taken over: it is the owner now, and this one waits for its end. */
  private becomesStandby(thrown: unknown): boolean {
    const { lease } = this.config;
    if (lease?.waits !== true || !(thrown instanceof FencedError)) return false;
    if (this.wish === 'stop') return false;
    lease.drop();
    return true;
  }

  private again(): void {
    try {
      this.start();
    } catch (thrown) {
      this.settle.reject(thrown);
    }
  }
}
