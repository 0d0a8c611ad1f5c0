/** Rows of an outbox as pieces of a checkpoint: plain data of bounded size, in order. */
import { decode, encode } from './codec.js';
import { CodecError, messageOf } from './errors.js';
import { fromHex, toHex } from './hex.js';
import type { Key } from './key.js';
import type { Row } from './ports.js';
import type { PendingRow } from './rowBatch.js';

/** Rows in one piece: what is encoded in one go. */
export const PIECE_ROWS = 500;

type Packed = readonly [
  op: 0 | 1,
  key: readonly Key[],
  row: Row,
  revision: readonly number[],
  timestamp: number,
  /** Columns of binary values, which the codec has no form for, in hex. */
  binary?: readonly (readonly [column: string, hex: string])[],
];

/** @throws CodecError where a row holds what is no plain data */
export function packRows(rows: readonly PendingRow[]): Uint8Array {
  return encode(rows.map(pack));
}

/** The rows that were packed; their value is what is left of it, the row and its key. */
export function unpackRows(bytes: Uint8Array): PendingRow[] {
  return (decode(bytes) as Packed[]).map(unpack);
}

/** Whether a row can be part of a checkpoint. */
export function packError(row: PendingRow): CodecError | undefined {
  try {
    packRows([row]);
    return undefined;
  } catch (thrown) {
    if (thrown instanceof CodecError) return thrown;
    // a property of the row may be a function of the user
    return new CodecError(`the row cannot be read: ${messageOf(thrown)}`, { cause: thrown });
  }
}

function pack({ op, key, row, revision, timestamp }: PendingRow): Packed {
  const kind = op === 'delete' ? 1 : 0;
  const binary = Object.entries(row).filter(([, value]) => value instanceof Uint8Array);
  if (binary.length === 0) return [kind, key, row, revision, timestamp];
  const rest: Row = { ...row, ...Object.fromEntries(binary.map(([column]) => [column, null])) };
  const texts = binary.map(([column, value]) => [column, toHex(value as Uint8Array)] as const);
  return [kind, key, rest, revision, timestamp, texts];
}

function unpack([kind, key, rest, revision, timestamp, binary = []]: Packed): PendingRow {
  const bytes = binary.map(([column, hex]) => [column, fromHex(hex)] as const);
  const row = bytes.length === 0 ? rest : { ...rest, ...Object.fromEntries(bytes) };
  const op = kind === 1 ? 'delete' : 'upsert';
  return { op, key, row, revision, timestamp, value: { key, row } };
}
