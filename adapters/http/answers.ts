/** What an HTTP status means for a batch, and when a receiver wants the next try. */

/** `'retry'`: later, the same; `'refused'`: these rows never; the others as an outbox answers. */
export type AnswerMeaning = 'ok' | 'duplicate' | 'fenced' | 'refused' | 'retry';

/** About the caller, the address or the moment, not about the rows: throwing rows away would not help. */
const notOfTheRows = new Set([
  ...[401, 402, 403, 404, 405, 407, 408, 410, 421, 423, 424, 425, 426, 428, 429, 431, 451],
]);

/** A receiver may ask for a longer pause; it does not get it. */
const LONGEST_PAUSE_MS = 3_600_000;

export function meaningOf(status: number): AnswerMeaning {
  if (status >= 200 && status < 300) return 'ok';
  if (status === 409) return 'duplicate';
  if (status === 412) return 'fenced';
  return status >= 400 && status < 500 && !notOfTheRows.has(status) ? 'refused' : 'retry';
}

/** The milliseconds of a `Retry-After`, in seconds or as a date; undefined where it says nothing. */
export function retryAfterMs(header: string | null, now: number): number | undefined {
  if (header === null) return undefined;
  const ms = /^\s*\d+\s*$/.test(header) ? Number(header) * 1000 : Date.parse(header) - now;
  return ms > 0 ? Math.min(ms, LONGEST_PAUSE_MS) : undefined;
}

/** What to do about a status that is worth another try. */
export function hintFor(status: number): string {
  if (status === 401 || status === 403 || status === 407) return '; look at `headers`';
  if (status >= 300 && status < 400) {
    return '; redirects are not followed, so give the address that it leads to as `url`';
  }
  return status === 404 || status === 405 || status === 410 ? '; look at `url`' : '';
}
