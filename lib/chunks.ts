/** The state of an operator as it is saved: named pieces of plain data. */

/** Plain data that the codec can write: see `lib/codec`. */
export type Data = unknown;

/** The state of one operator, in named pieces of plain data or pages, see `lib/page`; those that did not change are not written again. */
export type Chunks = ReadonlyMap<string, Data>;
