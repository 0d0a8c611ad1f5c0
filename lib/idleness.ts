/** Which splits have been silent for too long: a list in order of last arrival, O(1) an event. */

const NONE = -1;

/**
 * One time-out for all, so the order of last arrivals is the order of deadlines. A clock that is set
 * back counts as one that stands: no deadline moves to an earlier instant. State: O(splits).
 */
export class Idleness {
  private readonly at: (number | undefined)[] = [];
  private readonly before: number[] = [];
  private readonly after: number[] = [];
  private first = NONE;
  private last = NONE;
  private latest = -Infinity;

  constructor(private readonly timeoutMs: number) {}

  /** The earliest instant at which a split turns idle; +∞ where none can. */
  get deadline(): number {
    return this.first === NONE ? Infinity : (this.at[this.first] as number) + this.timeoutMs;
  }

  /** Split i shows a sign of life: its clock starts anew. */
  touch(i: number, now: number): void {
    if (this.timeoutMs === Infinity) return;
    if (now > this.latest) this.latest = now;
    if (i !== this.last) {
      if (this.at[i] !== undefined) this.unlink(i);
      this.before[i] = this.last;
      this.after[i] = NONE;
      if (this.last === NONE) this.first = i;
      else this.after[this.last] = i;
      this.last = i;
    }
    this.at[i] = this.latest;
  }

  /** Takes out the split with the earliest deadline if `now` has reached it; else −1. */
  due(now: number): number {
    const i = this.first;
    if (i === NONE || this.deadline > now) return NONE;
    this.unlink(i);
    this.at[i] = undefined;
    return i;
  }

  private unlink(i: number): void {
    const before = this.before[i] as number;
    const after = this.after[i] as number;
    if (before === NONE) this.first = after;
    else this.after[before] = after;
    if (after === NONE) this.last = before;
    else this.before[after] = before;
  }
}
