/** What a broken law of stores says: which one, what was expected, what came. */
import { isDeepStrictEqual } from 'node:util';
import { messageOf } from '../../../lib/errors.js';
import { show } from '../report/show.js';

/** A store broke a law. */
export class StoreLawError extends Error {
  constructor(
    /** The law that is broken; the first, where there are several. */
    readonly law: string,
    message: string,
    readonly expected: unknown,
    readonly actual: unknown,
    cause?: unknown,
  ) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'StoreLawError';
  }
}

/** What a rejection must look like. */
export interface Rejection {
  /** Names of errors, one of which it has. */
  readonly name?: readonly string[];
  readonly kind?: 'connection' | 'refused' | 'unusable';
  readonly message?: RegExp;
  /** The very rows that are named as refused. */
  readonly refused?: readonly unknown[];
}

/** Compares what a store answers with what a law asks for. */
export class Judge {
  constructor(private readonly law: string) {}

  /** @throws StoreLawError where the two are not equal in depth; `what` says what they are */
  same(what: string, actual: unknown, expected: unknown): void {
    if (isDeepStrictEqual(actual, expected)) return;
    throw this.broken(what, expected, actual);
  }

  /** Compares only the fields that are expected. @throws StoreLawError */
  has(what: string, actual: object, expected: object): void {
    const got = actual as Record<string, unknown>;
    const fields = Object.keys(expected).map((name) => [name, got[name]]);
    this.same(what, Object.fromEntries(fields), expected);
  }

  /** @throws StoreLawError where `work` is done, or fails otherwise */
  async rejects(what: string, work: Promise<unknown>, wanted: Rejection): Promise<void> {
    let failed: unknown;
    try {
      const answer = await work;
      throw this.broken(what, wanted, answer);
    } catch (thrown) {
      if (thrown instanceof StoreLawError) throw thrown;
      failed = thrown;
    }
    const error = failed as { name?: string; kind?: string; refused?: unknown };
    const fits =
      (wanted.name ?? ['StoreError']).includes(error?.name ?? '') &&
      (wanted.kind ?? error.kind) === error.kind &&
      (wanted.message ?? /\S/).test(messageOf(failed)) &&
      isDeepStrictEqual(wanted.refused ?? error.refused, error.refused);
    if (!fits) throw this.broken(what, wanted, failed, failed);
  }

  /** Anything else that was thrown on the way. */
  failed(thrown: unknown): StoreLawError {
    if (thrown instanceof StoreLawError) return thrown;
    const message = `store law “${this.law}” is broken:\nthe store threw ${show(thrown)}`;
    return new StoreLawError(this.law, message, undefined, thrown, thrown);
  }

  private broken(what: string, expected: unknown, actual: unknown, cause?: unknown) {
    const sides = `  expected  ${show(expected)}\n  received  ${show(actual)}`;
    const message = `store law “${this.law}” is broken: ${what}\n${sides}`;
    return new StoreLawError(this.law, message, expected, actual, cause);
  }
}
