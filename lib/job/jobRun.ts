/** A job from `run` to its end: one task run after another, where a failure may be followed by a restart. */
import { messageOf } from '../errors.js';
import type { Restarts } from './restarts.js';
import type { Outcome, Runtime, TaskRun } from './taskRun.js';

export class JobRun {
  readonly outcome: Promise<Outcome>;
  private settle!: { resolve(o: Outcome): void; reject(thrown: unknown): void };
  private task!: TaskRun;
  private wish: 'stop' | 'drain' | undefined;
  private cancel: (() => void) | undefined;
  private failure: string | undefined;

  /** @param make builds and starts a run of the topology, anew at each call */
  constructor(
    private readonly make: () => TaskRun,
    private readonly restarts: Restarts,
    private readonly runtime: Runtime,
  ) {
    this.outcome = new Promise((resolve, reject) => {
      this.settle = { resolve, reject };
    });
    this.outcome.catch(() => {});
  }

  /** @throws what a wrong topology throws */
  start(): void {
    this.cancel = undefined;
    this.task = this.make();
    if (this.wish === 'drain') this.task.drain();
    this.task.outcome.then(
      (outcome) => this.settle.resolve(outcome),
      (thrown) => this.failed(thrown),
    );
  }

  stop(): void {
    this.wish = 'stop';
    if (this.cancel === undefined) {
      this.task.stop();
      return;
    }
    this.cancel();
    this.settle.resolve('stopped');
  }

  drain(): void {
    this.wish ??= 'drain';
    if (this.cancel === undefined) this.task.drain();
  }

  status() {
    return {
      ...this.task.status(),
      /** Runs after the first, and why the last one ended. */
      restarts: this.restarts.count,
      failure: this.failure,
      /** Between two runs: nothing is read, nothing is written. */
      waiting: this.cancel !== undefined,
    };
  }

  private failed(thrown: unknown): void {
    const { checkpoint: n, sources } = this.task.status();
    const positions = sources.map(({ name, position }) => [name, position] as const);
    const verdict = this.restarts.judge({ thrown, n, positions, now: this.runtime.now() });
    this.failure = messageOf(thrown);
    if ('error' in verdict || this.wish === 'stop') {
      this.settle.reject('error' in verdict ? verdict.error : thrown);
      return;
    }
    this.cancel = this.runtime.after(verdict.afterMs, () => {
      try {
        this.start();
      } catch (again) {
        this.settle.reject(again);
      }
    });
  }
}
