/** How long to wait after so many failures in a row: twice as long each time, up to a limit. */

export interface BackOff {
  /** The wait after the first failure. */
  readonly delayMs: number;
  readonly maxDelayMs: number;
}

/** @param failures in a row, at least 1 */
export function backOff({ delayMs, maxDelayMs }: BackOff, failures: number): number {
  return Math.min(delayMs * 2 ** Math.min(failures - 1, 30), maxDelayMs);
}
