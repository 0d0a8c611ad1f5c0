/** `seekable`: finds an event time in a source by reading it, for a job that starts there. */

import { configError } from '../lib/errors.js';
import { type Instant, toInstant } from '../lib/instant.js';
import type { Position, Reader, Source } from '../lib/ports.js';

/**
 * Makes a source in which a job can start at an event time (`start: { time }`).
 *
 * ```text
 * rows             a@1  b@9  c@4  d@12  e@7
 * seek(8)          a@1 |b@9  c@4  d@12  e@7     before the first row of 8 or later
 * late at the job                 c@4         e@7
 * ```
 * The place is right before the first row of that time or a later one: nothing that belongs to it is
 * missed, in whatever order rows come. What is found behind it from before is late. It is found by
 * reading from the beginning, so it costs a reading of all that is before; the rows are told to nobody.
 *
 * @param timestamp as that of the `watermark` behind it; a row whose time is none is passed over
 * @throws TypeError where `timestamp` is no function
 * @example
 * job({ id: 'again', start: { time: '2024-05-01T00:00:00Z' }, checkpoints, every: '5s',
 *   topology: (t) => t.sink(t.source(seekable(clicks, (c) => c.at)).pipe(pipeline)) });
 */
export function seekable<T>(source: Source<T>, timestamp: (value: T) => Instant): Source<T> {
  if (typeof timestamp !== 'function') {
    throw configError('seekable', 'timestamp', 'a function', timestamp);
  }
  return {
    ...source,
    seek: (time) => placeOf(source, (value) => toInstant(timestamp(value)), time),
  };
}

function placeOf<T>(
  source: Source<T>,
  timeOf: (value: T) => unknown,
  time: number,
): Promise<Position> {
  return new Promise((resolve, reject) => {
    let found = false;
    let before: Position;
    const end = (settle: () => void) => {
      if (found) return;
      found = true;
      // not inside the source's own turn
      queueMicrotask(() => reader.close().then(settle, reject));
    };
    const reader: Reader = source.open(undefined, {
      event(value) {
        if (found) return;
        const at = timeOf(value);
        if (typeof at === 'number' && at >= time) {
          reader.pause();
          end(() => resolve(before));
        } else before = reader.position();
      },
      declare: () => {},
      finished: () => end(() => resolve(before)),
      failed: (thrown) => end(() => reject(thrown)),
    });
    before = reader.position();
    reader.resume();
  });
}
