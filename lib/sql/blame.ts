/** Finds the rows for which a transaction failed, by writing parts of it again and undoing all. */
import { messageOf, StoreError, show } from '../errors.js';
import type { Upsert } from '../ports.js';
import { type Prepared, refusedRows } from '../tableLayout.js';
import { isRefusal, type SqlClient, storeError, subjectOf } from './client.js';

/** Where rows are tried. */
export interface BlamedTable {
  readonly name: string;
  write(tx: SqlClient, rows: readonly Prepared[]): Promise<unknown>;
  /** Sends the statement of such a row without rows. */
  writeNone(tx: SqlClient, like: Prepared): Promise<unknown>;
  /** What is known of the table is no longer so. */
  lookAgain(): void;
}

/** The rows of one table in a transaction. */
export interface Part {
  readonly table: BlamedTable;
  readonly rows: readonly Prepared[];
}

/**
 * Names the rows to blame: each that is not taken after those before it that were. Constraints that
 * wait for the end of a transaction are asked at once.
 *
 * @param what how an error that is none of the rows begins
 * @throws StoreError always
 */
export async function explain(
  client: SqlClient,
  parts: readonly Part[],
  { what, thrown }: { readonly what: string; readonly thrown: unknown },
): Promise<never> {
  if (thrown instanceof StoreError) throw thrown;
  const fail = (error: unknown): never => {
    if (subjectOf(error) === 'table') for (const { table } of parts) table.lookAgain();
    throw storeError(what, error);
  };
  if (!isRefusal(thrown)) return fail(thrown);
  const search = new Search();
  const undone = new Error('undo');
  const searching = client.transaction(async (tx) => {
    for (const part of parts) await search.blame(tx, part);
    throw undone;
  });
  await searching.catch((failed: unknown) => {
    if (failed !== undone) fail(failed);
  });
  throw search.error ?? changed(what, thrown);
}

/* What was in the way has gone since. */
function changed(what: string, thrown: unknown): StoreError {
  const said = `${what}: took no row, and would take each now: ${messageOf(thrown)}`;
  return new StoreError('connection', said, { cause: thrown });
}

class Search {
  private readonly found = new Map<BlamedTable, Found>();

  /* One error for the rows of all tables. */
  get error(): StoreError | undefined {
    const errors = [...this.found].map(([{ name }, { refused, reasons, cause }]) =>
      refusedRows(name, refused, reasons, cause),
    );
    const [first] = errors;
    if (first === undefined || errors.length === 1) return first;
    return new StoreError('refused', first.message, {
      refused: errors.flatMap((error) => error.refused),
      reasons: errors.flatMap((error) => error.reasons),
      cause: first.cause,
    });
  }

  /* Rows that are taken stay until the end of the search: others may be refused because of them. */
  async blame(tx: SqlClient, { table, rows }: Part): Promise<void> {
    const refusal = rows.length === 0 ? undefined : await attempt(tx, { table, rows });
    if (refusal === undefined) return;
    if (rows.length > 1) {
      const half = rows.length >> 1;
      await this.blame(tx, { table, rows: rows.slice(0, half) });
      return this.blame(tx, { table, rows: rows.slice(half) });
    }
    this.add(table, (rows[0] as Prepared).upsert, refusal);
  }

  private add(table: BlamedTable, row: Upsert, cause: unknown): void {
    const found = this.found.get(table) ?? { refused: [], reasons: [], cause };
    this.found.set(table, found);
    found.refused.push(row);
    found.reasons.push(messageOf(cause));
  }
}

interface Found {
  readonly refused: Upsert[];
  readonly reasons: string[];
  readonly cause: unknown;
}

/* Why these rows are not taken together; undefined where they are, and then they stay. */
async function attempt(tx: SqlClient, { table, rows }: Part): Promise<unknown> {
  await tx.query('savepoint tidemark_probe');
  try {
    await table.write(tx, rows);
    await tx.query('set constraints all immediate');
    await tx.query('release savepoint tidemark_probe');
    return undefined;
  } catch (thrown) {
    if (!isRefusal(thrown)) throw thrown;
    await tx.query('rollback to savepoint tidemark_probe');
    // one that is refused without rows too says nothing of them
    if (subjectOf(thrown) === 'either') await table.writeNone(tx, rows[0] as Prepared);
    await tx.query('release savepoint tidemark_probe');
    return thrown;
  }
}

/** How an error of a table begins. */
export function tableCalled(name: string): string {
  return `table ${show(name)}`;
}
