/** A small counting window whose every rule can be broken, one at a time. */
import { Observable, type OperatorFunction } from 'rxjs';
import { type Element, event, type Late, watermarkAt } from 'tidemark';

/** What an operator does with its elements. */
export interface Logic<T> {
  next(e: Element<T>, emit: (x: unknown) => void): void;
  end?(emit: (x: unknown) => void): void;
}

export type Pipe<T = any> = OperatorFunction<Element<T>, unknown>;

/** An operator, as one writes it by hand. */
export function byHand<T>(make: () => Logic<T>): Pipe<T> {
  return (in$) =>
    new Observable((out) => {
      const logic = make();
      const emit = (x: unknown): void => out.next(x);
      return in$.subscribe({
        next: (e) => logic.next(e, emit),
        error: (error) => out.error(error),
        complete: () => {
          logic.end?.(emit);
          out.complete();
        },
      });
    });
}

interface Open {
  readonly key: unknown;
  readonly end: number;
  value: { n: number };
  index: number;
}

/** The rules of a window of 5 ms that counts by key; each may be broken. */
export interface Rules {
  readonly size: number;
  readonly late: (late: Late<string>) => void;
  keyOf(value: string): unknown;
  hash(key: unknown): unknown;
  timeOf(e: { readonly timestamp: number }): number;
  endsOf(t: number): readonly number[];
  isLate(end: number, w: number): boolean;
  fires(end: number, w: number): boolean;
  stamp(end: number): number;
  valueOf(open: Open): unknown;
  indexOf(open: Open): number;
  release(results: readonly unknown[], w: Element<never>): readonly unknown[];
  /** What becomes of a window that has fired. */
  fired(open: Map<unknown, Open>, place: unknown): void;
  readonly status: boolean;
  flush(fire: () => void): void;
}

const right: Rules = {
  size: 5,
  late: () => {},
  keyOf: () => [],
  hash: (key) => (Array.isArray(key) ? '' : key),
  timeOf: (e) => e.timestamp,
  endsOf: (t) => [Math.floor(t / 5) * 5 + 5],
  isLate: (end, w) => end - 1 <= w,
  fires: (end, w) => w >= end - 1,
  stamp: (end) => end - 1,
  valueOf: (open) => ({ ...open.value }),
  indexOf: (open) => open.index,
  release: (results, w) => [...results, w],
  fired: (open, place) => open.delete(place),
  status: true,
  flush: (fire) => fire(),
};

/** Counts per key and window of 5 ms, by all rules but those that are given. */
export function counting(broken: Partial<Rules> = {}): Pipe<string> {
  const rules = { ...right, ...broken };
  return byHand(() => {
    const windows = new Counting(rules);
    return {
      next: (e, emit) => windows.next(e, emit),
      end: (emit) => rules.flush(() => windows.advance(watermarkAt(Infinity), emit)),
    };
  });
}

class Counting {
  private w = -Infinity;
  private readonly open = new Map<unknown, Map<unknown, Open>>();

  constructor(private readonly rules: Rules) {}

  next(e: Element<string>, emit: (x: unknown) => void): void {
    if (e.kind === 'event') this.add(e);
    else if (e.kind === 'watermark') this.advance(e, emit);
    else if (e.kind !== 'status' || this.rules.status) emit(e);
  }

  advance(e: Element<never> & { readonly timestamp: number }, emit: (x: unknown) => void): void {
    this.w = e.timestamp;
    const results: unknown[] = [];
    for (const [end, keys] of [...this.open].sort(([a], [b]) => Number(a) - Number(b))) {
      if (!this.rules.fires(Number(end), this.w)) continue;
      for (const [place, open] of [...keys]) {
        results.push(this.result(open));
        this.rules.fired(keys, place);
      }
    }
    for (const x of this.rules.release(results, e)) emit(x);
  }

  private add(e: { readonly value: string; readonly timestamp: number }): void {
    const { rules } = this;
    const ends = rules.endsOf(rules.timeOf(e)).filter((end) => !rules.isLate(end, this.w));
    if (ends.length === 0) rules.late({ ...e, reason: 'late' } as unknown as Late<string>);
    for (const end of ends) {
      const keys = this.open.get(end) ?? new Map<unknown, Open>();
      this.open.set(end, keys);
      const key = rules.keyOf(e.value);
      const place = rules.hash(key);
      const open = keys.get(place) ?? { key, end, value: { n: 0 }, index: 0 };
      open.value.n += 1;
      keys.set(place, open);
    }
  }

  private result(open: Open): unknown {
    const { rules } = this;
    const index = rules.indexOf(open);
    open.index += 1;
    const pane = { timing: 'onTime', index, isFirst: index === 0, isFinal: true, changed: true };
    const window = { start: open.end - rules.size, end: open.end };
    const value = { key: open.key, window, pane, value: rules.valueOf(open) };
    return event(value, rules.stamp(open.end), {});
  }
}
