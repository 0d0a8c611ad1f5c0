// Event-time marbles under node:test: the test body is a plain function, whatever calls it.
// Run: node --test examples/testing/node.test.mjs
import { test } from 'node:test';
import { concatMap } from 'rxjs';
import { eventTimeWindow, sum, toValues, tumbling } from 'tidemark';
import { eventTimeTest, eventTimeTestAsync } from 'tidemark/testing';

test(
  'a straggler is late',
  eventTimeTest(({ stream, expectStream, door }) => {
    const late = door();
    const orders = stream('a@1 b@7 c@3 W4 d@2 W9 |', { a: 1, b: 2, c: 3, d: 4 });
    const revenue = orders.pipe(
      eventTimeWindow({ window: tumbling(5), aggregate: { total: sum((v) => v) }, late }),
    );
    expectStream(revenue).toBe('· · · (x@4 W4) · (y@9 W9) (W∞ |)', {
      x: { total: 4 },
      y: { total: 2 },
    });
    late.toBe('· · · · d@2');
  }),
);

test(
  'a promise settles in the frame in which it was made',
  eventTimeTestAsync(({ stream, expectStream }) => {
    const upper = concatMap(async (name) => name.toUpperCase());
    expectStream(stream('a@1 b@2 |').pipe(toValues(), upper)).toBe('A B |');
  }),
);
