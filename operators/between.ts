/** `between`: the rows of a source in a closed range of event time, to compute its windows again. */
import { configError } from '../lib/errors.js';
import { type Instant, toInstant } from '../lib/instant.js';
import type { Source } from '../lib/ports.js';
import type { WindowAssigner } from '../lib/windows.js';

/** Configures `between`. */
export interface BetweenConfig<T> {
  /** As that of the `watermark` behind it. */
  readonly timestamp: (value: T) => Instant;
  /** The start of the first window. */
  readonly from: Instant;
  /** The end of the last window. */
  readonly to: Instant;
  /** The windows that are computed again; the range must be made of whole ones. */
  readonly window: WindowAssigner;
}

/**
 * Gives those rows of a source whose event time lies in `[from, to)`.
 *
 * ```text
 * rows                          a@3  b@12  c@8  d@21  e@15
 * between [5, 20), tumbling 5        b@12  c@8        e@15
 * ```
 * For a backfill: a job of its own id, over the same rows, into the same table. A window's row has the
 * same key and version whoever computes it, so what was right stays and what was wrong or missing is
 * written; nothing counts twice. But a row that a late pane wrote is of a higher revision, and stays, though
 * it be wrong: `ignored` counts it, and a `version` of the sink that begins with a generation goes above it
 * (docs/reprocessing.md). What is said here holds for whole windows alone, so a range that cuts one is refused.
 * The rest of the source is read and passed over; positions are those of the source.
 *
 * @throws TypeError where the range is none, cuts a window, or the windows overlap: then an event at
 * its edge belongs to windows that lie partly outside
 * @example
 * const may = between(clicks, { timestamp: (c) => c.at, window: tumbling('5m'),
 *   from: '2024-05-01T00:00:00Z', to: '2024-06-01T00:00:00Z' });
 */
export function between<T>(source: Source<T>, config: BetweenConfig<T>): Source<T> {
  const { timestamp } = config;
  const wrong = (option: string, rule: string, got: unknown) =>
    configError('between', option, rule, got);
  if (typeof timestamp !== 'function') throw wrong('timestamp', 'a function', timestamp);
  const [from, to] = [edge('from', config), edge('to', config)];
  if (from >= to) throw wrong('from', 'before `to`', config.from);
  return {
    ...source,
    open: (position, out) =>
      source.open(position, {
        event(value, split) {
          const at = toInstant(timestamp(value));
          if (typeof at === 'number' && at >= from && at < to) out.event(value, split);
        },
        declare: (splits) => out.declare(splits),
        finished: () => out.finished(),
        failed: (thrown) => out.failed(thrown),
      }),
  };
}

function edge(option: 'from' | 'to', config: BetweenConfig<any>): number {
  const { window } = config;
  const ms = toInstant(config[option]);
  if (typeof ms !== 'number') throw configError('between', option, 'an instant', config[option]);
  if (window?.kind !== 'grid' || window.sizeMs !== window.slideMs) {
    throw configError('between', 'window', 'tumbling(...), whose windows do not overlap', window);
  }
  const off = (ms - window.offsetMs) % window.sizeMs;
  if (off === 0) return ms;
  const rule = `where a window of ${window.sizeMs} ms begins`;
  throw configError(
    'between',
    option,
    rule,
    config[option],
    'a cut window would be written by half',
  );
}
