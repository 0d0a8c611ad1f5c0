/** What an error of a store means, told by name, so that errors of another copy of the package count too. */
import { StoreError } from './errors.js';

/** Some row of the batch will never be taken. */
export function isRefusal(thrown: unknown): thrown is StoreError {
  return isStoreError(thrown) && thrown.kind === 'refused';
}

/** Worth another try: whether the batch was applied is not known. */
export function isConnectionFault(thrown: unknown): thrown is StoreError {
  return isStoreError(thrown) && thrown.kind === 'connection';
}

/** The table is at fault, and another try would say the same. */
export function isUnusable(thrown: unknown): thrown is StoreError {
  return isStoreError(thrown) && thrown.kind === 'unusable';
}

/** What a store says of each row that it refuses, where it tells them apart; else the same of all. */
export function refusalsOf(error: unknown): (row: unknown) => unknown {
  if (!isRefusal(error) || error.refused.length < 2) return () => error;
  const { refused, reasons = [] } = error;
  const byRow = new Map(reasons.map((reason, i) => [refused[i], reason]));
  return (row) => {
    const reason = byRow.get(row);
    if (reason === undefined) return error;
    return new StoreError('refused', reason, { refused: [row], cause: error });
  };
}

function isStoreError(thrown: unknown): thrown is StoreError {
  return thrown instanceof Error && thrown.name === 'StoreError';
}
