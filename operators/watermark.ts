/** The one way in: values become events in time, and watermarks say how far time has come. */
import { asyncScheduler, type OperatorFunction, type SchedulerLike } from 'rxjs';
import { Alarm, Arrival } from '../lib/arrival.js';
import { type Chunks, chunkOf, type Data } from '../lib/chunks.js';
import type { Door, Invalid } from '../lib/doors.js';
import { type Duration, durationOption } from '../lib/duration.js';
import {
  type Barrier,
  barrierAt,
  brand,
  type Element,
  type EventElement,
  nextOrigin,
  type Restore,
  restoreWith,
  type Watermark,
} from '../lib/element.js';
import { configError, WatermarkOriginError } from '../lib/errors.js';
import type { Instant } from '../lib/instant.js';
import { Intake, type IntakeConfig, type WatermarkStats } from '../lib/intake.js';
import type { Membership } from '../lib/membership.js';
import { type Output, operate, type Turn } from '../lib/operate.js';
import { copyStats, newStats, restoreStats, type StatsDoor, setLive } from '../lib/stats.js';
import { registering, takeBack } from '../lib/takeBack.js';
import type { OnResume } from '../lib/valve.js';
import { WatermarkState, type WatermarkStateConfig } from '../lib/watermarkState.js';
import { BoundedOutOfOrderness } from '../lib/watermarks.js';

export interface WatermarkConfig<T> {
  /** When it happened: epoch ms, a `Date`, or an RFC 3339 string with `Z` or an offset. */
  readonly timestamp: (value: T) => Instant;
  /** How far an event may be behind the latest one of its split. @default 0 */
  readonly outOfOrderness?: Duration;
  /** The split (partition, sensor) of a value; replaces those of the source. @default the source's, else one split */
  readonly split?: (value: T) => string;
  /** How many splits there may be; one more is an error. @default 10,000 */
  readonly maxSplits?: number;
  /** Silence, in arrival time, after which a split no longer holds time back. @default never (Infinity) */
  readonly idleTimeout?: Duration;
  /** A split that wakes behind the output is left out until it has caught up, or holds time. @default 'ignore' */
  readonly onResume?: OnResume;
  /** How far ahead of arrival time an event may be; Infinity: no limit. @default 5 minutes on a wall clock, Infinity on a virtual one */
  readonly maxFutureSkew?: Duration;
  /** An event too far ahead leaves by `invalid`, or flows on without moving time. @default 'quarantine' */
  readonly onFutureSkew?: 'pass' | 'quarantine';
  /** What cannot be an event: no instant, too far ahead, or a function of yours threw. @default counted */
  readonly invalid?: Door<Invalid<T>>;
  /** Arrival time and the idle timer. @default the clock of the job, else `asyncScheduler` */
  readonly scheduler?: SchedulerLike;
  /** Its name in a job: needed there. */
  readonly id?: string;
  /** Called once per subscription with the live counters. */
  readonly stats?: StatsDoor<WatermarkStats>;
}

/**
 * Gives each value its event time, and emits a watermark right after the event that raised it.
 *
 * ```text
 * arrivals                       a@1      b@7      c@3  d@9
 * watermark(outOfOrderness: 2)   a@1 W-2  b@7 W4   c@3  d@9 W6
 * late further down                                c
 * ```
 *
 * **Watermarks.** W = max(seen) − `outOfOrderness` − 1, per split; the output is the least W of the
 * splits that are neither idle nor finished, rises strictly, and is +∞ when the source completes. A
 * split that its source declares counts at −∞ from then on, another from its first event on. The
 * watermarks and status of an upstream `watermark` are discarded, its +∞ is not.
 *
 * **Idleness.** A split is idle when nothing has arrived for `idleTimeout`; when the last one turns
 * idle, status *idle* follows, and *active* before the next event. It never moves time past the latest
 * event. The time for which a job pauses its sources is no silence; after a pause as long as the time-out
 * every split counts again, as after a restore, since it may have a backlog.
 *
 * **Invalid events** (no instant, a local time without zone, too far in the future, a function that
 * threw) change nothing and move no watermark. A throw without an `invalid` door errors the stream.
 *
 * **Completion.** W = +∞, then complete. An error passes at once; unsubscribing emits nothing.
 *
 * **State.** One number per split, saved at each barrier; after a restore every split is active at its restored W.
 * O(log splits) an event, O(1) with one split. One timer at most, none without `idleTimeout`.
 *
 * @param config `timestamp` is all that it needs
 * @returns an operator from values, or from the events of a source, to elements in time
 * @throws TypeError for a wrong option, when called. Down the stream: `UserFunctionError`, `SplitError`
 * (too many splits, or a split of the checkpoint that is gone), `WatermarkOriginError` (two upstreams)
 *
 * @example
 * clicks$.pipe(
 *   watermark({ timestamp: (c) => c.at, outOfOrderness: '2s' }),
 *   eventTimeWindow({ window: tumbling('1m'), aggregate: { clicks: count() } }),
 *   toValues(),
 * );
 */
