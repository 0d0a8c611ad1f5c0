/** Matchers for Jest: importing this file extends the global `expect`; Vitest extends its own. */

import type { Fact } from '../report/scene.js';
import { marbleSerializer } from '../report/snapshot.js';
import { shared } from '../run/current.js';
import type { Values } from '../script/message.js';
import type { Script } from '../script/script.js';
import { siteOutside } from '../site.js';

export { marbleSerializer };

/** What the matchers add to `expect(stream$)`. They work inside `eventTimeTest` and judge at its end. */
export interface MarbleMatchers<R> {
  /**
   * What `expectStream(stream$).toBe(...)` says: marbles, a block of lanes or a script.
   *
   * @example
   * expect(out$).toEmitMarbles('x@4 · (y@9 W∞ |)', { x: { n: 4 }, y: { n: expect.any(Number) } });
   */
  toEmitMarbles(marbles: string | Script, values?: Values, error?: unknown): R;
  /**
   * What `expectStream(stream$).toEmit(...)` says: facts, one per message.
   *
   * @example
   * expect(out$).toEmitFacts([{ event: { n: 4 }, time: 4 }, { watermark: 'MAX' }, { complete: true }]);
   */
  toEmitFacts(facts: readonly Fact[]): R;
}

declare global {
  namespace jest {
    // biome-ignore lint/complexity/noBannedTypes: the same type parameters as those of @types/jest
    interface Matchers<R, T = {}> extends MarbleMatchers<R> {}
  }
}

interface Context {
  readonly isNot?: boolean;
}

interface Verdict {
  readonly pass: boolean;
  readonly message: () => string;
}

const verdict: Verdict = { pass: true, message: () => '' };

/**
 * The matchers, for an `expect` that is not global.
 *
 * @example
 * import { expect } from 'vitest';
 * import { type MarbleMatchers, marbleMatchers } from 'tidemark/testing/jest';
 * declare module 'vitest' {
 *   interface Assertion<T> extends MarbleMatchers<void> {}
 * }
 * expect.extend(marbleMatchers);
 */
export const marbleMatchers: {
  toEmitMarbles(
    this: Context,
    actual: unknown,
    marbles: string | Script,
    values?: Values,
    ...error: [error?: unknown]
  ): Verdict;
  toEmitFacts(this: Context, actual: unknown, facts: readonly Fact[]): Verdict;
} = {
  toEmitMarbles(actual, marbles, values, ...error) {
    const site = siteOutside();
    const test = testFor('toEmitMarbles', this);
    test.expectMarbles(actual, {
      marbles,
      values,
      site,
      ...(error.length > 0 && { error: error[0] }),
    });
    return verdict;
  },
  toEmitFacts(actual, facts) {
    const site = siteOutside();
    testFor('toEmitFacts', this).expectFacts(actual, facts, site);
    return verdict;
  },
};

function testFor(matcher: string, { isNot = false }: Context) {
  if (isNot) {
    throw new Error(`${matcher}: cannot be negated; write what the stream emits instead`);
  }
  const { test } = shared();
  if (test !== undefined) return test;
  throw new Error(
    `${matcher}: works only inside eventTimeTest(…) or eventTimeTestAsync(…), whose end judges it`,
  );
}

interface GlobalExpect {
  (actual: unknown): { toBeUndefined(): void };
  extend(matchers: object): void;
  addSnapshotSerializer(serializer: object): void;
}

const { expect } = globalThis as { expect?: GlobalExpect };
if (expect !== undefined) {
  expect.extend(marbleMatchers);
  expect.addSnapshotSerializer(marbleSerializer);
  // so that `expect.hasAssertions()` sees what expectStream and doors assert
  shared().assert = (failure) => {
    if (failure !== undefined) throw failure;
    expect(failure).toBeUndefined();
  };
}
