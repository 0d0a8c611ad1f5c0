/** Key functions: what they give, and what becomes of an event without a key. */
import { guardedDoor, type Invalid } from '../../lib/doors.js';
import { event } from '../../lib/element.js';
import { UserFunctionError } from '../../lib/errors.js';
import { KeyReader } from '../../lib/keyReader.js';

function reader(fn: (value: any) => any, got?: Invalid<any>[]): KeyReader<any> {
  return new KeyReader('op', 'key', fn, got === undefined ? undefined : (e) => got.push(e));
}

describe('KeyReader', () => {
  it('gives the map form and keeps the key itself', () => {
    const keys = reader((v) => v.k);
    expect(keys.read(event({ k: 'a' }, 1))).toBe('a');
    expect(keys.read(event({ k: [1, 'x'] }, 1))).toBe(keys.read(event({ k: [1, 'x'] }, 9)));
    expect(keys.key).toEqual([1, 'x']);
  });

  it('refuses what is no key, with the reason and the event', () => {
    const got: Invalid<any>[] = [];
    const keys = reader((v) => v, got);
    for (const value of [undefined, null, Number.NaN, {}, Symbol.iterator]) {
      const e = event(value, 7, { split: 'p' });
      expect(keys.read(e)).toBeUndefined();
      keys.refuse(e);
    }
    expect(got.map((i) => [i.reason, i.timestamp, i.split])).toEqual(
      Array(5).fill(['key', 7, 'p']),
    );
  });

  it('hands what the function threw to the door, and forgets it', () => {
    const got: Invalid<any>[] = [];
    const keys = reader((v) => {
      if (v === 'bad') throw 'boom';
      return v;
    }, got);
    const bad = event('bad', 1);
    expect(keys.read(bad)).toBeUndefined();
    keys.refuse(bad);
    expect(keys.read(event('good', 2))).toBe('good');
    expect(got).toEqual([
      { value: 'bad', reason: 'threw', timestamp: 1, split: undefined, error: 'boom' },
    ]);
  });

  it('errors without a door only where the function threw', () => {
    const cause = new Error('boom');
    const keys = reader((v) => {
      if (v === 'bad') throw cause;
      return v;
    });
    keys.read(event(null, 1));
    expect(() => keys.refuse(event(null, 1))).not.toThrow();
    keys.read(event('bad', 1));
    expect(() => keys.refuse(event('bad', 1))).toThrow(
      expect.objectContaining({
        name: 'UserFunctionError',
        message: 'op: `key` threw: boom',
        cause,
      }),
    );
  });
});

describe('guardedDoor', () => {
  it('is nothing where there is no door, and takes functions and observers', () => {
    const got: number[] = [];
    expect(guardedDoor('op', 'late', undefined)).toBeUndefined();
    guardedDoor<number>('op', 'late', (e) => got.push(e))?.(1);
    guardedDoor<number>('op', 'late', { next: (e) => got.push(e) })?.(2);
    guardedDoor<number>('op', 'late', {})?.(3);
    expect(got).toEqual([1, 2]);
  });

  it('names operator and door when it throws', () => {
    const door = guardedDoor('op', 'late', () => {
      throw new Error('x');
    });
    expect(() => door?.(1)).toThrow(UserFunctionError);
    expect(() => door?.(1)).toThrow('op: `late` threw: x');
  });
});
