/** The scene of a marble test: every lane, what it received and what it should have. */
import type { Message, Values } from '../script/message.js';

/**
 * A message with fields left out: what a fixture's line says, as far as it matters. Numbers in `time`
 * and `watermark` count from the epoch. Any field may hold an asymmetric matcher. Events, values and
 * errors are always compared; other kinds of message as soon as one fact names their kind.
 *
 * @example
 * const facts: Fact[] = [{ event: { n: 4 }, time: '5m' }, { watermark: 'MAX' }, { complete: true }];
 */
export interface Fact {
  /** Arrival frame. */
  readonly at?: unknown;
  /** An event: the letter of its value in the scripts, or the value. */
  readonly event?: unknown;
  /** Event time: ms or a duration since the epoch, or a calendar instant. */
  readonly time?: unknown;
  /** The value, where `event` is only its letter; alone: a bare value. */
  readonly value?: unknown;
  readonly split?: unknown;
  readonly op?: unknown;
  /** Its time; `'MAX'` is the end. */
  readonly watermark?: unknown;
  readonly status?: unknown;
  readonly splits?: unknown;
  /** Its number. */
  readonly barrier?: unknown;
  readonly complete?: true;
  /** The error; a string names its class, a RegExp its message. */
  readonly error?: unknown;
}

/**
 * One lane of a test; an input has `received` (what was sent) and nothing expected.
 *
 * @example
 * const lane: SceneLane = { head: 'out', received: [], expected: [{ kind: 'complete', frame: 3 }] };
 */
export interface SceneLane {
  readonly head: string;
  readonly received: readonly Message[];
  /** Letters with their values. */
  readonly expected?: readonly Message[];
  /** The letters that the expectation itself gave. */
  readonly values?: Values;
  /** In place of `expected`. */
  readonly facts?: readonly Fact[];
  /** Its messages say what a counter has become; between them it stays the same. */
  readonly sampled?: boolean;
  /** The line of the user that wrote the expectation. */
  readonly site?: Error;
}

/**
 * All that is needed to judge a test.
 *
 * @example
 * const scene: Scene = { lanes: [lane], values: { x: { n: 4 } }, epoch: 0 };
 */
export interface Scene {
  readonly lanes: readonly SceneLane[];
  /** The letters of all scripts. */
  readonly values: Values;
  /** Event times are written from here. */
  readonly epoch: number;
}
