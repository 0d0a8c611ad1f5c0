/**
 * Event-time marbles under Jest: importing `tidemark/testing/jest` extends `expect`.
 * Run: npx jest examples/testing
 */
import { dedupe, eventTimeWindow, sum, tumbling } from 'tidemark';
import { eventTimeTest } from 'tidemark/testing';
import 'tidemark/testing/jest';

describe('revenue per five milliseconds', () => {
  it(
    'leaves a straggler out, and tells of it',
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
    'counts a repeated order once',
    eventTimeTest(({ stream, record, flush }) => {
      const once = record(stream('a@1 a@2 W9 |').pipe(dedupe({ key: (v) => v, within: 5 })));
      flush();
      expect(once).toMatchInlineSnapshot(`
frame      0    1  2   3
recording  a@1  ·  W9  (W∞ |)
`);
    }),
  );
});
