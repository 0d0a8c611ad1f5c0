/** Every error this library throws or sends down a stream, and the one shape of a configuration error. */

/** Names a configuration mistake in one sentence: which option, what rule, what it got. */
export function configError(
  operator: string,
  option: string,
  rule: string,
  got: unknown,
  hint?: string,
): TypeError {
  const tail = hint === undefined ? '' : `; ${hint}`;
  return new TypeError(`${operator}: \`${option}\` must be ${rule}; got ${show(got)}${tail}`);
}

/** What a user gave, all of it optional. @throws TypeError where it is no object */
export function optionsOf<T extends object>(
  operator: string,
  option: string,
  given: T | undefined,
): T {
  if (given === undefined) return {} as T;
  if (typeof given === 'object' && given !== null && !Array.isArray(given)) return given;
  throw configError(operator, option, 'an object', given);
}

/** A short printed form of any value, safe for messages: never throws, never longer than about 80 characters. */
export function show(value: unknown): string {
  if (typeof value === 'string') return clip(JSON.stringify(value));
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'function') return `function ${value.name || '(anonymous)'}`;
  if (typeof value !== 'object' || value === null) return String(value);
  try {
    return clip(JSON.stringify(value) ?? Object.prototype.toString.call(value));
  } catch {
    return Object.prototype.toString.call(value);
  }
}

function clip(text: string): string {
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}

/** The base of the named errors, so that `error.name` tells them apart across two copies of the package. */
export class TidemarkError extends Error {
  constructor(name: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = name;
  }
}

/** A function of the user (aggregate, reducer, predicate, door, key without an `invalid` door) threw. */
export class UserFunctionError extends TidemarkError {
  constructor(
    readonly operator: string,
    readonly fn: string,
    cause: unknown,
  ) {
    super('UserFunctionError', `${operator}: \`${fn}\` threw: ${messageOf(cause)}`, { cause });
  }
}

/** Two sources of time met in one input, or time ran backwards on the wire. */
export class WatermarkOriginError extends TidemarkError {
  constructor(
    readonly operator: string,
    detail: string,
  ) {
    super(
      'WatermarkOriginError',
      `${operator}: ${detail}; use union(a, b), or put retry above watermark`,
    );
  }
}

/** Too many splits, or a split of the checkpoint that its source no longer has. */
export class SplitError extends TidemarkError {
  constructor(
    readonly operator: string,
    detail: string,
  ) {
    super('SplitError', `${operator}: ${detail}`);
  }
}

/** An operator inside `values()` emitted outside the turn of the event that it was given. */
export class AsyncInValuesError extends TidemarkError {
  constructor(detail: string) {
    super('AsyncInValuesError', `values: ${detail}; use mapAsync, or an operator of this library`);
  }
}

/** A withdrawal (`op: '-'`) reached an operator that cannot take it back. */
export class RetractionError extends TidemarkError {
  constructor(
    readonly operator: string,
    detail: string,
  ) {
    super('RetractionError', `${operator}: ${detail}`);
  }
}

/** More rows wait for a store than `maxPending` allows. */
export class BackpressureError extends TidemarkError {
  constructor(
    readonly operator: string,
    readonly pending: number,
  ) {
    super(
      'BackpressureError',
      `${operator}: ${pending} rows wait for the store, more than \`maxPending\`; run the pipeline as a job, which pauses its sources`,
    );
  }
}

/** State was saved under a setting that has changed since, so it would mean something else. */
export class SettingsError extends TidemarkError {
  constructor(
    readonly operator: string,
    readonly id: string | undefined,
    readonly setting: { readonly name: string; readonly was: string; readonly is: string },
  ) {
    const { name, was, is } = setting;
    super(
      'SettingsError',
      `${operator} ${show(id)}: \`${name}\` is ${is} but was ${was} when the state was saved; start a new job id`,
    );
  }
}

/** A checkpoint has other chunks of state than its operator: one is missing, unknown, or of another form. */
export class StateError extends TidemarkError {
  constructor(
    readonly operator: string,
    readonly id: string | undefined,
    detail: string,
    options?: ErrorOptions,
  ) {
    super('StateError', `${operator} ${show(id)}: ${detail}; start a new job id`, options);
  }
}

/** State that cannot be written, or bytes that are not state of ours. */
export class CodecError extends TidemarkError {
  /** The bytes are of a format that this version does not know: they are not damaged. */
  readonly newer: boolean;
  constructor(detail: string, options?: ErrorOptions & { readonly newer?: boolean }) {
    super('CodecError', `codec: ${detail}`, options);
    this.newer = options?.newer === true;
  }
}

/** A job could not start, checkpoint or restore; nothing was written. */
export class JobError extends TidemarkError {
  constructor(
    readonly job: string,
    detail: string,
    options?: ErrorOptions,
  ) {
    super('JobError', `job ${show(job)}: ${detail}`, options);
  }
}

/** Another owner has taken this job over: nothing more may be written by this one. */
export class FencedError extends TidemarkError {
  constructor(
    readonly job: string,
    readonly epoch: number,
    /** Who has taken it over, where that is known. */
    readonly by?: string,
  ) {
    const who = by === undefined ? '' : `; ${show(by)} has taken it over`;
    super('FencedError', `job ${show(job)}: epoch ${epoch} is no longer the owner${who}`);
  }
}

/**
 * What a store answers when a write fails. `connection`: try again, nothing is known to be wrong with
 * the rows. `refused`: the store looked at the rows and will never take them. `unusable`: the table
 * is not there, not as it has to be, or not allowed to be used: nothing is said of the rows.
 */
export class StoreError extends TidemarkError {
  /** The rows of the batch that will never be taken, where the store can tell; the others may be sent again. */
  readonly refused: readonly unknown[];
  /** Why each of them is refused, in their order; empty where one reason says it for all. */
  readonly reasons: readonly string[];
  /** Who has what only one can have, where that is all that is wrong: free it, or wait. */
  readonly holder: string | undefined;
  /** Before so many ms have passed the store wants no other try. */
  readonly retryAfterMs: number | undefined;
  constructor(
    readonly kind: 'connection' | 'refused' | 'unusable',
    detail: string,
    options?: ErrorOptions & {
      readonly refused?: readonly unknown[];
      readonly reasons?: readonly string[];
      readonly holder?: string;
      readonly retryAfterMs?: number | undefined;
    },
  ) {
    super('StoreError', detail, options);
    this.refused = options?.refused ?? [];
    this.reasons = options?.reasons ?? [];
    this.holder = options?.holder;
    this.retryAfterMs = options?.retryAfterMs;
  }
}

/** The message of anything that was thrown; an error of another realm is one too. */
export function messageOf(thrown: unknown): string {
  const message = (thrown as { message?: unknown } | null | undefined)?.message;
  return typeof message === 'string' ? message : show(thrown);
}
