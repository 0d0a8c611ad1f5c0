/** Reads a log file record by record, in bounded memory. */
import type { OpenFile } from './fileSystem.js';
import { type LogRecord, recordAt, statedLength } from './record.js';

const PAGE = 2 ** 20;

/**
 * Gives every record from `from` on to `visit`, up to the first that is cut short or damaged.
 * Resolves to where that one begins, or to `size`.
 */
export async function readRecords(
  file: OpenFile,
  { from, size }: { readonly from: number; readonly size: number },
  visit: (record: LogRecord) => Promise<void>,
): Promise<number> {
  let bytes = new Uint8Array(0);
  let begin = from;
  for (;;) {
    let at = 0;
    for (;;) {
      const record = recordAt(bytes, at);
      if (record === undefined) break;
      await visit(record);
      at += statedLength(bytes, at) as number;
    }
    const stated = statedLength(bytes, at) ?? 0;
    const rest = bytes.subarray(at);
    begin += at;
    // whole in memory and no record, or longer than the file
    const isBad = (stated > 0 && rest.length >= stated) || begin + stated > size;
    const next = begin + rest.length;
    if (isBad || next >= size) return begin;
    const more = await file.read(next, Math.min(size - next, Math.max(PAGE, stated - rest.length)));
    if (more.length === 0) return begin;
    bytes = joined(rest, more);
  }
}

function joined(a: Uint8Array, b: Uint8Array) {
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}
