/** The snapshot serialiser: a recording as lanes under a ruler, stable and readable. */
import { eventTimeTest, marbleSerializer } from 'tidemark/testing';
import {
  printRecorded,
  type Recorded,
  recordingBrand,
} from '../../../../adapters/testing/report/snapshot.js';
import type { Message } from '../../../../adapters/testing/script/message.js';

function recorded(messages: readonly Message[], values: Recorded['values'] = {}): Recorded {
  return { [recordingBrand]: true, name: 'out', messages, values, epoch: 0 };
}

const event = (frame: number, value: unknown, timestamp: number): Message => ({
  kind: 'event',
  frame,
  value,
  timestamp,
});

describe('a recording in a snapshot', () => {
  it('is known by its brand, and nothing else is', () => {
    expect(marbleSerializer.test(recorded([]))).toBe(true);
    expect(marbleSerializer.test({ ...recorded([]), [recordingBrand]: false })).toBe(false);
    for (const other of [null, 1, {}, 'out']) expect(marbleSerializer.test(other)).toBe(false);
  });
  it('is aligned with its frames, and says what the letters stand for', () => {
    const text = marbleSerializer.serialize(
      recorded(
        [
          event(1, { n: 4 }, 4),
          { kind: 'watermark', frame: 1, timestamp: 4 },
          event(3, { n: 9 }, 9),
          event(60_004, { n: 4 }, 9),
          { kind: 'complete', frame: 60_005 },
        ],
        { x: { n: 4 } },
      ),
    );
    expect(text.split('\n')).toEqual([
      'frame  0  1         2  3         60004  60005',
      'out    ·  (x@4 W4)  ·  ?1@9  1m  x@9    |',
      '',
      'x = { n: 4 }',
      '?1 = { n: 9 }',
    ]);
  });
  it('breaks its lines before they are too wide, and loses no message', () => {
    const messages = Array.from({ length: 300 }, (_, i) => event(i, 'a', i));
    const lines = printRecorded(recorded(messages)).split('\n');
    expect(Math.max(...lines.map((l) => l.length))).toBeLessThan(130);
    expect(lines.join(' ').match(/a@\d+/g)).toHaveLength(300);
  });
  it('prints 10,000 different values', () => {
    const messages = Array.from({ length: 10_000 }, (_, i) => event(i, { i }, i));
    expect(printRecorded(recorded(messages))).toContain('?10000 = { i: 9999 }');
  });
  it('of nothing is a dot', () => {
    expect(printRecorded(recorded([]))).toBe('out  ·');
  });
  it(
    'is what `record` gives',
    eventTimeTest(({ stream, record, flush }) => {
      const out = record(stream('a@1 (b@2 W2) |', { a: 1, b: [2] }));
      flush();
      expect(marbleSerializer.test(out)).toBe(true);
      expect(marbleSerializer.serialize(out).split('\n')).toEqual([
        'frame      0    1         2',
        'recording  a@1  (b@2 W2)  |',
        '',
        'a = 1',
        'b = [ 2 ]',
      ]);
    }),
  );
});
