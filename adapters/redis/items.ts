/** What a write is made of, packed so that a script can unpack it: rows here, and pieces of state. */
import { StoreError, show } from '../../lib/errors.js';
import { type Prepared, refusedRows, type TableLayout } from '../../lib/tableLayout.js';
import { escapePart } from './names.js';
import { orderBytes, sortKey } from './sortKey.js';
import { rowName, toText } from './values.js';

/** One packed item; a row names itself too, as its key has to be handed to the script. */
export interface Item {
  readonly packed: Buffer;
  readonly row?: { readonly table: number; readonly name: string };
}

/** Items that one script applies, so that it holds the server for a few milliseconds. */
const MOST_ITEMS = 500;
const MOST_BYTES = 2 ** 18;
/* What a script can hand to one command. */
const MOST_COLUMNS = 1000;

/** Which sink and which table of a write. */
export interface Place {
  readonly sink: number;
  readonly table: number;
}

/** Where the rows of a batch go, and when. */
export interface RowTarget extends Place {
  readonly layout: TableLayout;
  readonly now: number;
}

/** Packs checked rows, as they are asked for. @throws StoreError of kind `'refused'` at one that Redis does not take */
export function* rowItems(target: RowTarget, rows: Iterable<Prepared>): Generator<Item> {
  for (const row of rows) {
    try {
      yield rowItem(target, row);
    } catch (thrown) {
      if (!(thrown instanceof RangeError)) throw thrown;
      throw refusedRows(target.layout.name, [row.upsert], thrown.message, thrown);
    }
  }
}

function rowItem({ layout, sink, table, now }: RowTarget, row: Prepared): Item {
  const { key, upsert } = row;
  const name = rowName(layout.key, key);
  const op = upsert.op === 'delete' ? 'd' : 'u';
  const head = ['r', String(sink), String(table), op, member(key, name), name];
  const order = [orderBytes(upsert), String(upsert.timestamp)];
  return {
    packed: pack([...head, ...order, ...(op === 'd' ? [] : columns(layout, row, now))]),
    row: { table, name },
  };
}

/* The bytes of the order, the name, and how long that is. */
function member(key: readonly unknown[], name: string): Buffer {
  const text = Buffer.from(name);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(text.length);
  return Buffer.concat([sortKey(key), text, length]);
}

/** The name of a row out of what stands for it in the index. */
export function nameOf(member: Buffer): string {
  const length = member.readUInt32BE(member.length - 4);
  return member.toString('utf8', member.length - 4 - length, member.length - 4);
}

/*
 * Three parts a column: how it is compared, name, text. `k`: not at all; `-`: there is no value; `0`:
 * null where columns have no types; `f`: a float, whose two zeros are one; `=`: by its text.
 */
function columns(layout: TableLayout, { key, names, values }: Prepared, now: number): string[] {
  if (names.length > MOST_COLUMNS) throw new RangeError(`it has more than ${MOST_COLUMNS} columns`);
  const parts: string[] = [];
  for (const [i, column] of layout.key.entries()) {
    parts.push('k', escapePart(column.name), toText(column, key[i]));
  }
  for (const [i, name] of names.entries()) {
    const column = layout.column(name);
    const op = compared(column.kind, values[i]);
    parts.push(op, escapePart(name), op === '-' ? '' : toText(column, values[i]));
  }
  const { audit } = layout.config;
  if (audit !== undefined) parts.push('k', audit, new Date(now).toISOString());
  return parts;
}

function compared(kind: string, value: unknown): string {
  if (value === null) return kind === 'any' ? '0' : '-';
  return typeof value === 'number' && kind !== 'time' ? 'f' : '=';
}

/** MessagePack: a list of strings, as `cmsgpack` of Redis reads it. */
export function pack(parts: readonly (string | Uint8Array)[]): Buffer {
  let size = 5;
  for (const part of parts) size += 5 + lengthOf(part);
  const out = Buffer.allocUnsafe(size);
  let at = head(out, 0, { type: 0xdd, count: parts.length });
  for (const part of parts) {
    const count = lengthOf(part);
    at = head(out, at, { type: 0xdb, count });
    if (typeof part === 'string') out.write(part, at);
    else out.set(part, at);
    at += count;
  }
  return out;
}

function lengthOf(part: string | Uint8Array): number {
  return typeof part === 'string' ? Buffer.byteLength(part) : part.length;
}

function head(out: Buffer, at: number, { type, count }: { type: number; count: number }): number {
  out[at] = type;
  return out.writeUInt32BE(count, at + 1);
}

/** What `pack` wrote. @throws StoreError where these are other bytes */
export function unpack(bytes: Buffer): Buffer[] {
  const parts: Buffer[] = [];
  let at = 5;
  while (at < bytes.length) {
    const end = at + 5 + bytes.readUInt32BE(at + 1);
    parts.push(bytes.subarray(at + 5, end));
    at = end;
  }
  if (bytes[0] === 0xdd && parts.length === bytes.readUInt32BE(1)) return parts;
  throw new StoreError('refused', `what is staged is damaged: ${show(bytes.toString('latin1'))}`);
}

/** Items by script: a few hundred, and about a quarter of a megabyte; a larger one goes alone. */
export function* portions(items: Iterable<Item>): Generator<readonly Item[]> {
  let portion: Item[] = [];
  let bytes = 0;
  for (const item of items) {
    const full = portion.length === MOST_ITEMS || bytes + item.packed.length > MOST_BYTES;
    if (full && portion.length > 0) {
      yield portion;
      portion = [];
      bytes = 0;
    }
    portion.push(item);
    bytes += item.packed.length;
  }
  if (portion.length > 0) yield portion;
}
