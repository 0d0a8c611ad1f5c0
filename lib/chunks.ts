/** The state of an operator as it is saved: named pieces of plain data. */
import { CodecError, show } from './errors.js';

/** Plain data that the codec can write: see `lib/codec`. */
export type Data = unknown;

/** The state of one operator, in named pieces of plain data or pages, see `lib/page`; those that did not change are not written again. */
export type Chunks = ReadonlyMap<string, Data>;

/** A chunk without which the others mean nothing. @throws CodecError where it is missing */
export function chunkOf<T>(chunks: Chunks, name: string): T {
  const chunk = chunks.get(name);
  if (chunk === undefined) throw new CodecError(`the chunk ${show(name)} is missing`);
  return chunk as T;
}
