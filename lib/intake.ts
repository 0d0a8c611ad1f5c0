/** What makes events out of what arrives: the user's `timestamp` and `split`, the future guard, the invalid door. */
import { type Door, guardedDoor, type Invalid } from './doors.js';
import { type EventElement, stamp } from './element.js';
import { UserFunctionError } from './errors.js';
import { type Instant, toInstant } from './instant.js';
import type { Clock } from './ports.js';
import type { Stats } from './stats.js';

export interface IntakeConfig<T> {
  readonly timestamp: (value: T) => Instant;
  readonly split?: ((value: T) => string) | undefined;
  /** How far ahead of arrival time an event may be; undefined: 5 minutes on a wall clock, else no limit. */
  readonly maxFutureSkewMs: number | undefined;
  readonly onFutureSkew: 'pass' | 'quarantine';
  readonly invalid?: Door<Invalid<T>> | undefined;
}

/** Counters of `watermark`: `in = accepted + invalid`. */
export interface WatermarkStats extends Stats {
  /** Events further ahead than `maxFutureSkew`: among the invalid ones, or passed. */
  future: number;
}

const OPERATOR = 'watermark';
const FIVE_MINUTES = 300_000;
/* A clock below this (1973) is virtual. */
const WALL = 1e11;

/**
 * Turns a value into an event, or sends it to the invalid door; nothing else has seen it by then. The
 * clock is read only when an event is ahead of the instant last read by more than the skew: replayed
 * history costs no reads, live input one each time that the skew has gone by.
 */
export class Intake<T> {
  /** Whether the event taken last is too far ahead to move time. */
  ahead = false;
  private readonly invalid: ((e: Invalid<T>) => void) | undefined;
  private skewMs = Infinity;
  private seen = -Infinity;

  constructor(
    private readonly config: IntakeConfig<T>,
    private readonly clock: Clock,
    private readonly stats: WatermarkStats,
  ) {
    this.invalid = guardedDoor(OPERATOR, 'invalid', config.invalid);
    this.reset();
  }

  /** The clock has changed: looks anew whether it is a wall clock. */
  reset(): void {
    this.seen = this.clock.now();
    this.skewMs = this.config.maxFutureSkewMs ?? (this.seen >= WALL ? FIVE_MINUTES : Infinity);
  }

  /** The event of a value or of a source's event; undefined when it left by the door. */
  take(value: T, from: EventElement<T> | undefined): EventElement<T> | undefined {
    this.stats.in++;
    const { timestamp, split } = this.config;
    let instant: unknown;
    let name = from?.split;
    let fn = 'timestamp';
    try {
      instant = timestamp(value);
      fn = 'split';
      if (split !== undefined) name = split(value);
    } catch (thrown) {
      return this.threw(fn, value, thrown);
    }
    const time = toInstant(instant);
    if (typeof time !== 'number') return this.refuse({ value, reason: time, split: from?.split });
    if (split !== undefined && typeof name !== 'string') {
      return this.refuse({ value, reason: 'key', timestamp: time });
    }
    this.ahead = time - this.seen > this.skewMs && this.isAhead(time);
    if (this.ahead) {
      this.stats.future++;
      if (this.config.onFutureSkew === 'quarantine') {
        return this.refuse({ value, reason: 'future', timestamp: time, split: name });
      }
    }
    this.stats.accepted++;
    this.stats.out++;
    return stamp(value, time, name, from);
  }

  private isAhead(time: number): boolean {
    this.seen = this.clock.now();
    return time - this.seen > this.skewMs;
  }

  private threw(fn: string, value: T, error: unknown): undefined {
    if (this.invalid === undefined) throw new UserFunctionError(OPERATOR, fn, error);
    return this.refuse({ value, reason: 'threw', error });
  }

  private refuse(what: Invalid<T>): undefined {
    this.stats.invalid++;
    this.invalid?.(what);
  }
}
