/** A keyed table in memory. State: the rows, and a tombstone per deleted key until `forget`. */
import { compareText, readable, sameForm } from '../../lib/columns.js';
import { type Key, keyText } from '../../lib/key.js';
import { compareOrder, type Ordered } from '../../lib/order.js';
import type { Clock, Row, TableStore, Upsert, UpsertResult } from '../../lib/ports.js';
import { type Prepared, refusedRows, type TableLayout } from '../../lib/tableLayout.js';

/* Only what is needed: an upsert may hold on to the whole result that it was made from. */
interface Stored extends Ordered {
  readonly key: readonly unknown[];
  /** Columns besides the key, and their values in the same order; one array of names for many rows. */
  readonly names: readonly string[];
  readonly values: readonly unknown[];
  readonly written: number;
}

type Effect = 'written' | 'ignored' | 'conflict';

export class MemoryTable implements TableStore {
  private readonly stored = new Map<string, Stored>();
  private readonly tombstones = new Map<string, Ordered>();

  constructor(
    readonly transaction: object,
    private readonly layout: TableLayout,
    private readonly clock: Clock,
  ) {}

  get name(): string {
    return this.layout.name;
  }

  get keyColumns(): readonly string[] {
    return this.layout.config.key;
  }

  async open(): Promise<void> {}

  async upsert(batch: readonly Upsert[]): Promise<UpsertResult> {
    return this.plan(batch)();
  }

  async forget(timestamp: number): Promise<void> {
    for (const [id, { timestamp: at }] of this.tombstones) {
      if (at <= timestamp) this.tombstones.delete(id);
    }
  }

  async count(): Promise<number> {
    return this.stored.size;
  }

  async *rows(): AsyncGenerator<Row, void, undefined> {
    const all = [...this.stored.values()].sort((a, b) => compareKeys(a.key, b.key));
    for (const one of all) yield this.read(one);
  }

  /** Checks every row of a batch; what it gives back cannot fail. @throws StoreError of kind `'refused'` */
  plan(batch: readonly Upsert[]): () => UpsertResult {
    const rows = this.identify(batch);
    const now = this.clock.now();
    return () => {
      const result = { written: 0, ignored: 0, conflicts: 0 };
      for (const [id, row] of rows) {
        const effect = row.upsert.op === 'delete' ? this.remove(id, row) : this.write(id, row, now);
        if (effect === 'ignored') result.ignored++;
        else result.written++;
        if (effect === 'conflict') result.conflicts++;
      }
      return result;
    };
  }

  private identify(batch: readonly Upsert[]): Map<string, Prepared> {
    const rows = new Map<string, Prepared>();
    for (const row of this.layout.prepare(batch)) {
      const id = keyText(row.key.map(keyPart));
      if (rows.has(id)) throw refusedRows(this.name, [row.upsert], 'its key is twice in one batch');
      rows.set(id, row);
    }
    return rows;
  }

  private write(id: string, { upsert, key, names, values }: Prepared, now: number): Effect {
    const grave = this.tombstones.get(id);
    if (grave !== undefined && compareOrder(upsert, grave) < 0) return 'ignored';
    const old = this.stored.get(id);
    const order = old === undefined ? 1 : compareOrder(upsert, old);
    const row = merged(old, names, values);
    const same = row.values.every((value, i) => sameForm(old?.values[i] ?? null, value));
    if (order < 0 || (order === 0 && same)) return 'ignored';
    const { revision, timestamp } = upsert;
    this.tombstones.delete(id);
    this.stored.set(id, { key, ...row, revision, timestamp, written: now });
    return order === 0 ? 'conflict' : 'written';
  }

  private remove(id: string, { upsert }: Prepared): Effect {
    const old = this.stored.get(id);
    if (old !== undefined && compareOrder(upsert, old) < 0) return 'ignored';
    const grave = this.tombstones.get(id);
    if (grave === undefined || compareOrder(upsert, grave) > 0) {
      const { revision, timestamp } = upsert;
      this.tombstones.set(id, { revision, timestamp });
    }
    return this.stored.delete(id) ? 'written' : 'ignored';
  }

  private read({ key, names, values, written }: Stored): Row {
    const { layout } = this;
    const entries: [string, unknown][] = layout.key.map((c, i) => [c.name, readable(c, key[i])]);
    for (const [i, name] of names.entries()) {
      entries.push([name, readable(layout.column(name), values[i])]);
    }
    if (layout.config.audit !== undefined) entries.push([layout.config.audit, new Date(written)]);
    return Object.fromEntries(entries);
  }
}

/* A row of a table without types may leave out columns that the old one has: those stay. */
function merged(old: Stored | undefined, names: readonly string[], values: readonly unknown[]) {
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
