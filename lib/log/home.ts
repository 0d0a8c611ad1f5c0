/** What the tables and checkpoints of one log have in common. */
import type { Clock } from '../ports.js';
import type { Pause } from '../turns.js';
import type { Log } from './log.js';

/** Work on the open log. */
export type LogWork<T> = (log: Log) => Promise<T> | T;

/** What tables and checkpoints have in common. */
export interface LogHome {
  readonly clock: Clock;
  readonly transaction: object;
  readonly pause: Pause;
  /** Runs work when all work before it is done, on a log that holds what others have written too. */
  run<T>(work: LogWork<T>): Promise<T>;
}
