/**
 * The rows of one side of a join: global slices of event time, in each a map by key; slices are let go
 * whole. State: three array slots per row, and a record for rows that may leave unmatched or have an
 * order of their own. The elements that brought them die young.
 */
import type { Chunks, Data } from './chunks.js';
import type { EventElement } from './element.js';
import { JoinSlice, RowRecord, type SavedRow, type SliceRows, STRIDE } from './joinLog.js';
import type { KeyId } from './key.js';
import { PagedLog, savedGroups } from './pagedLog.js';
import { TimeCount } from './timeCount.js';
import { Deadlines } from './timers.js';

/** Told of each row that lies in the range; `false` stops the search. */
export interface Matcher {
  match(timestamp: number, value: unknown, record: RowRecord | undefined): boolean;
}

/**
 * Rows sorted by (timestamp, arrival) within slice and key, so a range costs at most three look-ups
 * for slices as wide as the greater bound; and a queue of all rows by timestamp, from which the join
 * frees them at the exact instant. Adding and freeing are O(1) amortised, plus a sort of each slice.
 */
export class JoinRows {
  /** Outer rows that nothing has matched yet. */
  unmatched = 0;
  private arrivals = 0;
  private readonly slices = new Map<number, JoinSlice>();
  private readonly ends: Deadlines<number>;
  /* Rows of an outer side leave in order, one by one; of the others only the number matters. */
  private readonly queue: Deadlines<RowRecord>;
  private readonly times: TimeCount;
  private readonly dropSlice = (slice: number): void => {
    this.slices.delete(slice);
  };

  /** @param name what the names of its pages begin with */
  constructor(
    private readonly name: string,
    private readonly widthMs: number,
    private readonly outer: boolean,
  ) {
    this.ends = new Deadlines(widthMs);
    this.queue = new Deadlines(widthMs);
    this.times = new TimeCount(widthMs);
  }

  /** Adds a row; gives its record where the side is an outer one. */
  add(id: KeyId, e: EventElement<any>): RowRecord | undefined {
    const { timestamp, value, revision, replaces } = e;
    const record =
      this.outer || revision !== undefined || replaces !== undefined
        ? new RowRecord(timestamp, value, revision, replaces, this.arrivals++)
        : undefined;
    this.put(id, timestamp, value, record);
    if (!this.outer) {
      this.times.add(timestamp);
      return undefined;
    }
    this.unmatched++;
    this.queue.add(timestamp, record as RowRecord);
    return record;
  }

  /** Shows `matcher` the rows of a key with `from <= timestamp <= to`, in (timestamp, arrival) order. */
  probe(id: KeyId, from: number, to: number, matcher: Matcher): void {
    const last = Math.floor(to / this.widthMs);
    for (let slice = Math.floor(from / this.widthMs); slice <= last; slice++) {
      const rows = this.slices.get(slice)?.byKey.get(id);
      if (rows === undefined) continue;
      const start = slice * this.widthMs;
      const end = to - start;
      for (let i = firstFrom(rows, from - start); i < rows.length; i += STRIDE) {
        const offset = rows[i] as number;
        if (offset > end) return;
        const record = rows[i + 2] as RowRecord | undefined;
        if (!matcher.match(start + offset, rows[i + 1], record)) return;
      }
    }
  }

  /** An outer row has met another: it will not leave alone. */
  mark(record: RowRecord): void {
    if (record.matched || !this.outer) return;
    record.matched = true;
    this.unmatched--;
    this.slices.get(Math.floor(record.timestamp / this.widthMs))?.matched(record);
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
  freeOuter(): RowRecord | undefined {
    const record = this.queue.take() as RowRecord;
    if (record.matched) return undefined;
    this.unmatched--;
    return record;
  }

  /** Pages of each slice. */
  save(chunks: Map<string, Data>): void {
    for (const slice of this.slices.values()) slice.save(chunks);
  }

  clear(): void {
    this.slices.clear();
    this.ends.clear();
    this.queue.clear();
    this.times.clear();
    this.unmatched = 0;
    this.arrivals = 0;
  }

  /** Takes saved slices back; rows with `timestamp <= cut` had been freed. */
  restore(chunks: Chunks, cut: number): void {
    this.clear();
    for (const { name, log, pages } of savedGroups(chunks, `${this.name} `)) {
      const outer: RowRecord[] = [];
      const slice = this.open(Number(name), log);
      slice.restore(pages, (saved) => {
        const record = this.revive(saved, cut);
        const [id, timestamp, value] = saved;
        place(slice, id, timestamp, value, record);
        if (timestamp <= cut) return;
        if (this.outer) outer.push(record as RowRecord);
        else this.times.add(timestamp);
      });
      outer.sort((a, b) => a.arrival - b.arrival);
      for (const record of outer) this.queue.add(record.timestamp, record);
    }
  }

  private revive(saved: SavedRow, cut: number): RowRecord | undefined {
    const [, timestamp, value, matched, arrival, revision, replaces] = saved;
    if (!this.outer && saved.length === 5) return undefined;
    const record = new RowRecord(timestamp, value, revision, replaces, arrival);
    record.matched = matched;
    if (this.outer && !matched && timestamp > cut) this.unmatched++;
    this.arrivals = Math.max(this.arrivals, arrival + 1);
    return record;
  }

  private put(id: KeyId, timestamp: number, value: unknown, record: RowRecord | undefined): void {
    const number = Math.floor(timestamp / this.widthMs);
    const slice =
      this.slices.get(number) ?? this.open(number, new PagedLog(`${this.name} ${number}`));
    place(slice, id, timestamp, value, record);
    slice.added(id, timestamp, value, record);
  }

  private open(number: number, log: PagedLog): JoinSlice {
    const slice = new JoinSlice(number * this.widthMs, log);
    this.slices.set(number, slice);
    this.ends.add((number + 1) * this.widthMs - 1, number);
    return slice;
  }
}

/* Behind the rows of the same time that came before. */
function place(slice: JoinSlice, id: KeyId, timestamp: number, value: unknown, record: unknown) {
  const offset = timestamp - slice.start;
  const rows = slice.byKey.get(id);
  if (rows === undefined) slice.byKey.set(id, [offset, value, record]);
  else if ((rows[rows.length - STRIDE] as number) <= offset) rows.push(offset, value, record);
  else rows.splice(firstFrom(rows, offset + 1), 0, offset, value, record);
}

/* The index of the first row at or after `offset`. A few rows are searched one by one. */
function firstFrom(rows: SliceRows, offset: number): number {
  let low = 0;
  let high = rows.length / STRIDE;
  while (high - low > 8) {
    const middle = (low + high) >>> 1;
    if ((rows[middle * STRIDE] as number) < offset) low = middle + 1;
    else high = middle;
  }
  let i = low * STRIDE;
  while (i < high * STRIDE && (rows[i] as number) < offset) i += STRIDE;
  return i;
}
