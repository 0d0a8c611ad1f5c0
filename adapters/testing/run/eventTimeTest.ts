/** Event-time marble tests in virtual time: streams, doors and counters, frame by frame. */
import { enter } from './current.js';
import { redirect } from './redirect.js';
import { Run } from './run.js';
import type { EventTimeTest, TestOptions } from './tools.js';

/**
 * A test body for `it(...)`. One token is one arrival frame of 1 ms. RxJS's schedulers run in virtual
 * time, so ordinary operators work; promises do not settle inside (`eventTimeTestAsync` does that).
 * A stream, door, counters or recording of which nothing is expected fails the test, and so does a
 * test without any.
 *
 * @example
 * it('forgets a at 5', eventTimeTest(({ stream, expectStream }) => {
 *   const out$ = stream('a@1 a@2 W5 |').pipe(dedupe({ key: (v) => v, within: 4 }));
 *   expectStream(out$).toBe('a@1 · W5 (W∞ |)');
 * }));
 * @throws MarbleError when what came is not what was expected
 */
export function eventTimeTest(
  body: (t: EventTimeTest) => void,
  options: TestOptions = {},
): () => void {
  return () => {
    const run = new Run(options);
    const { scheduler } = run;
    const leave = enter(run);
    const restore = redirect(scheduler);
    try {
      scheduler.run((helpers) => {
        const tools = run.tools((use) => use(helpers));
        refusePromise(body({ ...tools, flush: () => scheduler.flush() }));
        scheduler.flush();
        run.check();
      });
    } finally {
      scheduler.clear();
      restore();
      leave();
    }
  };
}

function refusePromise(result: unknown): void {
  if (typeof (result as PromiseLike<unknown> | undefined)?.then !== 'function') return;
  (result as PromiseLike<unknown>).then(undefined, () => {});
  throw new TypeError(
    'eventTimeTest: the body must not be async, since no promise settles in it; use eventTimeTestAsync',
  );
}
