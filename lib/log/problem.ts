/** What goes wrong with files, in one sentence that says what to do. */
import { messageOf, StoreError, show } from '../errors.js';

const reasons = new Map([
  ['ENOSPC', 'the disk is full; free some space, and it goes on'],
  ['EDQUOT', 'the quota of the disk is used up; free some space, and it goes on'],
  ['EACCES', 'this process may not use it'],
  ['EPERM', 'this process may not use it'],
  ['EROFS', 'the file system is read-only'],
  ['ENOTDIR', 'it is not a directory, or lies below a file'],
  ['ENOENT', 'it is not there'],
  ['EMFILE', 'this process has too many open files'],
  ['EIO', 'the disk fails'],
]);

/** The error for a step on a file or directory that failed; errors of ours stay as they are. */
export function fileProblem(what: string, path: string, thrown: unknown): Error {
  if (thrown instanceof StoreError) return thrown;
  const detail = `fileStore: cannot ${what} ${show(path)}: ${whyOf(thrown)}`;
  return new StoreError('connection', detail, { cause: thrown });
}

/** Why a step failed, in the words of who has to do something about it. */
export function whyOf(thrown: unknown): string {
  const code = (thrown as { code?: unknown } | null | undefined)?.code;
  return reasons.get(String(code)) ?? messageOf(thrown);
}

export function refused(detail: string): StoreError {
  return new StoreError('refused', `fileStore: ${detail}`);
}

/** The table is another than the one that is asked for. */
export function unusable(detail: string): StoreError {
  return new StoreError('unusable', `fileStore: ${detail}`);
}

export function connectionLost(detail: string): StoreError {
  return new StoreError('connection', `fileStore: ${detail}`);
}
