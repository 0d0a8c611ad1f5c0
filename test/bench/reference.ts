/** The workload and the hand-written loops that ratios are taken to: the practical limit of V8. */

const T0 = 1_700_000_000_000;
export const DISORDER_MS = 5000;

export interface Item {
  readonly key: string;
  readonly ts: number;
  readonly value: number;
}

/** A linear congruential generator (Numerical Recipes), exact in doubles. */
class Generator {
  private x = 42;
  pick(n: number): number {
    this.x = (Math.imul(this.x, 1664525) + 1013904223) | 0;
    return Math.floor(((this.x >>> 0) * n) / 2 ** 32);
  }
}

/** Makes `count` events, one a millisecond, each up to 5 s behind, of `keys` keys. */
export function drive(count: number, keys: number, next: (item: Item) => void): void {
  const random = new Generator();
  const names = Array.from({ length: keys }, (_, i) => `u${i}`);
  for (let i = 0; i < count; i++) {
    const key = names[random.pick(keys)] as string;
    const delay = random.pick(DISORDER_MS + 1);
    const value = random.pick(1000) + 1;
    next({ key, ts: T0 + i - delay, value });
  }
}

/** Counts results and sums their hashes: the order of results does not matter. */
export class Checksum {
  results = 0;
  private sum = 0;

  /** The hash of one result, field by field; a key is the integer after its letter. */
  add(key: string, start: number, a: number, b?: number, c?: number): void {
    let h = mix(mix(mix(0, keyNumber(key)), start - T0), a);
    if (b !== undefined) h = mix(h, b);
    if (c !== undefined) h = mix(h, c);
    this.results++;
    this.sum = (this.sum + h) | 0;
  }

  toString(): string {
    return `${this.results} results, checksum ${(this.sum >>> 0).toString(16).padStart(8, '0')}`;
  }
}

function mix(h: number, field: number): number {
  const x = Math.imul(h ^ field, 0x9e3779b1);
  return x ^ (x >>> 16);
}

function keyNumber(key: string): number {
  let n = 0;
  for (let i = 1; i < key.length; i++) n = n * 10 + key.charCodeAt(i) - 48;
  return n | 0;
}

/** W = greatest timestamp − disorder − 1 after every 100th event, +∞ at the end. */
function withWatermarks(
  [count, keys]: readonly [number, number],
  next: (item: Item) => void,
  advance: (w: number) => void,
): void {
  let max = -Infinity;
  let left = 100;
  drive(count, keys, (item) => {
    if (item.ts > max) max = item.ts;
    next(item);
    if (--left === 0) {
      left = 100;
      advance(max - DISORDER_MS - 1);
    }
  });
  advance(Infinity);
}

/** Dense numbers for keys. */
class KeyTable {
  readonly names: string[] = [];
  private readonly ids = new Map<string, number>();
  idOf(key: string): number {
    let id = this.ids.get(key);
    if (id === undefined) {
      id = this.names.length;
      this.ids.set(key, id);
      this.names.push(key);
    }
    return id;
  }
}

class Slice {
  start = 0;
  n = 0;
  readonly touched: Int32Array;
  readonly count: Int32Array;
  readonly sum: Float64Array;
  readonly max: Int32Array;
  constructor(keys: number) {
    this.touched = new Int32Array(keys);
    this.count = new Int32Array(keys);
    this.sum = new Float64Array(keys);
    this.max = new Int32Array(keys);
  }
}

/** Tumbling windows of 10 s by key: count, sum, max. One typed-array slice per open window. */
export function tumblingByHand(count: number, keys: number, out: Checksum): void {
  const SIZE = 10_000;
  const table = new KeyTable();
  const open: Slice[] = [];
  const free: Slice[] = [];
  let current: Slice | undefined;
  let lo = 0;
  let hi = 0;
  const find = (ts: number): void => {
    lo = Math.floor(ts / SIZE) * SIZE;
    hi = lo + SIZE;
    current = undefined;
    for (const s of open) if (s.start === lo) current = s;
    if (current !== undefined) return;
    current = free.pop() ?? new Slice(keys);
    current.start = lo;
    open.push(current);
    open.sort((a, b) => a.start - b.start);
  };
  const next = ({ key, ts, value }: Item): void => {
    if (ts < lo || ts >= hi) find(ts);
    const id = table.idOf(key);
    const c = current as Slice;
    if ((c.count[id] as number) === 0) {
      c.touched[c.n++] = id;
      c.count[id] = 1;
      c.sum[id] = value;
      c.max[id] = value;
      return;
    }
    c.count[id] = (c.count[id] as number) + 1;
    c.sum[id] = (c.sum[id] as number) + value;
    if (value > (c.max[id] as number)) c.max[id] = value;
  };
  const advance = (w: number): void => {
    for (let s = open[0]; s !== undefined && s.start + SIZE - 1 <= w; s = open[0]) {
      open.shift();
      if (s === current) lo = hi = 0;
      for (let j = 0; j < s.n; j++) {
        const id = s.touched[j] as number;
        const name = table.names[id] as string;
        out.add(name, s.start, s.count[id] as number, s.sum[id] as number, s.max[id] as number);
        s.count[id] = 0;
      }
      s.n = 0;
      free.push(s);
    }
  };
  withWatermarks([count, keys], next, advance);
}

/** Sums of windows of `ratio` seconds each second by key: a running total, slices subtracted. */
export function slidingByHand(ratio: number, count: number, keys: number, out: Checksum): void {
  const SLIDE = 1000;
  const table = new KeyTable();
  const total = new Float64Array(keys);
  const slices = new Map<number, Map<number, number>>();
  let first = Infinity;
  let last = -Infinity;
  const next = ({ key, ts, value }: Item): void => {
    const start = Math.floor(ts / SLIDE) * SLIDE;
    if (start < first) first = start;
    if (start > last) last = start;
    let slice = slices.get(start);
    if (slice === undefined) {
      slice = new Map();
      slices.set(start, slice);
    }
    const id = table.idOf(key);
    slice.set(id, (slice.get(id) ?? 0) + value);
  };
  const close = (slice: number): void => {
    for (const [id, sum] of slices.get(slice) ?? []) total[id] = (total[id] as number) + sum;
    const start = slice + SLIDE - ratio * SLIDE;
    for (const [id, sum] of total.entries()) {
      if (sum !== 0) out.add(table.names[id] as string, start, sum);
    }
    for (const [id, sum] of slices.get(start) ?? []) total[id] = (total[id] as number) - sum;
    slices.delete(start);
  };
  const advance = (w: number): void => {
    const until = w === Infinity ? last + ratio * SLIDE - 1 : w;
    for (; first + SLIDE - 1 <= until; first += SLIDE) close(first);
  };
  withWatermarks([count, keys], next, advance);
}
