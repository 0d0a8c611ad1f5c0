/** What a harness and its steps are told. */
import type { EventOptions } from '../../../lib/element.js';
import type { Instant } from '../../../lib/instant.js';
import type { Values } from '../script/message.js';
import type { ArrivalClock } from './arrivalClock.js';

/** Options of `harness`. */
export interface HarnessOptions {
  /** How many inputs there are. @default as many as `build` has parameters */
  readonly inputs?: number;
  /** Where event times that are written as numbers and durations begin. @default 0 */
  readonly epoch?: Instant;
  /** What the arrival clock shows first. @default 0 */
  readonly clock?: Instant;
  /** The arrival clock, where what is built needs it in its own config. @default one of its own */
  readonly scheduler?: ArrivalClock;
  /** Whether a restore passes first, with a clock, as in a job. @default true */
  readonly inJob?: boolean;
  /** The values of letters: in what is played, and in what comes out. */
  readonly values?: Values;
}

/** What `push` says of an event besides its value and time. */
export interface PushOptions extends EventOptions {
  /** Which input, from 0. @default 0 */
  readonly input?: number;
}
