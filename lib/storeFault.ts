/** What an error of a store means, told by name, so that errors of another copy of the package count too. */
import type { StoreError } from './errors.js';

/** Some row of the batch will never be taken. */
export function isRefusal(thrown: unknown): thrown is StoreError {
  return isStoreError(thrown) && thrown.kind === 'refused';
}

/** Worth another try: whether the batch was applied is not known. */
export function isConnectionFault(thrown: unknown): thrown is StoreError {
  return isStoreError(thrown) && thrown.kind === 'connection';
}

function isStoreError(thrown: unknown): thrown is StoreError {
  return thrown instanceof Error && thrown.name === 'StoreError';
}
