/** Pieces of state as Redis keeps them: each says which checkpoint wrote it, and is sealed to its name and to that. */
import { verify } from '../../lib/codec.js';
import { crc32 } from '../../lib/crc32.js';
import { CodecError } from '../../lib/errors.js';
import { seal, unseal } from '../../lib/pieceSeal.js';
import type { Piece, PieceName } from '../../lib/ports.js';
import { type Item, pack } from './items.js';
import { escapePart, unescapePart } from './names.js';

/* The n of its checkpoint, a space, the sealed piece. Without the n, and not sealed: of an earlier version. */
const written = /^(\d{1,16}) /;
const LONGEST = 17;

/** A piece that checkpoint n writes. */
export function pieceItem({ operator, chunk, bytes }: Piece, n: number): Item {
  const sealed = seal(bytes, [operator, chunk, String(n)]);
  return keptItem(pieceField({ operator, chunk }), Buffer.concat([Buffer.from(`${n} `), sealed]));
}

/** A piece as it was kept, under the name that it had; undefined where there was none. */
export function keptItem(field: string, value: Uint8Array | undefined): Item {
  return { packed: pack(value === undefined ? ['x', field] : ['p', field, value]) };
}

export function dropItem(name: PieceName): Item {
  return keptItem(pieceField(name), undefined);
}

/** The name of a piece among those of its task. */
export function pieceField({ operator, chunk }: PieceName): string {
  return `${escapePart(operator)}:${escapePart(chunk)}`;
}

/** A piece, and which checkpoint wrote it; 0 where an earlier version did not say. */
export interface ReadPiece extends Piece {
  readonly n: number;
}

/** @throws CodecError where it is damaged, or not that of its name */
export function readPiece(field: string, value: Buffer): ReadPiece {
  const [operator = '', chunk = ''] = field.split(':').map(unescapePart);
  const n = writtenBy(value);
  const own = value.subarray(n === undefined ? 0 : String(n).length + 1);
  const bytes = n === undefined ? own : unseal(own, [operator, chunk, String(n)]);
  verify(bytes);
  if (n !== undefined && bytes.length === own.length) {
    throw new CodecError('a piece of state has lost its seal');
  }
  return { operator, chunk, bytes: Uint8Array.from(bytes), n: n ?? 0 };
}

/** The n of the checkpoint that wrote a piece, by its own word. */
export function writtenBy(value: Buffer): number | undefined {
  const [, n] = written.exec(value.toString('latin1', 0, LONGEST)) ?? [];
  return n === undefined ? undefined : Number(n);
}

/** A checksum of names, in any order. */
export function sumOfNames(fields: Iterable<string>): number {
  return crc32(Buffer.from(JSON.stringify([...fields].sort())));
}
