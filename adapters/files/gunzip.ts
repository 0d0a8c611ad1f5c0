/** Inflates a gzip input: members one after the other, and of a damaged one everything before the damage. */
import { createGunzip } from 'node:zlib';
import { type Bytes, DamagedInputError, Skipping } from './bytes.js';

/** How many compressed bytes are inflated at once: with gzip's limit of 1032:1, at most 16 MiB. */
export const SLICE_BYTES = 1 << 14;

/* From large to single bytes: each attempt goes with finer slices at the damage that the last one met. */
const FINER = [SLICE_BYTES, 1 << 7, 1];

/** Whether an input begins as gzip does. */
export function isGzip(head: Buffer): boolean {
  return head[0] === 0x1f && head[1] === 0x8b;
}

/**
 * The inflated bytes of an input. zlib throws away what it inflated in the call in which it meets
 * damage; so at damage the input is inflated anew, in the end byte by byte, and nothing that can be
 * read is lost. An input that cannot be opened again ends one call earlier.
 */
export class GunzipBytes implements Bytes {
  private inner: Bytes;
  private inflate: Inflate;
  private given = 0;
  private attempt = 0;

  constructor(
    compressed: Bytes,
    private readonly reopen?: () => Promise<Bytes>,
  ) {
    this.inner = this.inflate = new Inflate(compressed, []);
  }

  async next(): Promise<Buffer | undefined> {
    try {
      const chunk = await this.inner.next();
      this.given += chunk?.length ?? 0;
      return chunk;
    } catch (thrown) {
      const code = (thrown as NodeJS.ErrnoException).code ?? '';
      if (!code.startsWith('Z_')) throw thrown;
      if (code !== 'Z_DATA_ERROR' || this.attempt === 2 || this.reopen === undefined) {
        throw new DamagedInputError((thrown as Error).message);
      }
      await this.startAnew(this.reopen);
      return this.next();
    }
  }

  close(): Promise<void> {
    return this.inner.close();
  }

  private async startAnew(reopen: () => Promise<Bytes>): Promise<void> {
    this.attempt++;
    await this.inner.close();
    const finerFrom = [...this.inflate.finerFrom, this.inflate.sliceStart];
    this.inflate = new Inflate(await reopen(), finerFrom);
    this.inner = new Skipping(this.inflate, this.given);
  }
}

/** zlib as something to pull from: the next slice goes in only when everything of the last is out. */
class Inflate implements Bytes {
  /** Where in the compressed input the slice in work begins. */
  sliceStart = 0;
  private readonly zlib = createGunzip();
  private chunk: Buffer | undefined;
  private at = 0;
  private consumed = 0;
  private writing = false;
  private ended = false;
  private failure: unknown;
  private wake: () => void = () => {};

  constructor(
    private readonly compressed: Bytes,
    /** From which compressed bytes on the slices are finer. */
    readonly finerFrom: readonly number[],
  ) {
    this.zlib.on('readable', () => this.wake());
    this.zlib.on('end', () => {
      this.ended = true;
      this.wake();
    });
    this.zlib.on('error', (thrown) => {
      this.failure = thrown;
      this.wake();
    });
  }

  async next(): Promise<Buffer | undefined> {
    for (;;) {
      const chunk = this.zlib.read() as Buffer | null;
      if (chunk !== null) return chunk;
      if (this.failure !== undefined) throw this.failure;
      if (this.ended) return undefined;
      const woken = new Promise<void>((resolve) => {
        this.wake = resolve;
      });
      if (!this.writing) await this.write();
      await woken;
    }
  }

  async close(): Promise<void> {
    this.zlib.destroy();
    await this.compressed.close();
  }

  /* The end is told by itself, not with the last slice: else zlib drops that slice of a cut input. */
  private async write(): Promise<void> {
    this.writing = true;
    const slice = await this.slice();
    if (slice === undefined) {
      this.zlib.end();
      return;
    }
    this.zlib.write(slice, () => {
      this.writing = false;
      this.wake();
    });
  }

  private async slice(): Promise<Buffer | undefined> {
    if (this.chunk === undefined || this.at === this.chunk.length) {
      this.chunk = await this.compressed.next();
      this.at = 0;
    }
    if (this.chunk === undefined) return undefined;
    const fineness = this.finerFrom.filter((from) => this.consumed >= from).length;
    const length = Math.min(FINER[fineness] ?? 1, this.chunk.length - this.at);
    this.sliceStart = this.consumed;
    const slice = this.chunk.subarray(this.at, this.at + length);
    this.at += length;
    this.consumed += length;
    return slice;
  }
}