export function watermark<T>(
  config: WatermarkConfig<T>,
): OperatorFunction<T | Element<T>, Element<T>> {
  const options = check(config);
  return operate((out, turn) => new Shell<T>(options, out as Output<Element<T>>, turn));
}

type Options<T> = Pick<WatermarkConfig<T>, 'scheduler' | 'id' | 'stats'> &
  IntakeConfig<T> &
  Omit<WatermarkStateConfig<T>, 'origin'>;

function check<T>(c: WatermarkConfig<T>): Options<T> {
  const { onResume = 'ignore', onFutureSkew = 'quarantine', maxSplits = 10_000 } = c;
  const { outOfOrderness = 0, idleTimeout = Infinity, maxFutureSkew: skew } = c;
  const isFunction = (f: unknown) => typeof f === 'function';
  const whole = Number.isSafeInteger(maxSplits) && maxSplits > 0;
  demand('timestamp', 'a function', c.timestamp, isFunction(c.timestamp));
  demand('split', 'a function', c.split, c.split === undefined || isFunction(c.split));
  demand('onResume', "'ignore' or 'hold'", onResume, ['ignore', 'hold'].includes(onResume));
  const known = ['pass', 'quarantine'].includes(onFutureSkew);
  demand('onFutureSkew', "'pass' or 'quarantine'", onFutureSkew, known);
  demand('maxSplits', 'an integer >= 1', maxSplits, whole);
  for (const later of ['advanceWithClock', 'generator'] as const) {
    const got = (c as unknown as Record<string, unknown>)[later];
    demand(later, 'absent (not built yet)', got, got === undefined);
  }
  const boundMs = durationOption('watermark', 'outOfOrderness', outOfOrderness, 'nonNegative');
  return {
    ...c,
    onResume,
    onFutureSkew,
    maxSplits,
    idleTimeoutMs: orInfinity('idleTimeout', idleTimeout, 'positive'),
    maxFutureSkewMs:
      skew === undefined ? undefined : orInfinity('maxFutureSkew', skew, 'nonNegative'),
    ownSplits: c.split !== undefined,
    boundMs,
    generator: () => new BoundedOutOfOrderness(boundMs),
  };
}

function demand(option: string, rule: string, got: unknown, holds: boolean): void {
  if (!holds) throw configError('watermark', option, rule, got);
}

function orInfinity(option: string, d: Duration, sign: 'positive' | 'nonNegative'): number {
  return d === Infinity ? Infinity : durationOption('watermark', option, d, sign);
}

const STATS = 'stats';

/** One subscription: tells the kinds of elements apart, keeps the timer, speaks with the job. */
class Shell<T> {
  private readonly stats: WatermarkStats = newStats({ future: 0 });
  private readonly arrival: Arrival;
  private readonly intake: Intake<T>;
  private readonly state: WatermarkState<T>;
  private membership: Membership | undefined;
  private readonly alarm: Alarm;
  private readonly timed: boolean;
  private origin = 0;
  private lastBarrier = 0;
  /** What the job's sources had been paused for when an event last came. */
  private heldMs = 0;

