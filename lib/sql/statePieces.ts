/** Pieces of state in Postgres: written in statements of bounded size, read page by page. */

import { verify } from '../codec.js';
import { fromHex } from '../hex.js';
import { seal, unseal } from '../pieceSeal.js';
import type { Piece, PieceName } from '../ports.js';
import { type CheckpointSql, STATE_PAGE } from './checkpointSql.js';
import type { SqlClient } from './client.js';
import { arrayText, escapeText, unescapeText } from './literals.js';

/** State sent in one statement, in bytes; a single larger piece goes alone. */
const BATCH_BYTES = 2 ** 17;
const BATCH_PIECES = 256;

const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** A checkpoint of a task, as parameters: job, task and n. */
export type CheckpointId = readonly [job: string, task: string, n: string];

/** Writes the pieces that a checkpoint changed, and what it dropped. O(what changed). */
export async function writePieces(
  tx: SqlClient,
  sql: CheckpointSql,
  { id, changed, dropped }: Changes,
): Promise<void> {
  if (dropped.length > 0) await tx.query(sql.dropState, [...id, ...nameArrays(dropped)]);
  for (const batch of batches(changed)) {
    const data = batch.map((piece) => text.decode(seal(piece.bytes, placeOf(piece, id[2]))));
    await tx.query(sql.writeState(batch.length), [...id, ...nameArrays(batch), ...data]);
  }
}

interface Changes {
  readonly id: CheckpointId;
  readonly changed: readonly Piece[];
  readonly dropped: readonly PieceName[];
}

/* By name and version: neither can be exchanged unseen. */
function placeOf({ operator, chunk }: PieceName, n: string): readonly string[] {
  return [operator, chunk, n];
}

/** A piece as it is stored. @throws CodecError when it is damaged, or that of another name */
export function checkedBytes({ bytes, n, ...name }: StoredPiece): Uint8Array {
  const own = unseal(bytes, placeOf(name, n));
  verify(own);
  return own;
}

/** A sealed piece, and of which checkpoint it is. */
export interface StoredPiece extends Piece {
  readonly n: string;
}

/** The pieces of a checkpoint, as they are stored. */
export async function* readPieces(
  tx: SqlClient,
  sql: CheckpointSql,
  id: CheckpointId,
): AsyncGenerator<StoredPiece, void, undefined> {
  await tx.query(sql.openState, id);
  for (let more = true; more; ) {
    const { rows } = await tx.query(sql.readState);
    for (const { operator, chunk, n, data } of rows) {
      const bytes = fromHex(data);
      yield { operator: unescapeText(operator), chunk: unescapeText(chunk), n, bytes };
    }
    more = rows.length === STATE_PAGE;
  }
  await tx.query(sql.closeState);
}

function* batches(pieces: readonly Piece[]): Generator<readonly Piece[]> {
  let batch: Piece[] = [];
  let bytes = 0;
  for (const piece of pieces) {
    const full = batch.length === BATCH_PIECES || bytes + piece.bytes.length > BATCH_BYTES;
    if (batch.length > 0 && full) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(piece);
    bytes += piece.bytes.length;
  }
  if (batch.length > 0) yield batch;
}

/** Names as two parameters. */
export function nameArrays(pieces: readonly PieceName[]): string[] {
  const operators = pieces.map((p) => escapeText(p.operator));
  return [arrayText(operators), arrayText(pieces.map((p) => escapeText(p.chunk)))];
}
