/** Which pieces of state changed since they were last written. State: one short text per piece. */
import { crc32 } from './crc32.js';
import type { EncodedChunks } from './ports.js';

/** One encoded piece of the state of one operator. */
export interface Piece {
  readonly operator: string;
  readonly chunk: string;
  readonly bytes: Uint8Array;
}

export interface Diff {
  readonly changed: readonly Piece[];
  readonly vanished: readonly Omit<Piece, 'bytes'>[];
  /** To be given to `accept` when the write is durable. */
  readonly marks: Marks;
}

type Marks = ReadonlyMap<string, ReadonlyMap<string, string>>;

/** Remembers what a store holds. It must be forgotten whenever a write has an unknown outcome. */
export class ChunkDiff {
  private marks: Marks = new Map();

  constructor(held: Iterable<Piece> = []) {
    const marks = new Map<string, Map<string, string>>();
    for (const { operator, chunk, bytes } of held) {
      const own = marks.get(operator) ?? new Map<string, string>();
      marks.set(operator, own.set(chunk, mark(bytes)));
    }
    this.marks = marks;
  }

  /** Compares state with what is held. O(bytes of the state). */
  compare(state: ReadonlyMap<string, EncodedChunks>): Diff {
    const marks = new Map<string, Map<string, string>>();
    const changed: Piece[] = [];
    for (const [operator, chunks] of state) {
      const own = new Map<string, string>();
      marks.set(operator, own);
      for (const [chunk, bytes] of chunks) {
        const now = mark(bytes);
        own.set(chunk, now);
        if (this.marks.get(operator)?.get(chunk) === now) continue;
        changed.push({ operator, chunk, bytes });
      }
    }
    return { changed, vanished: this.vanished(state), marks };
  }

  accept(diff: Diff): void {
    this.marks = diff.marks;
  }

  private vanished(state: ReadonlyMap<string, EncodedChunks>): Omit<Piece, 'bytes'>[] {
    const gone: Omit<Piece, 'bytes'>[] = [];
    for (const [operator, chunks] of this.marks) {
      for (const chunk of chunks.keys()) {
        if (!state.get(operator)?.has(chunk)) gone.push({ operator, chunk });
      }
    }
    return gone;
  }
}

/* Length and 85 bits of two unrelated hashes: a missed change would be lost state. */
function mark(bytes: Uint8Array): string {
  return `${bytes.length}.${crc32(bytes)}.${hash53(bytes)}`;
}

/* cyrb53 by bryc (public domain): two multiplicative hashes, mixed at the end. */
function hash53(bytes: Uint8Array): number {
  let a = 0xdeadbeef;
  let b = 0x41c6ce57;
  for (let i = 0; i < bytes.length; i++) {
    a = Math.imul(a ^ bytes[i]!, 2654435761);
    b = Math.imul(b ^ bytes[i]!, 1597334677);
  }
  a = Math.imul(a ^ (a >>> 16), 2246822507) ^ Math.imul(b ^ (b >>> 13), 3266489909);
  b = Math.imul(b ^ (b >>> 16), 2246822507) ^ Math.imul(a ^ (a >>> 13), 3266489909);
  return 4294967296 * (2097151 & b) + (a >>> 0);
}
