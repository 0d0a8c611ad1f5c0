/** How an operator takes its state back: all of its chunks and no others, or one sentence says which. */
import type { Chunks, Data } from './chunks.js';
import { type Restore, restoreWith } from './element.js';
import { CodecError, messageOf, SettingsError, StateError, show, TidemarkError } from './errors.js';
import type { Membership, Migrating } from './membership.js';

/** An operator that takes its state back. */
interface Taking {
  readonly operator: string;
  readonly id: string | undefined;
  load(chunks: Chunks, kept?: boolean): void;
  /** The state as it is now: asked for where a chunk was not looked at. */
  save(): Chunks;
  /** It does not: see `registering`. */
  refused(): void;
}

/**
 * Gives an operator its state back, or what a migration makes of it.
 * @throws SettingsError; StateError where a chunk is missing, unknown, or of another form
 */
export function takeBack({ restored, migrating }: Membership, own: Taking): void {
  if (restored === undefined) return;
  try {
    refit(restored, migrating, own);
  } catch (thrown) {
    own.refused();
    throw thrown;
  }
}

/**
 * What goes down where state was refused: who is below registers and no more, since an id that two
 * operators have may be why the state did not fit.
 */
export function registering({ register }: Restore): Restore {
  return restoreWith((member) => ({ ...register(member), restored: undefined }));
}

function refit(saved: Chunks, migrating: Migrating | undefined, own: Taking): void {
  try {
    load(own, saved);
  } catch (thrown) {
    if (!(thrown instanceof SettingsError) || migrating === undefined) throw thrown;
    const other = migrating.refit(saved, thrown);
    // a migration that gives nothing begins anew
    if (other !== undefined && other.size > 0) load(own, other, true);
  }
}

function load(own: Taking, saved: Chunks, kept?: boolean): void {
  const chunks = new Noted(saved);
  const wrong = (detail: string, cause?: unknown) =>
    new StateError(own.operator, own.id, detail, { cause });
  try {
    own.load(chunks, kept);
  } catch (thrown) {
    if (thrown instanceof TidemarkError && !(thrown instanceof CodecError)) throw thrown;
    if (chunks.missing !== undefined) throw wrong(missing(chunks.missing), thrown);
    throw wrong(`what the checkpoint has of it cannot be taken back: ${messageOf(thrown)}`, thrown);
  }
  if (chunks.left.size === 0) return;
  // what it saves without looking at it again is its own
  const known = own.save();
  const unknown = [...chunks.left].find((name) => !known.has(name));
  if (unknown !== undefined) {
    throw wrong(`the checkpoint has a chunk ${show(unknown)} of it, which it does not know`);
  }
}

const missing = (name: string) => `its chunk ${show(name)} is missing in the checkpoint`;

/* Notes which chunks were looked at, and the first that was looked for and is not there. */
class Noted extends Map<string, Data> {
  readonly left: Set<string>;
  missing: string | undefined;

  constructor(saved: Chunks) {
    super(saved);
    this.left = new Set(saved.keys());
  }

  override get(name: string): Data {
    this.left.delete(name);
    if (!this.has(name)) this.missing ??= name;
    return super.get(name);
  }

  override entries() {
    this.left.clear();
    return super.entries();
  }

  override values() {
    this.left.clear();
    return super.values();
  }

  override forEach(fn: (chunk: Data, name: string, all: Map<string, Data>) => void): void {
    this.left.clear();
    super.forEach(fn);
  }

  override [Symbol.iterator]() {
    return this.entries();
  }
}
