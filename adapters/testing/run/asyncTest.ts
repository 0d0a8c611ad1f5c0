/** Event-time tests in which promises settle: in virtual time, or under the fake timers of the test runner. */
import { config } from 'rxjs';
import { enter } from './current.js';
import { type Driver, driveTimers, driveVirtual, type FakeTimers } from './driver.js';
import { redirect } from './redirect.js';
import { Run } from './run.js';
import type { Within } from './rx.js';
import type { AsyncEventTimeTest, TestOptions } from './tools.js';

/** Options of an asynchronous event-time test. */
export interface AsyncTestOptions extends TestOptions {
  /**
   * `jest` or `vi`: time is then that of the runner's fake timers, so that `setTimeout`, `Date` and
   * promises that wait for them go with it. Without it RxJS's schedulers alone are virtual. A timer
   * that is due in the millisecond of a message of a script then comes before it, not after.
   */
  readonly fakeTimers?: FakeTimers;
}

/**
 * A test body for `it(...)` whose pipeline has promises in it. Time passes action by action, and
 * between two actions every promise that can settle does. Time also passes while the body waits.
 * Promises that wait for the outside world (a file, a socket) are not virtual: time goes on without them.
 *
 * @example
 * it('asks for each order', eventTimeTestAsync(({ stream, expectStream }) => {
 *   const out$ = stream('a@1 b@2 |').pipe(toValues(), concatMap(async (v) => v.toUpperCase()));
 *   expectStream(out$).toBe('A B |');
 * }));
 * @example
 * it('waits', eventTimeTestAsync(body, { fakeTimers: jest })); // setTimeout and Date are virtual too
 * @throws MarbleError when what came is not what was expected
 */
export function eventTimeTestAsync(
  body: (t: AsyncEventTimeTest) => void | PromiseLike<void>,
  options: AsyncTestOptions = {},
): () => Promise<void> {
  return async () => {
    const { fakeTimers, ...rest } = options;
    const { maxActions = fakeTimers === undefined ? 100_000 : 5000 } = options;
    const run = new Run({ ...rest, maxActions });
    const undo: (() => void)[] = [enter(run), () => run.scheduler.clear()];
    try {
      const driver = fakeTimers ? driveTimers(run, fakeTimers) : driveVirtual(run.scheduler);
      undo.push(() => driver.end());
      if (fakeTimers === undefined) undo.push(redirect(run.scheduler));
      undo.push(reportErrors((thrown) => run.scheduler.fail(thrown)));
      await drive(body, run, driver);
      run.check();
    } finally {
      for (const back of undo.reverse()) back();
    }
  };
}

async function drive(
  body: (t: AsyncEventTimeTest) => void | PromiseLike<void>,
  run: Run,
  driver: Driver,
): Promise<void> {
  const { scheduler } = run;
  scheduler.held = true;
  const within: Within = (use) => scheduler.run(use);
  const tools = { ...run.tools(within), flush: () => driver.flush() };
  let thrown: { readonly error: unknown } | undefined;
  let done = false;
  void (async () => body(tools))().then(
    () => {
      done = true;
    },
    (error: unknown) => {
      thrown = { error };
      done = true;
    },
  );
  await driver.run(() => done);
  if (thrown !== undefined) throw thrown.error;
  scheduler.settle();
}

/* What no observer took fails the test and not the process. */
function reportErrors(fail: (thrown: unknown) => void): () => void {
  const before = config.onUnhandledError;
  config.onUnhandledError ??= fail;
  return () => {
    config.onUnhandledError = before;
  };
}
