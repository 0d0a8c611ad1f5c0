/** A binary heap of pending actions, by frame and place in it. Holds an entry per action. */

/** A pending action. `action` goes when it is cancelled; the entry stays until its time or a sweep. */
export interface Entry<A> {
  readonly frame: number;
  readonly order: number;
  action: A | undefined;
}

/** Entries in order of frame, then of order. Cancelled ones are swept when they are more than half. */
export class Heap<A> {
  private entries: Entry<A>[] = [];
  private cancelled = 0;

  push(entry: Entry<A>): void {
    this.entries.push(entry);
    this.rise(this.entries.length - 1);
  }

  cancel(entry: Entry<A>): void {
    entry.action = undefined;
    if (++this.cancelled <= 64 || this.cancelled * 2 < this.entries.length) return;
    this.entries = this.entries.filter((e) => e.action !== undefined).sort(before);
    this.cancelled = 0;
  }

  /** The next entry that is still wanted. */
  peek(): Entry<A> | undefined {
    while (this.entries.length > 0 && this.entries[0]?.action === undefined) {
      this.remove();
      this.cancelled--;
    }
    return this.entries[0];
  }

  pop(): Entry<A> | undefined {
    const first = this.peek();
    if (first !== undefined) this.remove();
    return first;
  }

  /** Takes out everything; gives the actions that were still wanted. */
  clear(): A[] {
    this.cancelled = 0;
    return this.entries.splice(0).flatMap((entry) => {
      const { action } = entry;
      entry.action = undefined;
      return action ?? [];
    });
  }

  private remove(): void {
    const last = this.entries.pop() as Entry<A>;
    if (this.entries.length === 0) return;
    this.entries[0] = last;
    this.sink();
  }

  private rise(i: number): void {
    const moved = this.entries[i] as Entry<A>;
    while (i > 0) {
      const up = (i - 1) >> 1;
      const parent = this.entries[up] as Entry<A>;
      if (before(parent, moved) <= 0) break;
      this.entries[i] = parent;
      i = up;
    }
    this.entries[i] = moved;
  }

  private sink(): void {
    const moved = this.entries[0] as Entry<A>;
    let i = 0;
    for (let down = 1; down < this.entries.length; down = 2 * i + 1) {
      const right = this.entries[down + 1];
      if (right !== undefined && before(right, this.entries[down] as Entry<A>) < 0) down++;
      const child = this.entries[down] as Entry<A>;
      if (before(moved, child) <= 0) break;
      this.entries[i] = child;
      i = down;
    }
    this.entries[i] = moved;
  }
}

function before(a: Entry<unknown>, b: Entry<unknown>): number {
  return a.frame - b.frame || a.order - b.order;
}
