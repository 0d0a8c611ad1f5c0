/** Every order in which events may arrive without being late, and no other. */
import type fc from 'fast-check';
import { type Duration, durationOption } from '../../../lib/duration.js';
import type { Instant } from '../../../lib/instant.js';
import { eventTimeOrder, timesOf } from '../disorder/arrivals.js';
import { AnyOrder } from './anyOrder.js';

/** Options of `anyArrivalOrder`. */
export interface AnyArrivalOrderOptions<T> {
  /** When it happened. @default its `timestamp` */
  readonly timestamp?: (event: T) => Instant;
}

/**
 * Gives the orders of arrival that an out-of-orderness permits: each of them, and nothing else.
 *
 * ```text
 * events                  a@0  b@2  c@5
 * outOfOrderness: 0       a b c
 * outOfOrderness: 3       a b c    b a c    a c b
 * outOfOrderness: 5       all six
 * ```
 *
 * An order is permitted if every event's time is at least the newest time before it − `outOfOrderness`:
 * behind `watermark({ outOfOrderness })` no event is late. Shrinks towards event-time order; events of
 * one time stand there as in the list. O(n log n) for an order.
 *
 * @param events in any order; elements or anything else with a time
 * @throws TypeError for a wrong option, or an event without time
 *
 * @example
 * fc.assert(
 *   fc.property(anyArrivalOrder(readings, '10m', { timestamp: (r) => r.at }), (arrivals) => {
 *     expect(countsOf(arrivals)).toEqual(countsOf(readings));
 *   }),
 * );
 */
export function anyArrivalOrder<T>(
  events: readonly T[],
  outOfOrderness: Duration,
  options: AnyArrivalOrderOptions<T> = {},
): fc.Arbitrary<T[]> {
  const caller = 'anyArrivalOrder';
  const boundMs = durationOption(caller, 'outOfOrderness', outOfOrderness, 'nonNegative');
  const times = timesOf(caller, events, options.timestamp);
  const inTime = eventTimeOrder(times);
  const any = new AnyOrder(
    inTime.map((i) => times[i] as number),
    boundMs,
    false,
  );
  return any.map((order) => order.map((position) => events[inTime[position] as number] as T));
}
