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
  /** What its message names, whatever its words are. */
  readonly names?: readonly string[];
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

  /** @throws StoreLawError where `work` is done, or fails otherwise; it says in what it differs */
  async rejects(what: string, work: Promise<unknown>, wanted: Rejection): Promise<void> {
    const failed = await work.then(
      (answer) => {
        throw this.broken(`${what} must be refused`, wanted, answer);
      },
      (thrown: unknown) => thrown,
    );
    const found = differences(failed, wanted);
    if (found.length > 0) throw this.differs(what, found, { wanted, failed });
  }

  /** @throws StoreLawError where a text is not one sentence that names all of these */
  names(what: string, text: string, names: readonly string[]): void {
    const found = unsaid(text, names);
    if (found.length > 0) throw this.differs(what, found, { wanted: names, failed: text });
  }

  /** Anything else that was thrown on the way. */
  failed(thrown: unknown): StoreLawError {
    if (thrown instanceof StoreLawError) return thrown;
    const message = `store law “${this.law}” is broken:\nthe store threw ${show(thrown)}`;
    return new StoreLawError(this.law, message, undefined, thrown, thrown);
  }

  /* What is wrong is not to be looked for in two long values. */
  private differs(
    what: string,
    found: readonly string[],
    { wanted, failed }: { readonly wanted: unknown; readonly failed: unknown },
  ) {
    const message = [`store law “${this.law}” is broken: ${what}`, ...found].join('\n  ');
    return new StoreLawError(this.law, message, wanted, failed, failed);
  }

  private broken(what: string, expected: unknown, actual: unknown, cause?: unknown) {
    const sides = `  expected  ${show(expected)}\n  received  ${show(actual)}`;
    const message = `store law “${this.law}” is broken: ${what}\n${sides}`;
    return new StoreLawError(this.law, message, expected, actual, cause);
  }
}

function differences(failed: unknown, wanted: Rejection): string[] {
  const error = (failed ?? {}) as { name?: string; kind?: string; refused?: unknown };
  const { name = ['StoreError'], kind = error.kind, refused = error.refused, names = [] } = wanted;
  const found = unsaid(messageOf(failed), names);
  if (!name.includes(error.name ?? ''))
    found.push(`its name must be ${name.join(' or ')}; it is ${error.name}`);
  if (kind !== error.kind) found.push(`its \`kind\` must be '${kind}'; it is ${show(error.kind)}`);
  if (!isDeepStrictEqual(refused, error.refused))
    found.push(`its \`refused\` must be ${show(refused)}; it is ${show(error.refused)}`);
  return found;
}

/* Words are free. */
function unsaid(text: string, names: readonly string[]): string[] {
  if (text.trim() === '' || text.includes('\n'))
    return [`its message must be one sentence; it is ${JSON.stringify(text)}`];
  const missing = names.filter((name) => !words(text).includes(` ${words(name).trim()} `));
  const list = missing.map((name) => JSON.stringify(name)).join(' and ');
  return missing.length === 0 ? [] : [`its message must name ${list}; it is “${text}”`];
}

function words(text: string): string {
  return ` ${text.replace(/[^\p{L}\p{N}_]+/gu, ' ')} `;
}
