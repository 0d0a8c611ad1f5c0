/** Writes a batch of rows, for every sink: sent until it is answered, refused rows taken out, places kept. */
import type { StoreError } from './errors.js';
import type { UpsertResult } from './ports.js';
import type { Retry, RetryRule } from './retry.js';
import type { PendingRow } from './rowBatch.js';
import { isRefusal } from './storeFault.js';

/** How a sink wants its rows written, where no checkpoint carries them. */
export interface SinkWriting {
  /** The most rows in one write. */
  readonly size: number;
  readonly retry: RetryRule;
}

export interface WriterConfig {
  readonly retry: Retry;
  /** Writes rows whole or not at all; `at` is the place of the first in the batch. */
  readonly send: (rows: readonly PendingRow[], at: number) => Promise<UpsertResult>;
  readonly refused: (rows: readonly PendingRow[], error: unknown) => void;
}

/** What became of a batch, refused rows left out. */
export interface Written extends UpsertResult {
  readonly rows: number;
}

/**
 * Writes a batch; resolves when all of it is durable or refused. Rows are
 * sent in order, and those between two refused ones together, so that a place means the same row in every try.
 * @throws StoreError of kind `'connection'` after the last attempt, or what else the store throws
 */
export async function writeBatch(
  config: WriterConfig,
  rows: readonly PendingRow[],
  at = 0,
): Promise<Written> {
  if (rows.length === 0) return nothing;
  try {
    return { rows: rows.length, ...(await config.retry.run(() => config.send(rows, at))) };
  } catch (thrown) {
    if (!isRefusal(thrown)) throw thrown;
    return writeTaken(config, { rows, at }, thrown);
  }
}

/* The store names the rows that it refuses, or the batch is halved until they are found. */
async function writeTaken(
  config: WriterConfig,
  { rows, at }: { readonly rows: readonly PendingRow[]; readonly at: number },
  error: StoreError,
): Promise<Written> {
  const named = new Set(rows.length === 1 ? rows : error.refused);
  const refused = rows.filter((row) => named.has(row));
  if (refused.length > 0) config.refused(refused, error);
  const ends = refused.length > 0 ? placesOf(rows, named) : [rows.length >> 1];
  let done = nothing;
  let from = 0;
  for (const end of [...ends, rows.length]) {
    done = sum(done, await writeBatch(config, rows.slice(from, end), at + from));
    from = refused.length > 0 ? end + 1 : end;
  }
  return done;
}

function placesOf(rows: readonly PendingRow[], wanted: ReadonlySet<unknown>): number[] {
  return [...rows.keys()].filter((i) => wanted.has(rows[i]));
}

export const nothing: Written = { rows: 0, written: 0, ignored: 0, conflicts: 0 };

/** What two batches came to. */
export function sum(a: Written, b: Written): Written {
  return {
    rows: a.rows + b.rows,
    written: a.written + b.written,
    ignored: a.ignored + b.ignored,
    conflicts: a.conflicts + b.conflicts,
  };
}
