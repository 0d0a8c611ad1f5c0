/**
 * The rows of one side of a join: global slices of event time, in each a map by key; slices are let go
 * whole. State: the events themselves, and for rows that may leave unmatched one record each.
 */
import { type Data, type EventElement, event, type WindowBounds } from './element.js';
import type { KeyId } from './key.js';
import { TimeCount } from './timeCount.js';
import { Deadlines } from './timers.js';

/** A row that is emitted if nothing has matched it by the time it is freed. */
export class OuterRow {
  matched = false;
  readonly timestamp: number;

  /** @param arrival orders rows of one timestamp across keys */
  constructor(
    readonly e: EventElement<any>,
    readonly arrival: number,
  ) {
    this.timestamp = e.timestamp;
  }
}

/** What a slice holds: the event itself, or its record where the side is an outer one. */
export type Held = EventElement<any> | OuterRow;

/** Told of each row that lies in the range; `false` stops the search. */
export interface Matcher {
  match(held: Held): boolean;
}

type Slice = Map<KeyId, Held[]>;

/* In a snapshot: time, value, matched, arrival, and where there is one revision and replaced windows. */
type SavedRow = readonly [
  timestamp: number,
  value: unknown,
  matched: boolean,
  arrival: number,
  revision?: readonly number[] | undefined,
  replaces?: readonly WindowBounds[] | undefined,
];
type SavedSlice = readonly (readonly [key: KeyId, rows: readonly SavedRow[]])[];

/**
 * Rows sorted by (timestamp, arrival) within slice and key, so a range costs at most three look-ups
 * for slices as wide as the greater bound; and a queue of all rows by timestamp, from which the join
 * frees them at the exact instant. Adding and freeing are O(1) amortised, plus a sort of each slice.
 */
export class JoinRows {
  /** Outer rows that nothing has matched yet. */
  unmatched = 0;
  private arrivals = 0;
  private readonly slices = new Map<number, Slice>();
  private readonly ends: Deadlines<number>;
  /* Rows of an outer side leave in order, one by one; of the others only the number matters. */
  private readonly queue: Deadlines<OuterRow>;
  private readonly times: TimeCount;
  private readonly dropSlice = (slice: number): void => {
    this.slices.delete(slice);
  };

  constructor(
    private readonly widthMs: number,
    private readonly outer: boolean,
  ) {
    this.ends = new Deadlines(widthMs);
    this.queue = new Deadlines(widthMs);
    this.times = new TimeCount(widthMs);
  }

  /** Adds a row; gives its record where the side is an outer one. */
  add(id: KeyId, e: EventElement<any>): OuterRow | undefined {
    if (!this.outer) {
      this.put(id, e);
      this.times.add(e.timestamp);
      return undefined;
    }
    const row = new OuterRow(e, this.arrivals++);
    this.unmatched++;
    this.put(id, row);
    this.queue.add(e.timestamp, row);
    return row;
  }

  /** Shows `matcher` the rows of a key with `from <= timestamp <= to`, in (timestamp, arrival) order. */
  probe(id: KeyId, from: number, to: number, matcher: Matcher): void {
    const last = Math.floor(to / this.widthMs);
    for (let slice = Math.floor(from / this.widthMs); slice <= last; slice++) {
      const rows = this.slices.get(slice)?.get(id);
      if (rows === undefined) continue;
      for (let i = firstFrom(rows, from); i < rows.length; i++) {
        const held = rows[i] as Held;
        if (held.timestamp > to || !matcher.match(held)) return;
      }
    }
  }

  mark(row: OuterRow): void {
    if (row.matched) return;
    row.matched = true;
    this.unmatched--;
  }

  /** Lets go of the slices whose rows all have `timestamp <= cut`. Gives the number of rows freed, outer ones aside. */
  free(cut: number): number {
    this.ends.drain(cut, this.dropSlice);
    return this.times.release(cut);
  }

  /** Whether an outer row has `timestamp <= cut`. */
  due(cut: number): boolean {
    return this.queue.due(cut);
  }

  /** The earliest timestamp of an outer row. */
  peek(): number {
    return this.queue.peek();
  }

  /** Frees the earliest outer row; gives it where nothing has matched it. */
  freeOuter(): OuterRow | undefined {
    const row = this.queue.take() as OuterRow;
    if (row.matched) return undefined;
    this.unmatched--;
    return row;
  }

  /** One chunk per slice: those in which nothing happened are the same as in the last save. */
  save(name: string, cut: number, chunks: Map<string, Data>): void {
    for (const [number, slice] of this.slices) {
      const saved: [KeyId, SavedRow[]][] = [];
      for (const [id, rows] of slice) {
        const live = rows.filter((held) => held.timestamp > cut);
        if (live.length > 0) saved.push([id, live.map(savedRow)]);
      }
      if (saved.length > 0) chunks.set(`${name} ${number}`, saved);
    }
  }

  clear(): void {
    this.slices.clear();
    this.ends.clear();
    this.queue.clear();
    this.times.clear();
    this.unmatched = 0;
    this.arrivals = 0;
  }

  /** Adds the rows of a saved slice, in any order of slices. */
  load(data: Data): void {
    const outer: OuterRow[] = [];
    for (const [id, rows] of data as SavedSlice) {
      for (const saved of rows) {
        const held = this.revive(saved);
        this.put(id, held);
        if (held instanceof OuterRow) outer.push(held);
        else this.times.add(held.timestamp);
      }
    }
    outer.sort((a, b) => a.arrival - b.arrival);
    for (const row of outer) this.queue.add(row.timestamp, row);
  }

  private revive([timestamp, value, matched, arrival, revision, replaces]: SavedRow): Held {
    const e = event(value, timestamp, { revision, replaces });
    if (!this.outer) return e;
    const row = new OuterRow(e, arrival);
    row.matched = matched;
    if (!matched) this.unmatched++;
    if (arrival >= this.arrivals) this.arrivals = arrival + 1;
    return row;
  }

  private put(id: KeyId, held: Held): void {
    const number = Math.floor(held.timestamp / this.widthMs);
    let slice = this.slices.get(number);
    if (slice === undefined) {
      slice = new Map();
      this.slices.set(number, slice);
      this.ends.add((number + 1) * this.widthMs - 1, number);
    }
    const rows = slice.get(id);
    if (rows === undefined) slice.set(id, [held]);
    else insert(rows, held);
  }
}

function savedRow(held: Held): SavedRow {
  const row = held instanceof OuterRow ? held : undefined;
  const e = row?.e ?? (held as EventElement<unknown>);
  const { timestamp, value, revision, replaces } = e;
  const [matched, arrival] = [row?.matched ?? false, row?.arrival ?? 0];
  return revision === undefined && replaces === undefined
    ? [timestamp, value, matched, arrival]
    : [timestamp, value, matched, arrival, revision, replaces];
}

/* Behind the rows of the same timestamp. Most rows come nearly in order: look from the end. */
function insert(rows: Held[], held: Held): void {
  const { timestamp } = held;
  if ((rows[rows.length - 1] as Held).timestamp <= timestamp) {
    rows.push(held);
    return;
  }
  rows.splice(firstFrom(rows, timestamp + 1), 0, held);
}

/* The index of the first row at or after `from`. A few rows are searched one by one. */
function firstFrom(rows: readonly Held[], from: number): number {
  let low = 0;
  let high = rows.length;
  while (high - low > 8) {
    const middle = (low + high) >>> 1;
    if ((rows[middle] as Held).timestamp < from) low = middle + 1;
    else high = middle;
  }
  while (low < high && (rows[low] as Held).timestamp < from) low++;
  return low;
}
