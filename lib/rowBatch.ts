/** Effects on a keyed table that wait to be written: one per key, folded in order. Memory: one row a key. */
import { encode } from './codec.js';
import { keyText } from './key.js';
import { compareOrder } from './order.js';
import type { Row, Upsert } from './ports.js';

/** An effect and the value that it was made of. */
export interface PendingRow extends Upsert {
  readonly value: unknown;
}

/** What adding did: nothing, or it stands in the batch now; `'conflict'`: in place of other content of equal order. */
export type Added = 'stands' | 'ignored' | 'conflict';

export class RowBatch {
  private rows = new Map<string, PendingRow>();

  get size(): number {
    return this.rows.size;
  }

  /** Folds an effect in: a lower order is ignored, of equal ones the later wins. */
  add(row: PendingRow): Added {
    const id = keyText(row.key);
    const old = this.rows.get(id);
    const order = old === undefined ? 1 : compareOrder(row, old);
    if (order < 0) return 'ignored';
    if (old !== undefined && order === 0 && sameEffect(old, row)) return 'ignored';
    // the place of the later one: another key may be the same row in the store, and came between
    this.rows.delete(id);
    this.rows.set(id, row);
    const replaced = old !== undefined && order === 0 && old.op === 'upsert' && row.op === 'upsert';
    return replaced ? 'conflict' : 'stands';
  }

  /** Takes the first `max` rows out. */
  take(max = Infinity): PendingRow[] {
    if (this.rows.size <= max) {
      const all = [...this.rows.values()];
      this.rows = new Map();
      return all;
    }
    const taken: PendingRow[] = [];
    for (const [id, row] of this.rows) {
      if (taken.length >= max) break;
      taken.push(row);
      this.rows.delete(id);
    }
    return taken;
  }
}

/** One effect per key, of effects that may have come in several batches. */
export function foldRows(rows: readonly PendingRow[]): readonly PendingRow[] {
  const batch = new RowBatch();
  for (const row of rows) batch.add(row);
  return batch.take();
}

function sameEffect(a: PendingRow, b: PendingRow): boolean {
  return a.op === b.op && (a.op === 'delete' || sameRow(a.row, b.row));
}

/* Content that cannot be compared counts as different: the later one wins either way. */
function sameRow(a: Row, b: Row): boolean {
  try {
    const [x, y] = [encode({ ...a }), encode({ ...b })];
    return x.length === y.length && x.every((byte, i) => byte === y[i]);
  } catch {
    return false;
  }
}
