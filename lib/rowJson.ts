/** An effect on a keyed table as one line of JSON, for logs and receivers that are no tables. */
import { CodecError, messageOf, StoreError } from './errors.js';
import type { Upsert } from './ports.js';
import { tag, untag } from './tagged.js';

/** Longer ones are refused, in UTF-16 units. */
const MAX_LENGTH = 2 ** 24;

/**
 * Writes `{"op","key","revision","timestamp","row"}`, without a line feed; a delete has no `row`, and
 * columns that are undefined are left out. What JSON lacks is tagged: NaN is `{"~":"n"}`, 5n `{"~i":"5"}`.
 * @throws StoreError of kind `'refused'` naming this effect, where it holds what is no plain data
 */
export function rowJson(upsert: Upsert): string {
  const { op, key, revision, timestamp } = upsert;
  try {
    const head = { op, key: tag(key).tree, revision, timestamp };
    const text = JSON.stringify(op === 'delete' ? head : { ...head, row: rowTree(upsert) });
    if (text.length > MAX_LENGTH) throw new CodecError(`${text.length} characters are too long`);
    return text;
  } catch (thrown) {
    throw new StoreError('refused', `the row cannot be written: ${messageOf(thrown)}`, {
      cause: thrown,
      refused: [upsert],
    });
  }
}

function rowTree({ row }: Upsert): unknown {
  const columns = Object.entries(row);
  const told = columns.filter(([, value]) => value !== undefined);
  return tag(told.length === columns.length ? row : Object.fromEntries(told)).tree;
}

/** The effect that `rowJson` wrote. @throws SyntaxError, CodecError where it is none */
export function rowOfJson(text: string): Upsert {
  const { op, key, revision, timestamp, row = {} } = JSON.parse(text) as Upsert;
  const parts = untag(key) as Upsert['key'];
  return { op, key: parts, row: untag(row) as Upsert['row'], revision, timestamp };
}
