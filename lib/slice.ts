/**
 * One slice of event time: what each key has in it. A slice that takes over the partials of one that was
 * freed makes no garbage: old objects used again spare the collector what it would have to carry over.
 */
import type { Accumulators, Fold } from './fold.js';
import type { Key, KeyId } from './key.js';

/** What one key has in one slice. */
export class Partial {
  constructor(
    readonly id: KeyId,
    public key: Key,
    readonly accs: Accumulators,
    /** The arrival that made it: the order of keys in a slice. */
    public born: number,
    /** Start of the slice; another one marks a partial that was taken over and not used yet. */
    public start: number,
  ) {}
}

/** Memory: one partial per key that occurs in it, and at most twice as many taken over. */
export class Slice {
  /** The partials, in order of first arrival. */
  readonly live: Partial[] = [];

  constructor(
    readonly start: number,
    private readonly held: Map<KeyId, Partial> = new Map(),
  ) {}

  get(id: KeyId): Partial | undefined {
    const partial = this.held.get(id);
    return partial !== undefined && partial.start === this.start ? partial : undefined;
  }

  /** The partial of a key that has none here yet. */
  begin(id: KeyId, key: Key, born: number, fold: Fold<any>): Partial {
    const old = this.held.get(id);
    if (old === undefined) return this.put(new Partial(id, key, fold.create(), born, this.start));
    fold.reset(old.accs);
    old.key = key;
    old.born = born;
    old.start = this.start;
    this.live.push(old);
    return old;
  }

  put(partial: Partial): Partial {
    this.held.set(partial.id, partial);
    this.live.push(partial);
    return partial;
  }

  /** What a later slice may take over; nothing where most of it is of keys that have gone. */
  heirloom(): Map<KeyId, Partial> | undefined {
    return this.held.size <= 2 * this.live.length ? this.held : undefined;
  }
}
