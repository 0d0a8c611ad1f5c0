/** Holds the sources while too much is on its way: what asynchronous stages and outboxes have taken and not finished. */

export class Pressure {
  /** Events and rows on their way, and the most there ever were. */
  pending = 0;
  peak = 0;
  private held = false;
  private readonly counts = new Map<string, number>();

  /** @param high from here on the sources are held, until half of it is left: so the gate does not flutter */
  constructor(
    private readonly high: number,
    private readonly hold: (hold: boolean) => void,
  ) {}

  /** One holder of events or rows has so many now. */
  set(holder: string, count: number): void {
    this.pending += count - (this.counts.get(holder) ?? 0);
    this.counts.set(holder, count);
    this.peak = Math.max(this.peak, this.pending);
    const hold = this.held ? this.pending > this.high / 2 : this.pending >= this.high;
    if (hold === this.held) return;
    this.held = hold;
    this.hold(hold);
  }
}
