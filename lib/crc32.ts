/** CRC-32 (IEEE 802.3, reflected, as in zip and PNG): tells state from damaged state. */

const tables = makeTables();

/* Slicing by 4 (Kounavis and Berry, 2005): four table look-ups per 32 bits instead of four steps. */
function makeTables(): readonly Uint32Array[] {
  const first = new Uint32Array(256);
  for (let i = 0; i < 256; i++) {
    let c = i;
    for (let bit = 0; bit < 8; bit++) c = c & 1 ? (c >>> 1) ^ 0xedb88320 : c >>> 1;
    first[i] = c >>> 0;
  }
  const all = [first];
  for (let k = 1; k < 4; k++) {
    const before = all[k - 1] as Uint32Array;
    all.push(before.map((c) => ((c >>> 8) ^ (first[c & 255] as number)) >>> 0));
  }
  return all;
}

/** The checksum of `bytes` from `from` on, as an unsigned 32-bit number; `before` is that of what stands in front. O(n). */
export function crc32(bytes: Uint8Array, from = 0, before = 0): number {
  const [t0, t1, t2, t3] = tables as [Uint32Array, Uint32Array, Uint32Array, Uint32Array];
  const b = bytes;
  let c = ~before;
  let i = from;
  for (const end = b.length - 3; i < end; i += 4) {
    c ^= b[i]! | (b[i + 1]! << 8) | (b[i + 2]! << 16) | (b[i + 3]! << 24);
    c = t3[c & 255]! ^ t2[(c >>> 8) & 255]! ^ t1[(c >>> 16) & 255]! ^ t0[c >>> 24]!;
  }
  for (; i < b.length; i++) c = (c >>> 8) ^ t0[(c ^ b[i]!) & 255]!;
  return ~c >>> 0;
}
