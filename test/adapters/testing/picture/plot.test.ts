/** Pictures as text: what a terminal shows, in how many columns, and that no letter breaks it. */
import fc from 'fast-check';
import { tumbling } from 'tidemark';
import { type Message, marbles, script, toText } from 'tidemark/testing';

const small = marbles('a@1 b@7 c@3 W4 d@2 W9 |');

describe('the text of a script', () => {
  it('shows points, stairs, what is behind them, windows and a legend', () => {
    const text = small.toText({ windows: tumbling(5), width: 64, height: 12 });
    expect(`\n${text}\n`).toBe(`
↑ event time (ms)
   │                                  ┌──
10 ┤┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈▸┈┈┈┈┈│░░
   │                            ┌─────┘░░
   │                            │░░░░░░░░  [5, 10) fired at 5 ms
   │      ●b                    │░░░░░░░░
   │                            │░░░░░░░░
 5 ┤┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈▸┈┈┈┈┈┈┈┈┈┈│░░░░░░░░
   │                 ┌──────────┘░░░░░░░░
   │           ●c    │░░░░░░░░░░░░░░░░░░░  [0, 5) fired at 3 ms
   │                 │░░░░░◆d░░░░░░░░░░░░
   │●a               │░░░░░░░░░░░░░░░░░░░
 0 ┤┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈│░░░░░░░░░░░░░░░░░░░
   └┬──────────┬───────────┬──────────┬──
    0          2           4          6
                           arrival (ms) →
● on time (3)  ◆ late (1)  ─ watermark  ░ behind it
▸ window fires
`);
  });

  it('has an ASCII form', () => {
    const text = small.toText({ windows: tumbling(5), width: 64, height: 12, ascii: true });
    expect(text).toMatch(/^[\x20-\x7e\n]*$/);
    expect(`\n${text}\n`).toBe(`
^ event time (ms)
   |                                  +--
10 +............................>.....|::
   |                            +-----+::
   |                            |::::::::  [5, 10) fired at 5 ms
   |      ob                    |::::::::
   |                            |::::::::
 5 +.................>..........|::::::::
   |                 +----------+::::::::
   |           oc    |:::::::::::::::::::  [0, 5) fired at 3 ms
   |                 |:::::#d::::::::::::
   |oa               |:::::::::::::::::::
 0 +.................|:::::::::::::::::::
   ++----------+-----------+----------+--
    0          2           4          6
                          arrival (ms) ->
o on time (3)  # late (1)  - watermark  : behind it
> window fires
`);
  });

  it('is written by the calendar where the epoch is one', () => {
    const noon = script({ epoch: '2026-03-29T12:00Z' });
    const text = noon.event('a', { at: 0 }).event('b', { at: '20m' }).toText();
    expect(text).toMatch(/^↑ event time \(2026-03-29 UTC\)\n/);
    expect(text).toMatch(/^12:20 ┤/m);
  });

  it('gives invalid events a row of their own', () => {
    const text = toText(
      [...small.messages, { kind: 'event', frame: 7, value: 'x', timestamp: Number.NaN }],
      { width: 60, height: 8 },
    );
    expect(text).toMatch(/^invalid ┤.*×x?$/m);
  });

  it('says how long a silence was that it cuts short', () => {
    expect(marbles('a@1 b@2 c@3 1h d@4 e@5').toText()).toMatch(/╱╱[\s\S]*1 h/);
  });

  it('refuses a size that holds no picture', () => {
    expect(() => small.toText({ width: 30 })).toThrow('toText: `width` must be an integer >= 40');
    expect(() => small.toText({ height: 2.5 })).toThrow('toText: `height` must be');
  });
});

it('no letter moves the cursor or makes a line longer than it may be', () => {
  const name = fc.string({ unit: 'binary', maxLength: 20 });
  const times = fc.integer({ min: -9, max: 9 });
  fc.assert(
    fc.property(fc.array(fc.tuple(name, times), { maxLength: 8 }), fc.boolean(), (list, ascii) => {
      const messages = list.map(
        ([name, timestamp], frame): Message => ({
          kind: 'event',
          frame,
          name,
          value: 0,
          timestamp,
        }),
      );
      const text = toText(messages, { width: 60, ascii });
      const lines = text.split('\n');
      expect(text.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\u2028\u2029]/u);
      expect(lines.every((line) => [...line].length <= 60)).toBe(true);
      if (ascii) expect(text).toMatch(/^[\x20-\x7e\n]*$/);
    }),
    { seed: 3, numRuns: 200 },
  );
});
