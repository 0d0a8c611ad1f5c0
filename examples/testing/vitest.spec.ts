/**
 * Event-time marbles under Vitest: its `expect` is no global, so the matchers are added to it by hand.
 * Run: npx vitest run examples/testing/vitest.spec.ts
 */
import { concatMap } from 'rxjs';
import { eventTimeWindow, sum, toValues, tumbling } from 'tidemark';
import { eventTimeTest, eventTimeTestAsync } from 'tidemark/testing';
import { type MarbleMatchers, marbleMatchers } from 'tidemark/testing/jest';
import { expect, it, vi } from 'vitest';

declare module 'vitest' {
  interface Assertion<T> extends MarbleMatchers<void> {}
}
expect.extend(marbleMatchers);

it(
  'a straggler is late',
  eventTimeTest(({ stream, door }) => {
    const late = door();
    const orders = stream('a@1 b@7 c@3 W4 d@2 W9 |', { a: 1, b: 2, c: 3, d: 4 });
    const revenue = orders.pipe(
      eventTimeWindow({ window: tumbling(5), aggregate: { total: sum((v) => v) }, late }),
    );
    expect(revenue).toEmitMarbles('· · · (x@4 W4) · (y@9 W9) (W∞ |)', {
      x: { total: 4 },
      y: { total: expect.any(Number) },
    });
    late.toBe('· · · · d@2');
  }),
);

it(
  'an answer that takes a second comes a second later',
  eventTimeTestAsync(
    ({ stream, expectStream }) => {
      const answer = concatMap(async (name: string) => {
        await new Promise((resolve) => setTimeout(resolve, 1000));
        return name.toUpperCase();
      });
      expectStream(stream('a@1 |').pipe(toValues(), answer)).toBe('1s (A |)');
    },
    { fakeTimers: vi },
  ),
);
