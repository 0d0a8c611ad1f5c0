/** Bytes as hexadecimal text. */
import { fromHex, toHex } from '../../lib/hex.js';

it('each byte is two digits, and comes back', () => {
  const bytes = Uint8Array.from({ length: 256 }, (_, i) => i);
  expect(toHex(bytes.subarray(8, 18))).toBe('08090a0b0c0d0e0f1011');
  expect(fromHex(toHex(bytes))).toEqual(bytes);
  expect(fromHex('')).toEqual(new Uint8Array());
});
