/** What the body of an event-time test is given. */
import type { Observable } from 'rxjs';
import type { RunHelpers } from 'rxjs/testing';
import type { Duration } from '../../../lib/duration.js';
import type { Element } from '../../../lib/element.js';
import type { Instant } from '../../../lib/instant.js';
import type { Stats } from '../../../lib/stats.js';
import type { Fact } from '../report/scene.js';
import type { Message, Values } from '../script/message.js';
import type { Script } from '../script/script.js';
import type { Counters } from './counters.js';
import type { Assert } from './current.js';
import type { Recording } from './recording.js';
import type { MarbleScheduler } from './scheduler.js';

/** What is expected of a stream or door. It is compared when the body has ended and all time has passed. */
export interface Expectation {
  /**
   * Compares with marbles: one line; a block of lanes, in which `panes` is about the window results of
   * the stream and any other head about the door or counters of that name; or a script.
   * `error`: the error that `#` stands for; a string names its class, a RegExp its message.
   *
   * @example
   * expectStream(out$).toBe('x@4 · (y@9 W∞ |)', { x: { n: 4 }, y: { n: 2 } });
   */
  toBe(marbles: string | Script, values?: Values, error?: unknown): void;
  /**
   * Compares with facts, one per message and in order; what a fact leaves out is not compared.
   *
   * @example
   * expectStream(out$).toEmit([{ event: { n: 4 }, time: 4 }, { watermark: 'MAX' }, { complete: true }]);
   */
  toEmit(facts: readonly Fact[]): void;
}

/** A side door that remembers what came, and when. */
export interface RecordingDoor extends Expectation {
  (thing: unknown): void;
  /** Everything that came, in order; complete after `flush()`. */
  readonly items: readonly any[];
  /** The same as messages with their frames, as pictures take them. */
  readonly messages: readonly Message[];
}

/** Options of an event-time test. */
export interface TestOptions {
  /** Where the event times written in marbles begin. @default 0 */
  readonly epoch?: Instant;
  /** What the arrival clock shows at frame 0. @default 0 */
  readonly clock?: Instant;
  /** What one token of an `event` lane is worth. @default 1 */
  readonly unit?: Duration;
  /** Told once per expectation: undefined, or the failure. @default throws the failure */
  readonly assert?: Assert;
  /**
   * How many timers may fire without a message of a script between them before the test fails, since
   * one of them has no end. @default 100,000, with `fakeTimers` 5,000
   */
  readonly maxActions?: number;
}

/** The tools that do not wait. */
export interface TestTools {
  /** A cold stream of elements: `a@1 W4 |`. A letter is its own value unless `values` has it. */
  stream<T = string>(
    script: string | Script<T>,
    values?: Values<T>,
    error?: unknown,
  ): Observable<Element<T>>;
  /** A cold stream of bare values: `a b |`. */
  source<T = string>(
    script: string | Script<T>,
    values?: Values<T>,
    error?: unknown,
  ): Observable<T>;
  /** A hot stream of elements, shared by all its subscribers: its script begins when time does. */
  hot<T = string>(
    script: string | Script<T>,
    values?: Values<T>,
    error?: unknown,
  ): Observable<Element<T>>;
  /** Subscribes at frame 0. `!` in the expectation unsubscribes at the beginning of its frame. */
  expectStream(actual: Observable<unknown>, name?: string): Expectation;
  /** Subscribes at frame 0 and keeps what comes, for a snapshot. One that nobody looks at fails the test. */
  record(actual: Observable<unknown>, name?: string): Recording;
  /** A side door; its name is the head of its lane in a block. */
  door(name?: string): RecordingDoor;
  /** Counters for the `stats` option of an operator; their name is the head of their lane in a block. */
  counters<S extends object = Stats>(name?: string): Counters<S>;
  readonly scheduler: MarbleScheduler;
  /**
   * RxJS's own helpers of `TestScheduler.run`, with their own notation and their own time: `cold`, `hot`,
   * `time`, `expectObservable`, `expectSubscriptions`, `animate`. What they expect is reported as
   * everything else is, and `expectObservable` without `toBe` fails the test.
   */
  readonly rx: RunHelpers;
}

/** What the body of `eventTimeTest` is given. */
export interface EventTimeTest extends TestTools {
  /** Lets all virtual time pass now, so that the test can look at what came. */
  flush(): void;
}

/** What the body of `eventTimeTestAsync` is given. */
export interface AsyncEventTimeTest extends TestTools {
  /** Lets all virtual time pass, with the promises in it, so that the test can look at what came. */
  flush(): Promise<void>;
}
