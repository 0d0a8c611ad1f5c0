/**
 * Keeps order around work that is not finished: a barrier waits until what came before it is, and what
 * comes after the barrier waits behind it. Memory: what has come since the barrier; it counts as pending.
 */
export class Settling {
  /** A barrier waits, and so does what comes now. */
  waiting = false;
  private readonly behind: (() => void)[] = [];

  constructor(
    /** Calls back when the work is finished: at once where it is. */
    private readonly whenSettled: (then: () => void) => void,
    /** Runs what comes of a promise as a turn of its own. */
    private readonly turn: (task: () => void) => void,
    /** So many tasks wait. */
    private readonly held: (count: number) => void,
  ) {}

  /** Keeps a task behind the barrier that waits. */
  queue(task: () => void): void {
    this.behind.push(task);
    this.held(this.behind.length);
  }

  /** Runs a task when the work before it is finished; what comes later stays behind it. */
  after(task: () => void): void {
    this.waiting = true;
    let now = true;
    const go = (): void => {
      this.waiting = false;
      task();
      this.drain();
    };
    this.whenSettled(() => (now ? go() : this.turn(go)));
    now = false;
  }

  private drain(): void {
    if (this.behind.length === 0) return;
    let done = 0;
    while (!this.waiting && done < this.behind.length) this.behind[done++]?.();
    this.behind.splice(0, done);
    this.held(this.behind.length);
  }
}
