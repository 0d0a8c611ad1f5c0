/** dedupe as an operator: its stories in time, its doors, its errors. */
import { from } from 'rxjs';
import { type DedupeConfig, dedupe, event, session, tumbling, UserFunctionError } from 'tidemark';
import { type Build, eventTimeTest, operatorLaws } from 'tidemark/testing';
import type { DedupeStats } from '../../lib/dedupeState.js';

const byValue: DedupeConfig<string> = { key: (v) => v };

describe('dedupe', () => {
  it(
    'passes the first of each key, forgets it in event time',
    eventTimeTest(({ stream, expectStream, door }) => {
      const duplicate = door();
      const in$ = stream('a@1 b@2 a@3 W9 a@9 W15 a@11 |');
      const out$ = in$.pipe(dedupe({ ...byValue, within: 10, duplicate }));
      expectStream(out$).toBe('    a@1 b@2 ·   W9 ·   W15 a@11 (W∞ |)');
      duplicate.toBe('            ·   ·   a@3 · a@9');
    }),
  );
  it(
    'treats a repeat at exactly first + within as a new first',
    eventTimeTest(({ stream, expectStream }) => {
      const in$ = stream('a@1 W10 a@11 W11 a@11 a@12');
      const out$ = in$.pipe(dedupe({ ...byValue, within: 10 }));
      expectStream(out$).toBe('a@1 W10 · W11 a@11 ·');
    }),
  );
  it(
    'remembers by default until W reaches the first',
    eventTimeTest(({ stream, expectStream }) => {
      const out$ = stream('a@5 a@3 W4 a@5 W5 a@6').pipe(dedupe(byValue));
      expectStream(out$).toBe('a@5 · W4 · W5 a@6');
    }),
  );
  it(
    'is not refreshed by repeats',
    eventTimeTest(({ stream, expectStream }) => {
      const out$ = stream('a@1 W4 a@5 W6 a@7').pipe(dedupe({ ...byValue, within: 5 }));
      expectStream(out$).toBe('a@1 W4 · W6 a@7');
    }),
  );
  it(
    'catches a repeat that is older than its first',
    eventTimeTest(({ stream, expectStream }) => {
      const out$ = stream('a@50 W45 a@2 a@44').pipe(dedupe({ ...byValue, within: 100 }));
      expectStream(out$).toBe('a@50 W45 · ·');
    }),
  );
  it(
    'lets an event leave by late when W has passed it by within',
    eventTimeTest(({ stream, expectStream, door }) => {
      const late = door();
      const in$ = stream('W10 a@5 b@6 c@11');
      expectStream(in$.pipe(dedupe({ ...byValue, within: 5, late }))).toBe('W10 · b@6 c@11');
      late.toBe('· a@5');
    }),
  );
  it(
    'passes idle and active, and W∞ before its end',
    eventTimeTest(({ stream, expectStream }) => {
      const out$ = stream('a@5 W4 idle active a@6 b@7 |').pipe(dedupe(byValue));
      expectStream(out$).toBe('a@5 W4 idle active · b@7 (W∞ |)');
    }),
  );
  it(
    'forgets the soonest to expire beyond maxKeys, and counts it',
    eventTimeTest(({ stream, expectStream, counters, flush }) => {
      const stats = counters<DedupeStats>('keys');
      const out$ = stream('a@5 b@3 c@9 a@5 b@3').pipe(dedupe({ ...byValue, maxKeys: 2, stats }));
      expectStream(out$).toBe('a@5 b@3 c@9 · b@3');
      stats.toBe('             1   2   ·   · ·', 'live');
      stats.toBe('             ·   ·   1   · 2', 'evicted');
      flush();
      expect([stats.in, stats.accepted, stats.out, stats.peak]).toEqual([5, 4, 4, 2]);
    }),
  );
  it(
    'does not remember what the windows behind it refuse',
    eventTimeTest(({ stream, expectStream, door }) => {
      const late = door();
      const before = { window: tumbling(10), allowedLateness: 2 };
      const in$ = stream('W10 b@9 W11 a@9 a@13');
      const out$ = in$.pipe(dedupe({ ...byValue, within: 20, before, late }));
      expectStream(out$).toBe('W10 b@9 W11 · a@13');
      late.toBe('· · · a@9');
    }),
  );
  it(
    'sees equal tuples as equal, and hostile names as names',
    eventTimeTest(({ stream, expectStream }) => {
      const names = ['__proto__', 'constructor', 'toString'];
      const key = (v: string): readonly [string, number] => [names[Number(v)] ?? v, 1];
      const out$ = stream('0@1 1@1 2@1 1@2 0@2 2@2').pipe(dedupe({ key }));
      expectStream(out$).toBe('0@1 1@1 2@1 · · ·');
    }),
  );

  it(
    'keeps apart keys of different types',
    eventTimeTest(({ expectStream }) => {
      const keys = [1, '1', true, 'true', 1n, [1], ['1'], '', []] as const;
      const twice$ = from([...keys, ...keys].map((k) => event(k, 1)));
      const first = keys.map((k) => ({ event: k, time: 1 }));
      const end = [{ watermark: 'MAX' }, { complete: true }] as const;
      expectStream(twice$.pipe(dedupe({ key: (v) => v }))).toEmit([...first, ...end]);
    }),
  );
  it(
    'sends events without a key to invalid, with the reason',
    eventTimeTest(({ stream, expectStream, door, flush }) => {
      const invalid = door();
      const key = (v: string): string => {
        if (v === 'b') throw new Error('no');
        return v === 'a' ? (Number.NaN as never) : v;
      };
      const out$ = stream('a@5 b@6 c@7').pipe(
        dedupe({ key, invalid: { next: (i) => invalid(i) } }),
      );
      expectStream(out$).toBe('· · c@7');
      invalid.toBe('a@5 b@6');
      flush();
      expect(invalid.items.map((i) => i.reason)).toEqual(['key', 'threw']);
    }),
  );
  it(
    'errors where its key function throws and nobody is at the door',
    eventTimeTest(({ stream, expectStream }) => {
      const key = (): string => {
        throw new Error('no');
      };
      const error = new UserFunctionError('dedupe', 'key', new Error('no'));
      expect(error.message).toBe('dedupe: `key` threw: no');
      expectStream(stream('a@5 b@6').pipe(dedupe({ key }))).toBe('#', {}, error);
    }),
  );
  it(
    'errors where a door throws, after it has counted',
    eventTimeTest(({ stream, expectStream, counters }) => {
      const stats = counters<DedupeStats>();
      const late = (): void => {
        throw new Error('full');
      };
      const out$ = stream('W5 a@1').pipe(dedupe({ ...byValue, late, stats }));
      expectStream(out$).toBe('W5 #', {}, /^dedupe: `late` threw: full$/);
      stats.toBe('· 1', 'late');
    }),
  );
  it(
    'refuses withdrawals',
    eventTimeTest(({ stream, expectStream }) => {
      expectStream(stream('-a@5').pipe(dedupe(byValue))).toBe('#', {}, 'RetractionError');
    }),
  );

  it.each<[string, object]>([
    ['dedupe: `key` must be a function; got undefined', { key: undefined }],
    ['dedupe: `within` must be a duration >= 0', { within: -1 }],
    ['dedupe: `within` must be a duration >= 0', { within: '5 parsecs' }],
    ['dedupe: `maxKeys` must be an integer > 0; got 0', { maxKeys: 0 }],
    ['dedupe: `maxKeys` must be an integer > 0; got 1.5', { maxKeys: 1.5 }],
    ['dedupe: `maxKeys` must be an integer > 0; got "9"', { maxKeys: '9' }],
    ['dedupe: `before.window` must be tumbling', { before: { window: session(5) } }],
    ['dedupe: `before.window` must be tumbling', { before: {} }],
    [
      'dedupe: `before.allowedLateness` must be a duration >= 0',
      { before: { window: tumbling(5), allowedLateness: -1 } },
    ],
  ])('refuses a wrong option: %s', (message, wrong) => {
    expect(() => dedupe({ ...byValue, ...wrong } as never)).toThrow(message);
    expect(() => dedupe({ ...byValue, ...wrong } as never)).toThrow(TypeError);
  });

  const once = (config: Partial<DedupeConfig<string>>): Build => {
    return (in$) => in$.pipe(dedupe({ ...byValue, id: 'once', ...config }));
  };
  const key = (): never => {
    throw new Error('no');
  };
  const script = 'a@1 b@2 a@3 W2 idle active c@9 b@4 a@8 W7 d@11 c@10 W12 a@13';
  const laws = operatorLaws(once({}), script, { throwing: once({ key }) });
  it.each(laws)('$name', ({ check }) => check());
  const limited = operatorLaws(
    once({ maxKeys: 2, within: 3 }),
    'a@1 b@2 c@3 a@3 W1 b@4 W5 c@9 d@8 a@6 e@7 W8 c@12 d@11 W20 a@21',
  );
  it.each(limited)('with a limit $name', ({ check }) => check());
});
