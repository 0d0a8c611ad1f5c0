/** What generators of arrival orders ask of events: when they happened, and where they came from. */
import { isElement } from '../../../lib/element.js';
import { configError, show } from '../../../lib/errors.js';
import { type Instant, toInstant } from '../../../lib/instant.js';

/**
 * The event times of events, in epoch milliseconds.
 * @throws TypeError where an event has none, or is a watermark or another control element
 */
export function timesOf<T>(
  caller: string,
  events: readonly T[],
  timestamp: (event: T) => Instant = ownTime,
): number[] {
  if (!Array.isArray(events)) throw configError(caller, 'events', 'an array', events);
  return events.map((e, i) => {
    if (isElement(e) && e.kind !== 'event') {
      throw configError(
        caller,
        'events',
        'events alone',
        e.kind,
        `event ${i} is a control element`,
      );
    }
    const given = timestamp(e);
    const ms = toInstant(given);
    if (typeof ms === 'number') return ms;
    const hint = `event ${i} is ${show(e)}`;
    throw configError(caller, 'timestamp', 'a function that gives an instant', given, hint);
  });
}

function ownTime(event: unknown): Instant {
  return (event as { readonly timestamp: Instant } | null | undefined)?.timestamp as Instant;
}

/** The indexes of events in event-time order; of one instant, the earlier in the list comes first. */
export function eventTimeOrder(times: readonly number[]): number[] {
  return times.map((_, i) => i).sort((a, b) => (times[a] as number) - (times[b] as number));
}
