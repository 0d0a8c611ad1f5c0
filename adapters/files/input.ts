/** Opens an input by its path: a plain file, a gzip file, a pipe or standard input; from a byte on. */
import type { FileHandle } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { Again, type Bytes, FileBytes, openFile, Skipping, StreamBytes } from './bytes.js';
import { GunzipBytes, isGzip, SLICE_BYTES } from './gunzip.js';

const CHUNK_BYTES = 1 << 18;

/** The path that means standard input. */
export const STDIN = '-';

/**
 * Bytes of an input after the first `skip` ones, inflated where it begins as gzip does (or is called
 * `.gz` and is not empty). In a plain file it seeks; elsewhere it reads and leaves out.
 */
export async function openInput(path: string, skip: number, stdin: Readable): Promise<Bytes> {
  if (path === STDIN) return sequential(new StreamBytes(stdin), false, skip);
  const handle = await openFile(path);
  try {
    const stat = await handle.stat();
    const named = path.endsWith('.gz');
    if (!stat.isFile())
      return await sequential(new FileBytes(handle, null, CHUNK_BYTES), named, skip);
    if (stat.size > 0 && (named || isGzip(await head(handle)))) return gzipFile(handle, path, skip);
    if (stat.size < skip) throw new Error('it is shorter than it was');
    return new FileBytes(handle, skip, CHUNK_BYTES);
  } catch (thrown) {
    await handle.close();
    throw thrown;
  }
}

async function head(handle: FileHandle): Promise<Buffer> {
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(2), 0, 2, 0);
  return buffer.subarray(0, bytesRead);
}

function gzipFile(handle: FileHandle, path: string, skip: number): Bytes {
  const reopen = async () => new FileBytes(await openFile(path), 0, SLICE_BYTES);
  return skipping(new GunzipBytes(new FileBytes(handle, 0, SLICE_BYTES), reopen), skip);
}

async function sequential(bytes: Bytes, named: boolean, skip: number): Promise<Bytes> {
  const first = await bytes.next();
  const whole = new Again(first, bytes);
  const gzip = first !== undefined && (named || isGzip(first));
  return skipping(gzip ? new GunzipBytes(whole) : whole, skip);
}

function skipping(bytes: Bytes, skip: number): Bytes {
  return skip > 0 ? new Skipping(bytes, skip) : bytes;
}
