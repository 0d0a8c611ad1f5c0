/** `bootstrap`: one source after another, as files of the past and then what is live. */
import { configError } from '../lib/errors.js';
import type { Position, Reader, Source, SourceOutput } from '../lib/ports.js';

interface At {
  /** Which of the two is read. */
  readonly part: 'past' | 'live';
  readonly at: Position | undefined;
}

/**
 * Reads `past` to its end and then `live`, as one source; its position says which of the two it is in.
 *
 * ```text
 * past        a  b  c  end
 * live                       d  e
 * bootstrap   a  b  c        d  e
 * ```
 * The two are one stream of one split, whatever splits they have: its watermark must allow for the
 * disorder between the partitions of the live part too. Where both have a row, as where the files
 * overlap the topic, `dedupe` passes one. Give the past no more than its own end: what comes into the
 * files after the change is not read.
 *
 * @param name names the source in checkpoints and messages
 * @param live begins at its own beginning, or at `start`
 * @throws TypeError where one of the two is no source
 * @example
 * const clicks = bootstrap('clicks', ndjsonSource({ path: 'may.ndjson.gz', decode }), topic);
 */
export function bootstrap<T>(
  name: string,
  past: Source<T>,
  live: Source<T>,
  start?: Position,
): Source<T> {
  if (typeof name !== 'string' || name === '') {
    throw configError('bootstrap', 'name', 'a non-empty string', name);
  }
  for (const [option, source] of Object.entries({ past, live })) {
    if (typeof source?.open !== 'function') {
      throw configError('bootstrap', option, 'a Source', source);
    }
  }
  return {
    name,
    open: (position, out) => new TwoParts({ past, live, start }, position as At | undefined, out),
    more: async (position) => {
      const { part, at } = (position ?? { part: 'past', at: undefined }) as unknown as At;
      return part === 'past' || ((await live.more?.(at)) ?? false);
    },
  };
}

class TwoParts<T> implements Reader {
  private part: At['part'];
  private reader: Reader;
  private open = false;
  private closed = false;
  private past: Promise<void> | undefined;

  constructor(
    private readonly sources: {
      readonly past: Source<T>;
      readonly live: Source<T>;
      readonly start: Position | undefined;
    },
    from: At | undefined,
    private readonly out: SourceOutput<T>,
  ) {
    this.part = from?.part ?? 'past';
    this.reader = this.read(from?.at);
  }

  position(): Position {
    return { part: this.part, at: this.reader.position() };
  }

  pause(): void {
    this.open = false;
    this.reader.pause();
  }

  resume(): void {
    this.open = true;
    this.reader.resume();
  }

  async close(): Promise<void> {
    this.closed = true;
    await Promise.all([this.reader.close(), this.past]);
  }

  private read(at: Position | undefined): Reader {
    const { part, out } = this;
    return this.sources[part].open(at, {
      event: (value) => out.event(value),
      declare: () => {},
      finished: () => (part === 'past' ? this.change() : out.finished()),
      failed: (thrown) => out.failed(thrown),
    });
  }

  private change(): void {
    if (this.closed) return;
    this.past = this.reader.close();
    this.part = 'live';
    this.reader = this.read(this.sources.start);
    if (this.open) this.reader.resume();
  }
}
