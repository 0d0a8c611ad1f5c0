/** The seal of a piece: whole in its place, damaged in another, and none for what was written without. */
import { encode } from '../../lib/codec.js';
import { seal, unseal } from '../../lib/pieceSeal.js';

test('what was sealed comes back in its place, and in no other', () => {
  for (const data of [0, 12345678, 'a\n12345678', { deep: [1] }]) {
    const bytes = encode(data);
    expect(unseal(seal(bytes, ['op', 'a', '1']), ['op', 'a', '1'])).toEqual(bytes);
    for (const other of [
      ['op', 'a', '2'],
      ['op', 'b', '1'],
      ['opa', '', '1'],
    ]) {
      expect(() => unseal(seal(bytes, ['op', 'a', '1']), other)).toThrow('not that of its name');
    }
    expect(unseal(bytes, ['op', 'a', '1'])).toEqual(bytes);
  }
});
