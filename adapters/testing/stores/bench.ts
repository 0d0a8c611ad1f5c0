/** The bench on which a store is held to one law: fresh names, rows to write, rows as read. */
import type { CheckpointStore, Row, Store, TableStore, Upsert } from '../../../lib/ports.js';
import { Judge } from './lawError.js';
import type { StoreUnderTest } from './under.js';

/** Laws by what they say of a store. */
export type Laws = ReadonlyMap<string, (bench: Bench) => Promise<void>>;

let serial = 0;

/** What a law works with; one for each check. */
export class Bench extends Judge {
  constructor(
    readonly under: StoreUnderTest,
    law: string,
    readonly store: Store,
  ) {
    super(law);
    this.setClock(1000);
  }

  /** A name that no law had before. */
  fresh(what: string): string {
    return `${this.under.prefix ?? 'law'}_${what}_${++serial}`;
  }

  /** A new table of texts and whole numbers. */
  table(audit?: string): TableStore {
    const columns = { k: 'text', v: 'int8' };
    const layout = { key: ['k'], columns };
    return this.store.table(
      this.fresh('rows'),
      audit === undefined ? layout : { ...layout, audit },
    );
  }

  checkpoints(): CheckpointStore {
    return this.store.checkpoints();
  }

  setClock(ms: number): void {
    if (this.under.clock !== undefined) this.under.clock.ms = ms;
  }

  /** Lets time pass for the store: by its clock, where that is known, and in truth, where that is none of its own. */
  async pass(ms: number): Promise<void> {
    if (this.under.clock !== undefined) this.under.clock.ms += ms;
    await new Promise((resolve) => setTimeout(resolve, ms + 5));
  }

  /** The rows of a table; the arrival time where the clock is known, or nothing of it. */
  async rows(table: TableStore, audit?: string): Promise<Row[]> {
    const rows = await all(table);
    if (audit === undefined || this.under.clock !== undefined) return rows;
    return rows.map(({ [audit]: _, ...row }) => row);
  }

  /** Key and value of each row of such a table. */
  async pairs(table: TableStore): Promise<unknown[]> {
    return (await all(table)).map(({ k, v }) => [k, v]);
  }

  /** A row as it is expected: with its arrival time where the clock is known. */
  at(ms: number, row: Row): Row {
    return this.under.clock === undefined ? row : { ...row, at: new Date(ms) };
  }
}

/** What a batch did. */
export function result(written: number, ignored: number, conflicts = 0) {
  return { written, ignored, conflicts };
}

export function up(key: Upsert['key'], row: Row, revision: number[] = [0], timestamp = 0): Upsert {
  return { op: 'upsert', key, row, revision, timestamp };
}

export function del(key: Upsert['key'], revision: number[] = [0], timestamp = 0): Upsert {
  return { op: 'delete', key, row: {}, revision, timestamp };
}

export async function all(table: TableStore): Promise<Row[]> {
  const rows: Row[] = [];
  for await (const row of table.rows()) rows.push(row);
  return rows;
}
