/** State as a store would hold it: every chunk written, pages once. */

import type { Chunks, Data } from '../../lib/chunks.js';
import { decodeChunks, encodeChunks } from '../../lib/codec.js';
import { isPage, plainChunks } from '../../lib/page.js';

/** The pieces of a capture; `before`: what the checkpoint has of pages that were written with it. */
export function written(
  chunks: Chunks,
  before?: ReadonlyMap<string, Uint8Array>,
): Map<string, Uint8Array> {
  return encodeChunks(plainChunks(chunks, before));
}

/** The chunks to restore, in another order than that in which they were written. */
export function restored(pieces: ReadonlyMap<string, Uint8Array>): Map<string, Data> {
  return new Map([...decodeChunks(pieces)].reverse());
}

/** How many rows there are to read: pages that were not read yet. */
export function unread(chunks: Chunks): number {
  let rows = 0;
  for (const chunk of chunks.values()) if (isPage(chunk) && !chunk.isRead) rows += chunk.rows;
  return rows;
}
