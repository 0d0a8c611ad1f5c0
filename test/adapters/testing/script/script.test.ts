/** Scripts: each step says what its token says, and nothing that was written before changes. */
import { marbles, script } from 'tidemark/testing';

const at = (text: string): number => Date.parse(text);

describe('a script', () => {
  it('says step by step what the marbles say', () => {
    const steps = script()
      .event('a', { at: 1 })
      .together((s) => s.event('b', { at: -2, op: '-' }).watermark('-3ms'))
      .value('c')
      .idle()
      .active()
      .advance('1 minute')
      .watermark(Infinity)
      .complete();
    expect(steps.messages).toEqual(marbles('a@1 (-b@-2 W-3) c idle active 1m W∞ |').messages);
    expect(steps.frames).toBe(60_007);
  });
  it('takes values, splits, barriers, errors and an unsubscription', () => {
    const error = new TypeError('no');
    expect(
      script()
        .event('a', { at: '1m', value: { n: 1 }, split: 'p0' })
        .value('b', undefined)
        .splits('p0', 'p1')
        .barrier()
        .barrier(5)
        .barrier()
        .fail(error)
        .unsubscribe().messages,
    ).toEqual([
      { kind: 'event', frame: 0, name: 'a', value: { n: 1 }, split: 'p0', timestamp: 60_000 },
      { kind: 'value', frame: 1, name: 'b', value: undefined },
      { kind: 'splits', frame: 2, splits: ['p0', 'p1'] },
      { kind: 'barrier', frame: 3, n: 1 },
      { kind: 'barrier', frame: 4, n: 5 },
      { kind: 'barrier', frame: 5, n: 6 },
      { kind: 'error', frame: 6, error },
      { kind: 'unsubscribe', frame: 7 },
    ]);
  });
  it('counts numbers and durations from its epoch on, and takes instants for what they are', () => {
    const s = script({ epoch: '2026-03-29T00:00Z' })
      .event('a', { at: '-1h30m' })
      .event('b', { at: '2026-03-29T03:59:30.5+02:00' })
      .event('c', { at: new Date(7) })
      .watermark(2);
    expect(s.messages.map((m) => 'timestamp' in m && m.timestamp)).toEqual([
      at('2026-03-28T22:30Z'),
      at('2026-03-29T01:59:30.500Z'),
      7,
      at('2026-03-29T00:00Z') + 2,
    ]);
  });
  it('never changes: two may go on from one', () => {
    const one = script().value('a');
    const two = one.value('b');
    expect(one.messages).toHaveLength(1);
    expect(two.messages).toHaveLength(2);
    expect(one.complete().messages.map((m) => m.kind)).toEqual(['value', 'complete']);
    expect(two.messages.map((m) => m.frame)).toEqual([0, 1]);
  });
  it('goes on from marbles: frames, barriers and what was read before', () => {
    const s = marbles('barrier#4 5ms');
    expect(s.messages).toHaveLength(1);
    expect(s.barrier().value('a').messages).toEqual([
      { kind: 'barrier', frame: 0, n: 4 },
      { kind: 'barrier', frame: 6, n: 5 },
      { kind: 'value', frame: 7, name: 'a', value: 'a' },
    ]);
  });
  it('grows to 100,000 steps without a deep call and without copying', () => {
    let s = script() as ReturnType<typeof marbles>;
    for (let i = 0; i < 100_000; i++) s = s.event(`e${i}`, { at: i });
    expect(s.messages).toHaveLength(100_000);
    expect(s.complete().messages.at(-1)).toEqual({ kind: 'complete', frame: 100_000 });
  });
});

describe('a script refuses', () => {
  const s = script();
  it.each<[string, () => unknown, RegExp]>([
    ['a time that is none', () => s.event('a', { at: 'noon' }), /^event: `at` must be a time/],
    ['a fraction of a ms', () => s.watermark(0.5), /^watermark: `time` must be a time/],
    ['an instant without zone', () => s.watermark('2026-03-29T00:59'), /`time` must be/],
    ['a negative pause', () => s.advance(-1), /^advance: `duration` must be a duration >= 0/],
    ['a barrier 0', () => s.barrier(0), /^barrier: `n` must be an integer >= 1/],
    ['an epoch that is none', () => script({ epoch: 'x' }), /^script: `epoch` must be an instant/],
    ['time inside a group', () => s.together((g) => g.advance(1)), /^advance: no time passes/],
    ['a group in a group', () => s.together((g) => g.together((h) => h)), /^together: a group/],
    ['steps of another script', () => s.together(() => script()), /^together: `steps` must/],
  ])('%s', (_, make, message) => {
    expect(make).toThrow(message);
  });
});
