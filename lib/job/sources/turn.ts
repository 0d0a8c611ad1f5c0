/**
 * The turn of an event, from its source to the end of every pipeline. One may begin inside another,
 * where a source gives an event as it is let go on; whoever wants to see all pipelines between two
 * events waits for the end of the outermost.
 */
export class Turn {
  private depth = 0;
  private readonly waiting: (() => void)[] = [];

  begin(): void {
    this.depth++;
  }

  end(): void {
    this.depth--;
    while (this.depth === 0) {
      const next = this.waiting.shift();
      if (next === undefined) return;
      next();
    }
  }

  /** Does work that is a turn, as that of a timer. */
  during(work: () => void): void {
    this.begin();
    try {
      work();
    } finally {
      this.end();
    }
  }

  /** Calls `fn` between two turns: now, or after this one, in the order asked for. */
  after(fn: () => void): void {
    if (this.depth === 0) fn();
    else this.waiting.push(fn);
  }
}
