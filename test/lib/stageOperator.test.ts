/** stageOperator: a pure state as an observable of elements. */
import { type Observable, of } from 'rxjs';
import { eventTimeTest, operatorLaws } from 'tidemark/testing';
import type { Chunks } from '../../lib/chunks.js';
import { type Element, type EventElement, event } from '../../lib/element.js';
import type { Emitter, Logic } from '../../lib/logic.js';
import { stageOperator } from '../../lib/operate.js';
import { newStats, type Stats } from '../../lib/stats.js';

/** Emits every event, and one more when W rises. */
class Echo implements Logic {
  readonly stats = newStats();
  constructor(private readonly out: Emitter<string>) {}
  event(e: EventElement<string>, input: number): void {
    this.stats.in++;
    this.stats.accepted++;
    this.out.emit(event(`${input}${e.value}`, e.timestamp));
  }
  advance(w: number): void {
    this.out.emit(event('w', w));
  }
  waiting(): number {
    return 0;
  }
  save(): Chunks {
    return new Map();
  }
  restore(): void {}
}

function echo(
  inputs: readonly Observable<Element<string>>[],
  stats?: (s: Stats) => void,
): Observable<Element<string>> {
  return stageOperator<string>(
    inputs,
    { operator: 'echo', id: 'echo', stats },
    (out) => new Echo(out),
  );
}

const echoed = (values: Readonly<Record<string, string>>) => ({ w: 'w', ...values });

describe('stageOperator', () => {
  it(
    'lets a watermark leave after what it released, and +∞ before completion',
    eventTimeTest(({ stream, expectStream }) => {
      const values = echoed({ x: '0a' });
      expectStream(echo([stream('a@1 W1 |')])).toBe('x@1 (w@1 W1) (w@∞ W∞ |)', values);
    }),
  );

  it(
    'joins two inputs by the least watermark',
    eventTimeTest(({ stream, expectStream }) => {
      const out$ = echo([stream('x@1 ·   W5 ·'), stream('·   y@1 ·  W3')]);
      expectStream(out$).toBe('a@1 b@1 · (w@3 W3)', echoed({ a: '0x', b: '1y' }));
    }),
  );

  it('gives each subscription its own state and tells the stats door once for each', () => {
    const doors: Stats[] = [];
    const stream = echo([of(event('a', 1), event('b', 2))], (s) => doors.push(s));
    expect(doors).toHaveLength(0);
    stream.subscribe();
    stream.subscribe();
    expect(doors).toHaveLength(2);
    expect(doors[0]).not.toBe(doors[1]);
    expect(doors.map((s) => [s.in, s.out])).toEqual([
      [2, 3],
      [2, 3],
    ]);
  });

  it(
    'refuses a value that is no element, and says what to do',
    eventTimeTest(({ source, expectStream }) => {
      const forged = { kind: 'watermark', timestamp: 5, origin: 0 };
      for (const x of [1, null, 'a', forged]) {
        const out$ = echo([source<any>('x', { x })]);
        expectStream(out$).toBe('#', {}, /^echo: needs elements; put watermark\(\) before it$/);
      }
    }),
  );

  it(
    'sends the error of an input on',
    eventTimeTest(({ stream, expectStream }) => {
      expectStream(echo([stream('a@1 ·'), stream('· #')])).toBe('x@1 #', { x: '0a' });
    }),
  );

  const script = ['a@1 W1 ·   ·  idle ·  active W6 e@9', '·   ·  b@2 W3 ·    W5 ·      ·  W7'];
  const without = { empty: 'it says a word whenever W rises, at the end too' };
  const laws = operatorLaws((a$, b$) => echo([a$, b$]), script, { without });
  it.each(laws)('of two inputs $name', ({ check }) => check());
});
