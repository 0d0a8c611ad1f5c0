/** union: the min rule over inputs, status, completion, origins, barriers. */
import { of, share } from 'rxjs';
import { dedupe, type Element, event, union, values, watermarkAt } from 'tidemark';
import { eventTimeTest, harness, operatorLaws } from 'tidemark/testing';

describe('union', () => {
  it(
    'passes events as they come; W is the least of the inputs',
    eventTimeTest(({ stream, expectStream }) => {
      const a$ = stream('a@1 W0 ·   ·    c@9 W8 ·  |');
      const b$ = stream('·   ·  b@2 W4   ·   ·  W6 · W9 |');
      expectStream(union(a$, b$)).toBe('a@1 · b@2 W0 c@9 W4 W6 · W9 (W∞ |)');
    }),
  );
  it(
    'passes late events too',
    eventTimeTest(({ stream, expectStream }) => {
      expectStream(union(stream('W5 a@3'), stream('W7'))).toBe('W5 a@3');
    }),
  );
  it(
    'takes an idle input out of the min, and leaves it out behind the output until it has caught up',
    eventTimeTest(({ stream, expectStream }) => {
      const a$ = stream('W2 idle ·  active a@4 W5 ·   W12 ·');
      const b$ = stream('W4 ·    W9 ·      ·   ·  W10 ·   W20');
      expectStream(union(a$, b$)).toBe('W2 W4 W9 · a@4 · W10 · W12');
    }),
  );
  it(
    'is idle when all inputs are, at the greatest W; active again before the event',
    eventTimeTest(({ stream, expectStream }) => {
      const a$ = stream('W9 idle · ·');
      const b$ = stream('W4 · idle (active b@10 W11)');
      expectStream(union(a$, b$)).toBe('W4 · (W9 idle) (active b@10 W11)');
    }),
  );
  it(
    'FLINK-38477: an input that completes never lends its +∞ to one that is idle',
    eventTimeTest(({ stream, expectStream }) => {
      const a$ = stream('W5 idle ·  · (active a@8) W8 |');
      const b$ = stream('W7 ·    W7 |');
      expectStream(union(a$, b$)).toBe('W5 W7 · idle (active a@8) W8 (W∞ |)');
    }),
  );
  it(
    'takes a completed input out of the min, and completes with the last',
    eventTimeTest(({ stream, expectStream }) => {
      expectStream(union(stream('W1 |'), stream('W9 · · |'))).toBe('W1 W9 · (W∞ |)');
    }),
  );
  it(
    'takes an upstream W∞ for the end of that input',
    eventTimeTest(({ stream, expectStream }) => {
      expectStream(union(stream('W1 W∞ · |'), stream('W9 · W∞ |'))).toBe('W1 W9 W∞ |');
    }),
  );
  it(
    'errors with the first error',
    eventTimeTest(({ stream, expectStream }) => {
      expectStream(union(stream('a@1 #'), stream('b@2 · c@3'))).toBe('(a@1 b@2) #');
    }),
  );
  it(
    'of one stream is that stream',
    eventTimeTest(({ stream, expectStream }) => {
      expectStream(union(stream('a@1 W4 idle active |'))).toBe('a@1 W4 idle active (W∞ |)');
    }),
  );

  it(
    'reads its inputs in order, as merge does',
    eventTimeTest(({ expectStream }) => {
      expectStream(union(of(event('a', 1)), of(event('b', 1)))).toBe('(a@1 b@1 W∞ |)');
    }),
  );

  it('makes watermarks of an origin of its own, from inputs of two', () => {
    const origins: number[] = [];
    const in$ = (origin: number) => of(watermarkAt(5, origin));
    union(in$(-3), in$(-4)).subscribe((e) => e.kind === 'watermark' && origins.push(e.origin));
    expect(new Set(origins).size).toBe(1);
    expect(origins[0]).toBeGreaterThan(0);
  });

  it(
    'refuses two origins in one input',
    eventTimeTest(({ stream, expectStream }) => {
      const both$ = of(watermarkAt(5, -3), watermarkAt(6, -4));
      expectStream(union(both$, stream('W9'))).toBe('#', {}, 'WatermarkOriginError');
    }),
  );

  it('joins a diamond over one shared stream: a barrier and a restore pass once', () => {
    const h = harness((in$) => {
      const shared$ = in$.pipe(share());
      const diamond$ = union({ id: 'u' }, shared$, shared$.pipe(values()));
      return diamond$.pipe(dedupe({ id: 'below', key: (v: string) => v }));
    });
    expect(h.members.map((m) => [m.id, m.operator])).toEqual([
      ['u', 'union'],
      ['below', 'dedupe'],
    ]);
    expect(h.send(watermarkAt(4, -3))).toBe('W4');
    expect(h.barrier()).toBe('barrier#1');
    expect(h.idle()).toBe('idle');
    expect([...h.state('u').keys()]).toEqual(['shell']);
  });

  it(
    'counts what passes',
    eventTimeTest(({ stream, expectStream, counters }) => {
      const stats = counters();
      const out$ = union({ stats }, stream('a@1 b@2'), stream('· c@3'));
      expectStream(out$).toBe('a@1 (b@2 c@3)');
      for (const field of ['in', 'accepted', 'out'] as const) stats.toBe('1 3', field);
    }),
  );

  it('refuses to be without streams, and what is none', () => {
    const wrong = 'union: `streams` must be one or more observables of elements';
    expect(() => (union as () => unknown)()).toThrow(wrong);
    expect(() => union({ id: 'u' })).toThrow(wrong);
    expect(() => union(of(), 5 as never)).toThrow(wrong);
  });

  it('infers the values of its inputs', () => {
    const a$ = of<Element<{ a: number }>>();
    const b$ = of<Element<{ b: string }>>();
    union(a$, b$).subscribe(
      (e) => e.kind === 'event' && ('a' in e.value ? e.value.a + 1 : e.value.b.length),
    );
    // @ts-expect-error a bare value is no element
    expect(() => union(a$, of(5))).not.toThrow();
  });

  const script = [
    'a@1 W0 · · c@9 W4 · idle · · active e@16 W20',
    '· · b@2 W4 · · W6 · W9 d@14 · W13 · W15',
  ];
  const endless = 'inputs are subscribed in order, so nothing follows one that never ends';
  const laws = operatorLaws((a$, b$) => union({ id: 'u' }, a$, b$ as typeof a$), script, {
    without: { endless },
  });
  it.each(laws)('$name', ({ check }) => check());
});

/** State that was saved goes only where it came from. */
describe('union restored', () => {
  it('refuses the state of another number of inputs', () => {
    const one = harness((a$) => union({ id: 'u' }, a$));
    const two = harness((a$) => union({ id: 'u' }, a$, a$));
    expect(two.restore(one.snapshot())).toContain(
      'SettingsError: union "u": `inputs` is 2 but was 1',
    );
  });
});
