/** One incarnation of a job: what it began never reaches it again once it has been killed. */
import { ProcessClock, type VirtualTime } from './virtualTime.js';

/** Of one process. */
const MOST_RUNS = 1_000_000;

export class Process {
  alive = true;
  /** Its job has ended, one way or the other. */
  ended = false;
  readonly clock: ProcessClock;
  /** Work outside of virtual time that it waits for. */
  working = 0;
  /** Readers that are open. */
  readers = 0;
  private readonly marks = new Map<number, number>();
  private frozen = false;
  private held: (() => void)[] = [];

  constructor(
    readonly number: number,
    time: VirtualTime,
    startMs: number,
  ) {
    this.clock = new ProcessClock(time, startMs, (task) => this.run(task));
  }

  /** In place of a mark that a run has drawn: the same seed gives the same one, and no other run has it. */
  markOf(drawn: number): number {
    const known = this.marks.get(drawn) ?? this.number * MOST_RUNS + this.marks.size;
    this.marks.set(drawn, known);
    return known;
  }

  /** Runs a task now, after the thaw, or never. */
  run(task: () => void): void {
    if (!this.alive) return;
    if (this.frozen) this.held.push(task);
    else task();
  }

  kill(): void {
    this.alive = false;
    this.working = 0;
    this.held = [];
    this.clock.clear();
  }

  freeze(): void {
    this.frozen = true;
  }

  thaw(): void {
    this.frozen = false;
    for (const task of this.held.splice(0)) this.run(task);
  }
}
