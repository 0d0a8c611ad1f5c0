/** A replayable source over an array: input for the tests of jobs. */
import type { Reader, Source, SourceOutput } from '../../../lib/ports.js';

/** Options of `arraySource`. */
export interface ArraySourceConfig<T> {
  /** The split of a row. Without it the source has one split without a name. */
  readonly splitOf?: (row: T) => string;
  /** The splits that the source declares when it is opened. */
  readonly splits?: readonly string[];
  /** Ends the input after the last row; else it stays open. @default true */
  readonly ends?: boolean;
}

/**
 * A source that reads an array, one row a microtask. Its position is the number of rows read, so a
 * job that restarts goes on with the row after its checkpoint; every `open` reads the same rows.
 *
 * ```text
 * rows          [a, b, c]      everyEvents: 2
 * first run     a  b  barrier  c  crash
 * second run                   c  end
 * ```
 *
 * @param name names the source in checkpoints and messages
 * @param rows are read as they stand when they are reached
 * @example
 * const clicks = arraySource('clicks', [{ at: 1 }, { at: 7 }]);
 * const test = job({ id: 'test', checkpoints, every: '1h', topology: (t) =>
 *   t.sink(t.source(clicks).pipe(watermark({ id: 'time', timestamp: (c) => c.at }), sink)) });
 * await test.run();
 */
export function arraySource<T>(
  name: string,
  rows: readonly T[],
  config: ArraySourceConfig<T> = {},
): Source<T> {
  return { name, open: (position, out) => new ArrayReader(rows, position as number, out, config) };
}

class ArrayReader<T> implements Reader {
  private paused = true;
  private looping = false;
  private closed = false;

  constructor(
    private readonly rows: readonly T[],
    private at: number | undefined,
    private readonly out: SourceOutput<T>,
    private readonly config: ArraySourceConfig<T>,
  ) {
    if (config.splits !== undefined) out.declare(config.splits);
  }

  position(): number {
    return this.at ?? 0;
  }
  pause(): void {
    this.paused = true;
  }
  resume(): void {
    this.paused = false;
    if (!this.looping) this.loop();
  }
  async close(): Promise<void> {
    this.closed = true;
  }

  private async loop(): Promise<void> {
    this.looping = true;
    try {
      await Promise.resolve();
      while (!this.paused && !this.closed) {
        this.step();
        await Promise.resolve();
      }
    } catch (thrown) {
      this.closed = true;
      this.out.failed(thrown);
    }
    this.looping = false;
  }

  private step(): void {
    const at = this.position();
    if (at < this.rows.length) {
      this.at = at + 1;
      const row = this.rows[at] as T;
      this.out.event(row, this.config.splitOf?.(row));
      return;
    }
    this.closed = true;
    if (this.config.ends ?? true) this.out.finished();
  }
}
