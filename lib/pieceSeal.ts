/** Pieces of state tied to where they are kept: one that stands under another name is damaged, though it is whole. */
import { crc32 } from './crc32.js';
import { CodecError } from './errors.js';

/* After the JSON of a piece, which has no line feed: a line feed, and the CRC-32 of its place in hex. */
const LENGTH = 9;
const LINE_FEED = 10;
const utf8 = new TextEncoder();

/** A piece with the seal of its place. */
export function seal(bytes: Uint8Array, place: readonly string[]): Uint8Array {
  const sealed = new Uint8Array(bytes.length + LENGTH);
  sealed.set(bytes);
  sealed.set(sealOf(place), bytes.length);
  return sealed;
}

/** The piece that was sealed; one that has no seal is given back as it is. @throws CodecError where the seal is of another place */
export function unseal(bytes: Uint8Array, place: readonly string[]): Uint8Array {
  const end = bytes.length - LENGTH;
  // the first line feed ends the header of the piece
  if (end <= 0 || bytes[end] !== LINE_FEED || bytes.indexOf(LINE_FEED) === end) return bytes;
  if (sealOf(place).every((byte, i) => byte === bytes[end + i])) return bytes.subarray(0, end);
  throw new CodecError(`a piece of state is not that of its name, ${place.join(' ')}`);
}

function sealOf(place: readonly string[]): Uint8Array {
  const sum = crc32(utf8.encode(JSON.stringify(place)));
  return utf8.encode(`\n${sum.toString(16).padStart(8, '0')}`);
}
