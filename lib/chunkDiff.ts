/** Which pieces of state changed since the checkpoint before. State: one short text per piece. */
import { crc32 } from './crc32.js';
import type { EncodedChunks, Piece, PieceName } from './ports.js';

export interface Diff {
  readonly changed: readonly Piece[];
  readonly dropped: readonly PieceName[];
}

/* Taken once: test runners make each look at a global slow. */
const { imul } = Math;

type Marks = ReadonlyMap<string, ReadonlyMap<string, string>>;

/** Remembers the pieces of the checkpoint before. */
export class ChunkDiff {
  private marks: Marks;

  constructor(held: ReadonlyMap<string, EncodedChunks> = new Map()) {
    const marks = new Map<string, Map<string, string>>();
    for (const [operator, chunks] of held) {
      const own = new Map<string, string>();
      for (const [chunk, bytes] of chunks) own.set(chunk, mark(bytes));
      marks.set(operator, own);
    }
    this.marks = marks;
  }

  /** What the next checkpoint has to write; from then on it is the one before. O(bytes of the state). */
  next(state: ReadonlyMap<string, EncodedChunks>): Diff {
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
    const dropped = this.gone(state);
    this.marks = marks;
    return { changed, dropped };
  }

  private gone(state: ReadonlyMap<string, EncodedChunks>): PieceName[] {
    const gone: PieceName[] = [];
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
    a = imul(a ^ bytes[i]!, 2654435761);
    b = imul(b ^ bytes[i]!, 1597334677);
  }
  a = imul(a ^ (a >>> 16), 2246822507) ^ imul(b ^ (b >>> 13), 3266489909);
  b = imul(b ^ (b >>> 16), 2246822507) ^ imul(a ^ (a >>> 13), 3266489909);
  return 4294967296 * (2097151 & b) + (a >>> 0);
}
