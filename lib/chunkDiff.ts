/** Which pieces of state changed since the checkpoint before. State: one short text per piece, and each page. */
import { crc32 } from './crc32.js';
import type { Captured, Page } from './page.js';
import type { EncodedChunks, Piece, PieceName } from './ports.js';

export interface Diff {
  readonly changed: readonly Piece[];
  readonly dropped: readonly PieceName[];
  /** All pieces, changed or not. */
  readonly pieces: number;
}

/* Taken once: test runners make each look at a global slow. */
const { imul } = Math;

/* What the checkpoint before has of a piece: its mark, its bytes where nobody has asked yet, or a page. */
type Known = string | Uint8Array | typeof PAGE;
const PAGE = Symbol('page');

/** Remembers the pieces of the checkpoint before. */
export class ChunkDiff {
  private known: ReadonlyMap<string, ReadonlyMap<string, Known>>;
  private pages: Page[] = [];

  constructor(held: ReadonlyMap<string, EncodedChunks> = new Map()) {
    this.known = held;
  }

  /**
   * What the next checkpoint has to write; from then on it is the one before. Pages are asked whether
   * they were written, other pieces are compared. O(pages, bytes of the other pieces).
   */
  next(state: ReadonlyMap<string, Captured>): Diff {
    const known = new Map<string, Map<string, Known>>();
    const changed: Piece[] = [];
    let pieces = 0;
    for (const [operator, chunks] of state) {
      const own = new Map<string, Known>();
      known.set(operator, own);
      pieces += chunks.size;
      for (const [chunk, piece] of chunks) {
        const now = piece instanceof Uint8Array ? mark(piece) : PAGE;
        own.set(chunk, now);
        if (!this.isNews(piece, now, this.known.get(operator)?.get(chunk))) continue;
        changed.push({ operator, chunk, bytes: bytesOf(piece) });
      }
    }
    const dropped = this.gone(state);
    this.known = known;
    return { changed, dropped, pieces };
  }

  /** The checkpoint is durable: its pages need not be held any more. */
  durable(): void {
    for (const page of this.pages) page.release();
    this.pages = [];
  }

  private isNews(piece: Uint8Array | Page, now: Known, before: Known | undefined): boolean {
    if (piece instanceof Uint8Array) {
      return now !== (before instanceof Uint8Array ? mark(before) : before);
    }
    if (piece.written) return false;
    this.pages.push(piece);
    return true;
  }

  private gone(state: ReadonlyMap<string, Captured>): PieceName[] {
    const gone: PieceName[] = [];
    for (const [operator, chunks] of this.known) {
      for (const chunk of chunks.keys()) {
        if (!state.get(operator)?.has(chunk)) gone.push({ operator, chunk });
      }
    }
    return gone;
  }
}

function bytesOf(piece: Uint8Array | Page): Uint8Array {
  return piece instanceof Uint8Array ? piece : piece.bytes();
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
