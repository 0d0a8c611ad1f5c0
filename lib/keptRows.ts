/** The rows of a keyed table in memory, under any store. State: the rows, and a tombstone per deleted key until `forget`. */
import { compareText, sameForm } from './columns.js';
import { type Key, keyText } from './key.js';
import { compareOrder, type Ordered } from './order.js';
import type { Upsert, UpsertResult } from './ports.js';
import type { Prepared, TableLayout } from './tableLayout.js';
import { SLICE_ROWS, type Sliced } from './turns.js';

/** A row as it is kept. Only what is needed: an upsert may hold on to the whole result that it was made from. */
export interface KeptRow extends Ordered {
  readonly key: readonly unknown[];
  /** Columns besides the key, and their values in the same order; one array of names for many rows. */
  readonly names: readonly string[];
  readonly values: readonly unknown[];
  /** The arrival time of the write. */
  readonly written: number;
}

/** One checked effect on the rows. */
export interface Effect extends Pick<Prepared, 'key' | 'names' | 'values'> {
  readonly upsert: Pick<Upsert, 'op' | 'revision' | 'timestamp'>;
}

type Change = 'written' | 'ignored' | 'conflict';

/** What holds the rows of one table; it knows nothing of columns and their types. */
export class KeptRows {
  readonly rows = new Map<string, KeptRow>();
  readonly tombstones = new Map<string, Ordered>();

  /** Applies effects by row id, in order. Cannot fail. */
  *apply(
    effects: Iterable<readonly [id: string, effect: Effect]>,
    now: number,
  ): Sliced<UpsertResult> {
    const result = { written: 0, ignored: 0, conflicts: 0 };
    let left = SLICE_ROWS;
    for (const [id, effect] of effects) {
      if (left === 0) {
        yield;
        left = SLICE_ROWS;
      }
      left--;
      const change =
        effect.upsert.op === 'delete' ? this.remove(id, effect) : this.write(id, effect, now);
      if (change === 'ignored') result.ignored++;
      else result.written++;
      if (change === 'conflict') result.conflicts++;
    }
    return result;
  }

  forget(timestamp: number): void {
    for (const [id, { timestamp: at }] of this.tombstones) {
      if (at <= timestamp) this.tombstones.delete(id);
    }
  }

  /** Deletes rows at or before this event time; gives how many. */
  expire(timestamp: number): number {
    const before = this.rows.size;
    for (const [id, row] of this.rows) if (row.timestamp <= timestamp) this.rows.delete(id);
    this.forget(timestamp);
    return before - this.rows.size;
  }

  /** In key order. O(n log n). */
  inOrder(): KeptRow[] {
    return [...this.rows.values()].sort((a, b) => compareKeys(a.key, b.key));
  }

  private write(id: string, { upsert, names, key, values }: Effect, now: number): Change {
    const grave = this.tombstones.get(id);
    if (grave !== undefined && compareOrder(upsert, grave) < 0) return 'ignored';
    const old = this.rows.get(id);
    const order = old === undefined ? 1 : compareOrder(upsert, old);
    const row = merged(old, names, values);
    const same = row.values.every((value, i) => sameForm(old?.values[i] ?? null, value));
    if (order < 0 || (order === 0 && same)) return 'ignored';
    const { revision, timestamp } = upsert;
    this.tombstones.delete(id);
    this.rows.set(id, { key, ...row, revision, timestamp, written: now });
    return order === 0 ? 'conflict' : 'written';
  }

  private remove(id: string, { upsert }: Effect): Change {
    const old = this.rows.get(id);
    if (old !== undefined && compareOrder(upsert, old) < 0) return 'ignored';
    const grave = this.tombstones.get(id);
    if (grave === undefined || compareOrder(upsert, grave) > 0) {
      const { revision, timestamp } = upsert;
      this.tombstones.set(id, { revision, timestamp });
    }
    return this.rows.delete(id) ? 'written' : 'ignored';
  }
}

/** Checked rows of a batch, in order; several may have one id, as other keys may be one key in a column. */
export class CheckedRows implements Iterable<readonly [id: string, row: Prepared]> {
  constructor(
    private readonly rows: readonly Prepared[],
    private readonly ids: readonly string[],
  ) {}

  get size(): number {
    return this.rows.length;
  }

  values(): Iterable<Prepared> {
    return this.rows;
  }

  *[Symbol.iterator](): Generator<readonly [id: string, row: Prepared]> {
    for (const [i, row] of this.rows.entries()) yield [this.ids[i] as string, row];
  }
}

/** Checks every row of a batch. @throws StoreError of kind `'refused'` */
export function* checkedBatch(layout: TableLayout, batch: readonly Upsert[]): Sliced<CheckedRows> {
  const rows = yield* layout.prepare(batch);
  const ids: string[] = [];
  for (const [i, { key }] of rows.entries()) {
    if (i > 0 && i % SLICE_ROWS === 0) yield;
    ids.push(rowId(key));
  }
  return new CheckedRows(rows, ids);
}

/** One text for the canonical forms of a key. */
export function rowId(key: readonly unknown[]): string {
  return keyText(key.map(keyPart));
}

/* A row of a table without types may leave out columns that the old one has: those stay. */
function merged(old: KeptRow | undefined, names: readonly string[], values: readonly unknown[]) {
  if (old === undefined || old.names === names) return { names, values };
  const row = new Map(old.names.map((name, i) => [name, old.values[i]]));
  for (const [i, name] of names.entries()) row.set(name, values[i]);
  return { names: [...row.keys()], values: [...row.values()] };
}

function keyPart(form: unknown): Key {
  return (form instanceof Date ? form.getTime() : form) as Key;
}

function compareKeys(a: readonly unknown[], b: readonly unknown[]): number {
  for (const [i, x] of a.entries()) {
    const order = comparePart(keyPart(x), keyPart(b[i]));
    if (order !== 0) return order;
  }
  return 0;
}

/* Keys of several types in one column: by type, as no order is natural. */
function comparePart(x: Key, y: Key): number {
  if (typeof x === 'string' && typeof y === 'string') return compareText(x, y);
  if (isNumber(x) && isNumber(y)) return x < y ? -1 : x > y ? 1 : 0;
  if (typeof x === 'object' && typeof y === 'object') return compareText(keyText(x), keyText(y));
  return (
    compareText(isNumber(x) ? 'n' : typeof x, isNumber(y) ? 'n' : typeof y) ||
    (x ? 1 : 0) - (y ? 1 : 0)
  );
}

function isNumber(x: Key): x is number | bigint {
  return typeof x === 'number' || typeof x === 'bigint';
}
