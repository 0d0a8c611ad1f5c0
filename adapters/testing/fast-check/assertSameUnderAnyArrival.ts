/** The law of event time in one line: the order of arrival, as far as the watermark permits it, changes no result. */
import fc from 'fast-check';
import { type Duration, durationOption } from '../../../lib/duration.js';
import { isElement, watermarkAt } from '../../../lib/element.js';
import { configError } from '../../../lib/errors.js';
import type { Instant } from '../../../lib/instant.js';
import { BoundedOutOfOrderness } from '../../../lib/watermarks.js';
import { eventTimeOrder, timesOf } from '../disorder/arrivals.js';
import { MarbleError } from '../report/failure.js';
import { errorText } from '../report/show.js';
import { siteOf } from '../site.js';
import { AnyOrder } from './anyOrder.js';
import {
  type Difference,
  differenceOf,
  type Emitted,
  outcomeOf,
  type Pipeline,
  type Result,
} from './outcome.js';
import { tellDifference } from './tellDifference.js';

const CALLER = 'assertSameUnderAnyArrival';

/** Options of `assertSameUnderAnyArrival`. */
export interface SameUnderAnyArrivalOptions<T, R = unknown> {
  /** When it happened. @default its `timestamp` */
  readonly timestamp?: (event: T) => Instant;
  /** How many orders are tried. @default 100, or as fast-check is configured */
  readonly numRuns?: number;
  /** Chooses the orders; a failure tells the one to replay it with. @default another each time */
  readonly seed?: number;
  /** From the failure to replay: goes straight to its order. */
  readonly path?: string;
  /** What counts of a result of the pipeline. @default all; of elements value, timestamp and op of the events */
  readonly results?: (result: Emitted<R>) => unknown;
  /** Whether two results are the same; an equivalence. @default equal in depth */
  readonly compare?: (a: any, b: any) => boolean;
  /** Whether the results must also leave in the same order. @default false: keys may fire in order of their first arrival */
  readonly ordered?: boolean;
}

/**
 * Asserts that a pipeline gives the same results in every order of arrival that its watermark permits.
 *
 * ```text
 * event-time order   a@1  b@4  c@7        { n: 2 } [0,5)   { n: 1 } [5,10)
 * any other          b@4  a@1  c@7        the same, or the assertion fails and shows
 *                    a@1  c@7  b@4        the smallest order that breaks it
 * ```
 *
 * Events that are elements are sent with the watermarks of bounded out-of-orderness; other values as they
 * are, to a pipeline that has its own `watermark({ outOfOrderness })`. All in one turn: the pipeline is
 * synchronous. It may subscribe to its source more than once (a join): all subscriptions see one order.
 *
 * Sessions merge when they touch: give theirs a watermark of `outOfOrderness` + 1, as the contract says.
 *
 * **Failure.** Events are left out, and the order straightened, as far as it still breaks. The error shows
 * what remains as marbles of arrival and event time, the results of both orders with what is missing and
 * extra, and the seed and path that replay it.
 *
 * @param pipeline is built anew for each order; what it gives to its second argument counts as a result
 * @param events two or more, in any order; all of them elements, or none
 * @param outOfOrderness how far an event may arrive behind a newer one; some order but that of event time must be within it
 * @throws MarbleError when an order changes the results; TypeError for wrong arguments, and where the law
 * would say nothing: one possible order, no results, a pipeline that fails or hangs in event-time order
 *
 * @example
 * assertSameUnderAnyArrival(
 *   (readings$, late) =>
 *     readings$.pipe(
 *       watermark({ timestamp: (r) => r.at, outOfOrderness: '10m' }),
 *       eventTimeWindow({ window: tumbling('5m'), aggregate: { n: count() }, late }),
 *       toValues(),
 *     ),
 *   readings,
 *   '10m',
 *   { timestamp: (r) => r.at },
 * );
 */
