/** Bytes as lower-case hexadecimal text, and back. */

export function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

const digits = new Uint8Array(128);
for (let i = 0; i < 16; i++) digits[i.toString(16).charCodeAt(0)] = i;

export function fromHex(hex: string): Uint8Array {
  const bytes = new Uint8Array(hex.length >> 1);
  for (let i = 0; i < bytes.length; i++) {
    const high = digits[hex.charCodeAt(2 * i)] as number;
    bytes[i] = (high << 4) | (digits[hex.charCodeAt(2 * i + 1)] as number);
  }
  return bytes;
}
