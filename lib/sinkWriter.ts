/** Writes the rows of a bare pipe: one batch at a time, retried with back-off, refused rows taken out. */
import type { StoreError } from './errors.js';
import type { SinkStore, UpsertResult } from './ports.js';
import type { PendingRow } from './rowBatch.js';

export interface RetryRule {
  /** Tries in all before the error goes down the stream. */
  readonly attempts: number;
  /** Before the second try; doubles with each, up to `maxDelayMs`. */
  readonly delayMs: number;
  readonly maxDelayMs: number;
}

export interface WriterConfig {
  readonly store: SinkStore;
  readonly retry: RetryRule;
  readonly wait: (ms: number) => Promise<void>;
  readonly refused: (rows: readonly PendingRow[], error: unknown) => void;
}

/**
 * Writes a batch whose keys are distinct; resolves when all of it is durable or refused.
 * @throws StoreError of kind `'connection'` after the last attempt, or what else the store throws
 */
export async function writeBatch(
  config: WriterConfig,
  rows: readonly PendingRow[],
): Promise<UpsertResult & { readonly rows: number }> {
  try {
    return { rows: rows.length, ...(await upsert(config, rows)) };
  } catch (thrown) {
    if (!isRefusal(thrown)) throw thrown;
    return writeTaken(config, rows, thrown);
  }
}

async function upsert(config: WriterConfig, rows: readonly PendingRow[]): Promise<UpsertResult> {
  const { attempts, delayMs, maxDelayMs } = config.retry;
  for (let attempt = 1; ; attempt++) {
    try {
      return await config.store.upsert(rows);
    } catch (thrown) {
      if (!isConnectionFault(thrown) || attempt >= attempts) throw thrown;
      await config.wait(Math.min(delayMs * 2 ** (attempt - 1), maxDelayMs));
    }
  }
}

/* The store names the rows that it refuses, or the batch is halved until they are found. */
async function writeTaken(
  config: WriterConfig,
  rows: readonly PendingRow[],
  error: StoreError,
): Promise<UpsertResult & { readonly rows: number }> {
  const named = rows.filter((row) => error.refused.includes(row));
  const refused = rows.length === 1 ? rows : named;
  if (refused.length > 0) {
    config.refused(refused, error);
    const rest = rows.filter((row) => !refused.includes(row));
    return rest.length === 0 ? nothing : writeBatch(config, rest);
  }
  const half = rows.length >> 1;
  const a = await writeBatch(config, rows.slice(0, half));
  const b = await writeBatch(config, rows.slice(half));
  return {
    rows: a.rows + b.rows,
    written: a.written + b.written,
    ignored: a.ignored + b.ignored,
    conflicts: a.conflicts + b.conflicts,
  };
}

const nothing = { rows: 0, written: 0, ignored: 0, conflicts: 0 };

/** By name, so that errors of another copy of the package count too. */
export function isRefusal(thrown: unknown): thrown is StoreError {
  return isStoreError(thrown) && thrown.kind === 'refused';
}

export function isConnectionFault(thrown: unknown): thrown is StoreError {
  return isStoreError(thrown) && thrown.kind === 'connection';
}

function isStoreError(thrown: unknown): thrown is StoreError {
  return thrown instanceof Error && thrown.name === 'StoreError';
}