export function assertSameUnderAnyArrival<T, R>(
  pipeline: Pipeline<T, R>,
  events: readonly T[],
  outOfOrderness: Duration,
  options: SameUnderAnyArrivalOptions<T, R> = {},
): void {
  const site = siteOf(assertSameUnderAnyArrival);
  const boundMs = durationOption(CALLER, 'outOfOrderness', outOfOrderness, 'nonNegative');
  const law = new Law(pipeline, events, boundMs, options as SameUnderAnyArrivalOptions<any, any>);
  const { numRuns, seed, path } = options;
  if (numRuns !== undefined && !(Number.isInteger(numRuns) && numRuns >= 1)) {
    throw configError(CALLER, 'numRuns', 'an integer >= 1', numRuns);
  }
  const given = Object.entries({ numRuns, seed, path }).filter(([, x]) => x !== undefined);
  const run = fc.check(
    fc.property(law.orders, (order) => law.broken(order) === undefined),
    Object.fromEntries(given),
  );
  if (!run.failed) return;
  const [order] = run.counterexample ?? [];
  if (order === undefined) throw new Error(fc.defaultReportMessage(run as fc.RunDetails<unknown>));
  throw law.failure(order, { seed: run.seed, path: run.counterexamplePath ?? '' }, site);
}

/** The law over these events; orders are lists of positions in event-time order. */
class Law {
  readonly orders: AnyOrder;
  private readonly events: readonly unknown[];
  private readonly times: readonly number[];
  private readonly elements: boolean;
  private readonly whole: readonly Result[];

  constructor(
    private readonly pipeline: Pipeline<any, any>,
    given: readonly unknown[],
    private readonly boundMs: number,
    private readonly options: SameUnderAnyArrivalOptions<any, any>,
  ) {
    const times = timesOf(CALLER, given, options.timestamp);
    const inTime = eventTimeOrder(times);
    this.events = inTime.map((i) => given[i]);
    this.times = inTime.map((i) => times[i] as number);
    const elements = given.filter(isElement).length;
    if (elements !== 0 && elements !== given.length) {
      throw configError(CALLER, 'events', 'all elements or all bare values', 'both');
    }
    this.elements = elements > 0;
    this.orders = new AnyOrder(this.times, boundMs, true);
    if (this.orders.single) {
      const rule = 'great enough to permit an order other than that of event time';
      throw configError(
        CALLER,
        'outOfOrderness',
        rule,
        boundMs,
        `there are ${given.length} events`,
      );
    }
    this.whole = this.baseline();
  }

  broken(order: readonly number[]): Difference | undefined {
    return differenceOf(this.expected(order), this.outcome(order), this.options);
  }

  failure(
    order: readonly number[],
    replay: { readonly seed: number; readonly path: string },
    site: Error,
  ): MarbleError {
    const [expected, got] = [this.expected(order), this.outcome(order)];
    const told = tellDifference({
      arrivals: order.map((i) => ({
        event: this.events[i],
        time: this.times[i] as number,
        place: i,
      })),
      marks: this.elements ? this.watermarks(order) : undefined,
      total: this.events.length,
      boundMs: this.boundMs,
      expected,
      got,
      difference: differenceOf(expected, got, this.options),
      replay,
    });
    return new MarbleError(told.text, told.expected, told.got, site);
  }

  private baseline(): readonly Result[] {
    const results = this.outcome(this.events.map((_, i) => i));
    const last = results.at(-1);
    if (last?.from === 'error') {
      const text = `${CALLER}: the pipeline fails in event-time order: ${errorText(last.value)}`;
      throw new TypeError(text, { cause: last.value });
    }
    if (last?.from === 'open') {
      const hint = 'it must be synchronous, and complete when its source does';
      throw new TypeError(
        `${CALLER}: the pipeline does not complete in the turn of its source; ${hint}`,
      );
    }
    if (last === undefined) {
      const hint = 'give events that make some, or a door';
      throw new TypeError(`${CALLER}: the pipeline gives no result in event-time order; ${hint}`);
    }
    return results;
  }

  private expected(order: readonly number[]): readonly Result[] {
    if (order.length === this.events.length) return this.whole;
    return this.outcome(order.toSorted((x, y) => x - y));
  }

  private outcome(order: readonly number[]): Result[] {
    const marks = this.elements ? this.watermarks(order) : [];
    const sent = order.flatMap((i, frame) => {
      const w = marks[frame];
      return w === undefined ? [this.events[i]] : [this.events[i], watermarkAt(w)];
    });
    return outcomeOf(this.pipeline, sent, this.options.results);
  }

  /** After each event of the order, the watermark that it raises. */
  private watermarks(order: readonly number[]): (number | undefined)[] {
    const generator = new BoundedOutOfOrderness(this.boundMs);
    let last = -Infinity;
    return order.map((i) => {
      const w = generator.event(undefined, this.times[i] as number);
      if (w <= last) return undefined;
      last = w;
      return w;
    });
  }
}
