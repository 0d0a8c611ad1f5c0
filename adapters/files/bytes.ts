/** Bytes of a file or of standard input, pulled chunk by chunk: what was not asked for is not read. */
import { type FileHandle, open } from 'node:fs/promises';
import type { Readable } from 'node:stream';

/** Chunks of an input. A chunk is valid until the next one is asked for. */
export interface Bytes {
  /** The next chunk; undefined at the end. */
  next(): Promise<Buffer | undefined>;
  close(): Promise<void>;
}

/** An input ended before its time or holds what cannot be read; everything before that was given. */
export class DamagedInputError extends Error {
  constructor(reason: string) {
    super(reason);
    this.name = 'DamagedInputError';
  }
}

/** A file from a byte on; `seekable` false reads on from where the handle stands (a pipe). */
export class FileBytes implements Bytes {
  private readonly buffer: Buffer;

  constructor(
    private readonly handle: FileHandle,
    private position: number | null,
    chunkBytes: number,
  ) {
    this.buffer = Buffer.allocUnsafeSlow(chunkBytes);
  }

  async next(): Promise<Buffer | undefined> {
    const { buffer, position } = this;
    const { bytesRead } = await this.handle.read(buffer, 0, buffer.length, position);
    if (position !== null) this.position = position + bytesRead;
    return bytesRead === 0 ? undefined : buffer.subarray(0, bytesRead);
  }

  close(): Promise<void> {
    return this.handle.close();
  }
}

/** A stream such as standard input; it stays paused between chunks. */
export class StreamBytes implements Bytes {
  private readonly chunks: AsyncIterator<Buffer | string>;

  constructor(private readonly stream: Readable) {
    this.chunks = stream[Symbol.asyncIterator]();
  }

  async next(): Promise<Buffer | undefined> {
    const { value, done } = await this.chunks.next();
    if (done === true) return undefined;
    return typeof value === 'string' ? Buffer.from(value) : value;
  }

  /* Not by the iterator's `return`, which would wait for a chunk that may never come. */
  async close(): Promise<void> {
    this.stream.destroy();
  }
}

/** The first chunk again, then the rest: for who had to look at it. */
export class Again implements Bytes {
  constructor(
    private first: Buffer | undefined,
    private readonly rest: Bytes,
  ) {}

  next(): Promise<Buffer | undefined> {
    const { first } = this;
    this.first = undefined;
    return first === undefined ? this.rest.next() : Promise.resolve(first);
  }

  close(): Promise<void> {
    return this.rest.close();
  }
}

/** Leaves out the first bytes: for inputs in which one cannot seek. */
export class Skipping implements Bytes {
  constructor(
    private readonly inner: Bytes,
    private bytes: number,
  ) {}

  async next(): Promise<Buffer | undefined> {
    for (;;) {
      const chunk = await this.inner.next();
      if (chunk === undefined && this.bytes > 0) throw new Error('it is shorter than it was');
      if (chunk === undefined || this.bytes === 0) return chunk;
      const left = chunk.subarray(this.bytes);
      this.bytes -= chunk.length - left.length;
      if (left.length > 0) return left;
    }
  }

  close(): Promise<void> {
    return this.inner.close();
  }
}

/** Opens a file for reading. */
export function openFile(path: string): Promise<FileHandle> {
  return open(path, 'r');
}
