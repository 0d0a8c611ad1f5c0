/** A replayable source over an array, one event a microtask: for tests of jobs. */
import type { Reader, Source, SourceOutput } from 'tidemark';

export interface ArraySourceConfig {
  readonly splitOf?: (value: any) => string;
  readonly splits?: readonly string[];
  /** Ends the input after the last value; else it stays open. @default true */
  readonly ends?: boolean;
}

export function arraySource<T>(
  name: string,
  rows: readonly T[],
  config: ArraySourceConfig = {},
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
    private readonly config: ArraySourceConfig,
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
    await Promise.resolve();
    while (!this.paused && !this.closed) {
      const at = this.at ?? 0;
      if (at >= this.rows.length) {
        this.closed = true;
        if (this.config.ends ?? true) this.out.finished();
        break;
      }
      this.at = at + 1;
      this.out.event(this.rows[at] as T, this.config.splitOf?.(this.rows[at]));
      await Promise.resolve();
    }
    this.looping = false;
  }
}
