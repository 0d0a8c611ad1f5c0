/** Cuts bytes into lines: one chunk at a time, and never more of a line than the longest that is allowed. */
import { isAscii, isUtf8 } from 'node:buffer';

/** The longest line that is read; longer ones are told and skipped, never held whole. */
const MAX_LINE_BYTES = 1 << 20;

const NEWLINE = 10;
const SAMPLE_BYTES = 256;
const EMPTY = Buffer.alloc(0);
const BOM = Buffer.from([0xef, 0xbb, 0xbf]);

/** Why a line has no text. */
export type LineProblem = 'size' | 'encoding';

/**
 * Feeds on chunks and gives lines. `line` and `offset` are those after the line last taken, so a
 * cutter that starts at them goes on exactly. A chunk is read while it is the newest, then forgotten:
 * its owner may reuse it once `next` has said false. Holds the beginning of one line, at most 1 MiB.
 */
export class LineCutter {
  /** The line last taken, without its newline; its beginning when there is a problem. */
  text = '';
  problem: LineProblem | undefined;
  private chunk: Buffer = EMPTY;
  /** The chunk as text when all of it is ASCII: then a character is a byte, and no line needs decoding. */
  private ascii: string | undefined = '';
  private at = 0;
  private held: Buffer[] = [];
  private heldBytes = 0;
  private ended = false;

  constructor(
    public line = 0,
    public offset = 0,
  ) {}

  feed(chunk: Buffer): void {
    this.chunk = chunk;
    this.at = 0;
    this.ascii = isAscii(chunk) ? chunk.toString('latin1') : undefined;
  }

  /** No chunk will follow: what is held is the last line. */
  end(): void {
    this.ended = true;
  }

  /** Takes the next line; false when it needs more bytes, or after the last. */
  next(): boolean {
    const from = this.at;
    const to =
      this.ascii === undefined ? this.chunk.indexOf(NEWLINE, from) : this.ascii.indexOf('\n', from);
    if (to < 0) return this.hold();
    this.at = to + 1;
    if (this.heldBytes > 0) {
      this.keep(this.chunk.subarray(from, to));
      this.takeHeld(1);
    } else if (this.ascii !== undefined && to - from < MAX_LINE_BYTES) {
      this.take(this.ascii.slice(from, to), undefined, to - from + 1);
    } else {
      this.takeBytes(this.chunk.subarray(from, to), to - from + 1);
    }
    return true;
  }

  private hold(): boolean {
    if (this.at < this.chunk.length) this.keep(this.chunk.subarray(this.at));
    this.at = this.chunk.length;
    if (!this.ended || this.heldBytes === 0) return false;
    this.takeHeld(0);
    return true;
  }

  /* Beyond the limit only the length is kept: the line will be told, not read. */
  private keep(piece: Buffer): void {
    const room = MAX_LINE_BYTES + 1 - this.heldBytes;
    if (room > 0) this.held.push(Buffer.from(piece.subarray(0, room)));
    this.heldBytes += piece.length;
  }

  private takeHeld(newline: number): void {
    const length = this.heldBytes + newline;
    const bytes = Buffer.concat(this.held);
    this.held = [];
    this.heldBytes = 0;
    this.takeBytes(bytes, length);
  }

  private takeBytes(bytes: Buffer, length: number): void {
    const start = this.offset === 0 && bytes.subarray(0, 3).equals(BOM) ? 3 : 0;
    const size = bytes.length - start - (bytes[bytes.length - 1] === 13 ? 1 : 0);
    if (size > MAX_LINE_BYTES) {
      this.take(bytes.toString('utf8', start, start + SAMPLE_BYTES), 'size', length);
    } else if (!isUtf8(bytes)) {
      this.take(bytes.toString('utf8', start, start + SAMPLE_BYTES), 'encoding', length);
    } else {
      this.take(bytes.toString('utf8', start), undefined, length);
    }
  }

  private take(text: string, problem: LineProblem | undefined, length: number): void {
    this.text = text;
    this.problem = problem;
    this.line++;
    this.offset += length;
  }
}