  constructor(
    private readonly options: Options<T>,
    private readonly out: Output<Element<T>>,
    turn: Turn,
  ) {
    this.timed = options.idleTimeoutMs < Infinity;
    this.arrival = new Arrival(options.scheduler, asyncScheduler);
    this.intake = new Intake(options, this.arrival, this.stats);
    this.state = new WatermarkState({ ...options, origin: nextOrigin() }, out, this.idleNow());
    this.alarm = new Alarm(this.arrival, this.state, turn);
    this.alarm.set();
    options.stats?.(this.stats);
  }

  /* The test for elements stands here, not in `isElement`: here it sees the shapes of one stream only. */
  next(x: T | Element<T>): void {
    if ((x as Partial<Element<T>> | null | undefined)?.[brand] !== true) {
      this.arrive(x as T, undefined);
    } else this.element(x as Element<T>);
    if (this.timed) this.alarm.set();
  }

  /* What is as long as the time-out is a downtime: a split that was quiet before it may not be now. */
  private noticePause(): void {
    const held = this.arrival.held();
    const paused = held - this.heldMs;
    this.heldMs = held;
    if (paused >= this.options.idleTimeoutMs) this.state.resume(this.idleNow());
  }

  private element(x: Element<T>): void {
    if (x.kind === 'event') this.arrive(x.value, x);
    else if (x.kind === 'watermark') this.upstream(x);
    else if (x.kind === 'splits') this.state.declare(x.splits, this.idleNow());
    else if (x.kind === 'barrier') this.barrier(x);
    else if (x.kind === 'restore') this.restore(x);
  }

  complete(): void {
    this.state.end();
    if (this.out.closed) return;
    this.membership?.finished(() => this.save());
    this.out.complete();
  }

  dispose(): void {
    this.alarm.clear();
    this.membership?.finished(() => this.save());
  }

  private arrive(value: T, from: EventElement<T> | undefined): void {
    const e = this.intake.take(value, from);
    if (e === undefined) return;
    if (this.timed) this.noticePause();
    this.state.event(e, this.idleNow(), !this.intake.ahead);
    if (this.stats.live !== this.state.size) setLive(this.stats, this.state.size);
  }

  /* Read only where silence counts: a clock read costs as much as all the rest. */
  private idleNow(): number {
    return this.timed ? this.arrival.running() : 0;
  }

  private upstream(e: Watermark): void {
    if (e.origin !== 0) {
      if (this.origin !== 0 && e.origin !== this.origin) {
        throw new WatermarkOriginError('watermark', 'watermarks of two origins met in one input');
      }
      this.origin = e.origin;
    }
    if (e.timestamp === Infinity) this.state.end();
  }

  private barrier(e: Barrier): void {
    if (e.n <= this.lastBarrier) {
      throw new WatermarkOriginError('watermark', `barrier ${e.n} came after ${this.lastBarrier}`);
    }
    this.lastBarrier = e.n;
    if (this.options.id !== undefined) e.report(this.options.id, () => this.save());
    this.out.next(barrierAt(e.n, e.report));
  }

  private restore(e: Restore): void {
    if (this.membership !== undefined) return;
    const { id } = this.options;
    const membership = e.register({ id, operator: 'watermark', stats: this.stats, time: true });
    this.membership = membership;
    this.arrival.job = membership.clock;
    this.intake.reset();
    this.state.moved = (w, idle) => membership.advanced(w, idle);
    this.alarm.clear();
    takeBack(membership, {
      ...{ operator: 'watermark', id },
      load: (chunks, kept) => {
        this.state.restore(chunks, kept);
        restoreStats(this.stats, chunkOf(chunks, STATS));
      },
      save: () => this.save(),
      refused: () => this.out.next(registering(e)),
    });
    this.state.finishVanished = membership.migrating?.finishSplits ?? false;
    this.state.restart(this.idleNow());
    this.heldMs = this.arrival.held();
    if (this.state.w > -Infinity) membership.advanced(this.state.w, false);
    this.out.next(restoreWith(e.register));
    const floor = membership.migrating?.floor;
    if (floor !== undefined) this.state.beginAt(floor);
    this.state.settle();
  }

  private save(): Chunks {
    return new Map<string, Data>([...this.state.save(), [STATS, copyStats(this.stats)]]);
  }
}
