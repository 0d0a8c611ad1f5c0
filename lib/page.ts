/** A page: a piece of state of bounded size that never changes once it was captured, and is written once. */

import type { Chunks, Data } from './chunks.js';
import { decode, encode } from './codec.js';

const mark: unique symbol = Symbol.for('tidemark.page') as never;

/**
 * A chunk of state that is read only when there is time for it: in the turn of the barrier or in one
 * soon after, before anything changes. The same page at the next capture has not changed: it is not
 * read, encoded or compared again. Memory: its bytes, from when it was read until a checkpoint has them.
 */
export class Page {
  declare readonly [mark]: true;
  private read: (() => Data) | undefined;
  private encoded: Uint8Array | undefined;

  /** @param rows how much there is to read; `read` is called once at most */
  constructor(
    readonly rows: number,
    read?: () => Data,
  ) {
    this.read = read;
  }

  /** The checkpoint has it already: what a restored state says of the pages that it came from. */
  get written(): boolean {
    return this.read === undefined && this.encoded === undefined;
  }

  /** Whether it has been read. */
  get isRead(): boolean {
    return this.read === undefined;
  }

  /** What it stands for, encoded; read by the first call. @throws CodecError as `encode` does */
  bytes(): Uint8Array {
    if (this.read !== undefined) {
      this.encoded = encode(this.read());
      this.read = undefined;
    }
    if (this.encoded === undefined) throw new Error('this page was written, and is no longer held');
    return this.encoded;
  }

  /** A checkpoint that has it is durable. */
  release(): void {
    this.encoded = undefined;
  }
}
Object.defineProperty(Page.prototype, mark, { value: true });

/** Captured state of one operator: what is small is encoded at once, a page when its turn comes. */
export type Captured = ReadonlyMap<string, Uint8Array | Page>;

/** Whether a chunk is a page (of any copy of this module). */
export function isPage(chunk: Data): chunk is Page {
  return (
    typeof chunk === 'object' && chunk !== null && (chunk as { [mark]?: unknown })[mark] === true
  );
}

/** The same state with each page as what it stands for; `held` gives the bytes of pages written before. */
export function plainChunks(
  chunks: Chunks,
  held?: ReadonlyMap<string, Uint8Array>,
): Map<string, Data> {
  const plain = new Map<string, Data>();
  for (const [name, chunk] of chunks) {
    if (!isPage(chunk)) plain.set(name, chunk);
    else
      plain.set(name, decode(chunk.written ? (held?.get(name) ?? chunk.bytes()) : chunk.bytes()));
  }
  return plain;
}
