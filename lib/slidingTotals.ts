/**
 * Totals over a sliding run of slices, one per key, at a cost per event that does not grow with the
 * number of slices in a window: two stacks per key (Tangwongsan, Hirzel, Schneider: "Low-Latency
 * Sliding-Window Aggregation in Worst-Case Constant Time", DEBS 2017). Memory: one reference and at
 * most one accumulator per partial of the window.
 */
import type { Accumulators, Fold } from './fold.js';
import type { KeyId } from './key.js';
import type { Partial, Slice } from './slice.js';

/** The partials of one key, oldest first: suffix totals before `mid`, one running total from there on. */
export class KeyTotal {
  dead = false;
  private entries: Partial[] = [];
  private head = 0;
  private mid = 0;
  private front: Accumulators[] = [];
  private frontBase = 0;
  private back: Accumulators | undefined;
  private backShared = false;

  constructor(
    readonly id: KeyId,
    private readonly fold: Fold<any>,
  ) {}

  get first(): Partial | undefined {
    return this.entries[this.head];
  }

  /** Adds the newest partial. */
  push(partial: Partial): void {
    this.entries.push(partial);
    if (this.back === undefined) {
      this.back = partial.accs;
      this.backShared = true;
      return;
    }
    if (this.backShared) {
      this.back = this.sum(this.back, partial.accs);
      this.backShared = false;
    } else this.fold.absorb(this.back, partial.accs);
  }

  /** Forgets partials of slices before `start`. Amortised O(1) per partial. */
  evict(start: number): void {
    while ((this.first?.start ?? Infinity) < start) this.head++;
    if (this.head > this.mid) this.flip();
    if (this.head > 64 && this.head * 2 > this.entries.length) this.compact();
  }

  /** The total of what is left; not to be changed. */
  total(): Accumulators {
    const front = this.head < this.mid ? this.front[this.head - this.frontBase] : undefined;
    if (front === undefined) return this.back ?? this.fold.create();
    return this.back === undefined ? front : this.sum(front, this.back);
  }

  private sum(a: Accumulators, b: Accumulators): Accumulators {
    const both = this.fold.create();
    this.fold.absorb(both, a);
    this.fold.absorb(both, b);
    return both;
  }

  private flip(): void {
    const end = this.entries.length;
    this.front = new Array(end - this.head);
    this.frontBase = this.head;
    let suffix: Accumulators | undefined;
    for (let i = end - 1; i >= this.head; i--) {
      const accs = (this.entries[i] as Partial).accs;
      suffix = suffix === undefined ? accs : this.sum(accs, suffix);
      this.front[i - this.head] = suffix;
    }
    this.mid = end;
    this.back = undefined;
  }

  private compact(): void {
    this.entries = this.entries.slice(this.head);
    this.mid -= this.head;
    this.frontBase -= this.head;
    this.head = 0;
  }
}

/* Keys whose oldest partial lies in one slice, in order of first arrival there. */
class Heads {
  readonly totals: KeyTotal[] = [];
  private sorted = true;
  constructor(readonly start: number) {}

  add(total: KeyTotal): void {
    const last = this.totals[this.totals.length - 1];
    if (last !== undefined && bornOf(last) > bornOf(total)) this.sorted = false;
    this.totals.push(total);
  }

  inOrder(): readonly KeyTotal[] {
    if (!this.sorted) this.totals.sort((a, b) => bornOf(a) - bornOf(b));
    this.sorted = true;
    return this.totals;
  }
}

function bornOf(total: KeyTotal): number {
  return total.first?.born ?? 0;
}

/** All keys of the window that is next to fire, in order of (oldest slice, first arrival in it). */
export class SlidingTotals {
  private readonly live = new Map<KeyId, KeyTotal>();
  private readonly heads: Heads[] = [];

  constructor(private readonly fold: Fold<any>) {}

  /** A slice, newer than all before, comes into the run. */
  enter(slice: Slice): void {
    for (const partial of slice.live) {
      const total = this.live.get(partial.id);
      if (total === undefined) this.begin(partial.id, [partial]);
      else total.push(partial);
    }
  }

  /** Slices before `start` leave the run. */
  leave(start: number): void {
    while ((this.heads[0]?.start ?? Infinity) < start) {
      const left = this.heads.shift() as Heads;
      for (const total of left.totals) {
        if (total.dead) continue;
        total.evict(start);
        if (total.first === undefined) this.live.delete(total.id);
        else this.place(total);
      }
    }
  }

  /** Builds one key anew from its partials in the run: a late event has changed one of them. */
  refresh(id: KeyId, partials: readonly Partial[]): void {
    const total = this.live.get(id);
    if (total !== undefined) total.dead = true;
    this.live.delete(id);
    if (partials.length > 0) this.begin(id, partials);
  }

  /** Visits every key; `visit` gives false to stop. */
  forEach(visit: (first: Partial, accs: Accumulators) => boolean): void {
    for (const heads of this.heads) {
      for (const total of heads.inOrder()) {
        if (!total.dead && !visit(total.first as Partial, total.total())) return;
      }
    }
  }

  private begin(id: KeyId, partials: readonly Partial[]): void {
    const total = new KeyTotal(id, this.fold);
    for (const partial of partials) total.push(partial);
    this.live.set(id, total);
    this.place(total);
  }

  private place(total: KeyTotal): void {
    const start = (total.first as Partial).start;
    let i = this.heads.length;
    while (i > 0 && (this.heads[i - 1] as Heads).start > start) i--;
    let heads = this.heads[i - 1];
    if (heads?.start !== start) {
      heads = new Heads(start);
      this.heads.splice(i, 0, heads);
    }
    heads.add(total);
  }
}
