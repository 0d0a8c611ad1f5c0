/** The marble test that runs now: one at a time, also where two copies of the package are loaded. */
import type { MarbleError } from '../report/failure.js';
import type { Fact } from '../report/scene.js';
import type { Values } from '../script/message.js';
import type { Script } from '../script/script.js';

/** Told once per expectation: undefined when it holds. @throws where the failure is to be thrown */
export type Assert = (failure: MarbleError | undefined) => void;

/** What a matcher outside needs of the running test. */
export interface CurrentTest {
  expectMarbles(actual: unknown, call: MatcherCall): void;
  expectFacts(actual: unknown, facts: readonly Fact[], site: Error): void;
}

/** Marbles that a matcher was called with. */
export interface MatcherCall {
  readonly marbles: string | Script;
  readonly values?: Values | undefined;
  /** Present where `#` was given an error. */
  readonly error?: unknown;
  readonly site: Error;
}

interface Shared {
  test?: CurrentTest | undefined;
  /** What `assert` is by default. */
  assert?: Assert;
}

const slot = Symbol.for('tidemark.marbles');

export function shared(): Shared {
  const holder = globalThis as { [slot]?: Shared };
  holder[slot] ??= {};
  return holder[slot];
}

/** Makes this the running test; gives what ends it. @throws Error when one runs already */
export function enter(test: CurrentTest): () => void {
  const here = shared();
  if (here.test !== undefined) {
    throw new Error(
      'marbles: another event-time test is running; virtual time is one for all, so end (or await) it first',
    );
  }
  here.test = test;
  return () => {
    here.test = undefined;
  };
}

export const throwing: Assert = (failure) => {
  if (failure !== undefined) throw failure;
};
