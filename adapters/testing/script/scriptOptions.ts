/** What scripts and their steps are told. */
import type { Duration } from '../../../lib/duration.js';
import type { WindowBounds } from '../../../lib/element.js';
import type { Instant } from '../../../lib/instant.js';
import type { Time } from './times.js';

/** Options of `script` and `fixture`. */
export interface ScriptOptions {
  /** Where times that are written as numbers and durations begin. @default 0 */
  readonly epoch?: Instant;
}

/** Options of `marbles`. */
export interface MarblesOptions extends ScriptOptions {
  /** What `#` stands for. */
  readonly error?: unknown;
  /** What one token of the `event` lane is worth. @default 1 */
  readonly unit?: Duration;
}

/** Options of `toLanes`. */
export interface LanesOptions {
  /** What one token of the `event` lane is worth. @default 1 */
  readonly unit?: Duration;
}

/** What the step `event` says besides the name. */
export interface EventStep<V> {
  /** Event time: ms or a duration from the epoch of the script on, or a calendar instant. */
  readonly at: Time;
  /** @default the name */
  readonly value?: V;
  readonly split?: string;
  /** `'-'` withdraws an earlier event. */
  readonly op?: '-';
  readonly revision?: readonly number[];
  readonly replaces?: readonly WindowBounds[];
}
