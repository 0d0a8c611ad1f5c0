/** The lines of one file, or of standard input. */
import type { Readable } from 'node:stream';
import { type Bytes, DamagedInputError } from './bytes.js';
import { openInput } from './input.js';
import { LineCutter, type LineProblem } from './lines.js';
import type { Lines } from './reader.js';

/** Where a file has been read up to: in inflated bytes, after a line. */
export interface FilePosition {
  readonly offset: number;
  readonly line: number;
}

export class FileLines implements Lines {
  private readonly cutter: LineCutter;
  private bytes: Bytes | undefined;
  private ended = false;
  private closed = false;

  constructor(
    private readonly path: string,
    private readonly stdin: Readable,
    from: FilePosition | undefined,
  ) {
    this.cutter = new LineCutter(from?.line, from?.offset);
  }

  get text(): string {
    return this.cutter.text;
  }

  get problem(): LineProblem | undefined {
    return this.cutter.problem;
  }

  get line(): number {
    return this.cutter.line;
  }

  next(): boolean {
    return this.cutter.next();
  }

  async more(): Promise<boolean> {
    if (this.ended) return false;
    try {
      this.bytes ??= await this.open();
      const chunk = await this.bytes.next();
      if (chunk === undefined) await this.end();
      else this.cutter.feed(chunk);
    } catch (thrown) {
      await this.end();
      if (thrown instanceof DamagedInputError) throw thrown;
      throw new Error(`${this.path} cannot be read: ${(thrown as Error).message}`, {
        cause: thrown,
      });
    }
    return true;
  }

  position(): FilePosition {
    return { offset: this.cutter.offset, line: this.cutter.line };
  }

  async close(): Promise<void> {
    this.closed = true;
    await this.bytes?.close();
  }

  private async open(): Promise<Bytes> {
    const bytes = await openInput(this.path, this.cutter.offset, this.stdin);
    if (this.closed) await bytes.close();
    return bytes;
  }

  private async end(): Promise<void> {
    this.ended = true;
    this.cutter.end();
    await this.bytes?.close();
  }
}
