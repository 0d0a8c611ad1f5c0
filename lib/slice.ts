/**
 * One slice of event time: what each key has in it. A slice that takes over the partials of one that was
 * freed makes no garbage: old objects used again spare the collector what it would have to carry over.
 */
import type { Data } from './chunks.js';
import type { Accumulators, Fold } from './fold.js';
import { type Key, type KeyId, keyId } from './key.js';
import { PagedLog, rowsOf } from './pagedLog.js';

/** What the names of a slice's pages begin with. */
export const SLICE = 'slice/';

type SavedPartial = readonly [key: Key, accs: Accumulators, born: number];

function savedPartial({ key, accs, born }: Partial): SavedPartial {
  return [key, accs, born];
}

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
    /** The capture of its slice after which it changed last; that of another slice means nothing. */
    public changed: number,
  ) {}
}

/** Memory: one partial per key that occurs in it, and at most twice as many taken over. */
export class Slice {
  /** The partials, in order of first arrival. */
  readonly live: Partial[] = [];
  /** How often it was captured. */
  captures = 0;
  /** What changed after its newest capture; nothing before the first, when all of it is new. */
  private news: Partial[] = [];

  constructor(
    readonly start: number,
    private readonly held: Map<KeyId, Partial> = new Map(),
    private readonly log = new PagedLog(`${SLICE}${start}`),
  ) {}

  get(id: KeyId): Partial | undefined {
    const partial = this.held.get(id);
    return partial !== undefined && partial.start === this.start ? partial : undefined;
  }

  /** The partial of a key that has none here yet. */
  begin(id: KeyId, key: Key, born: number, fold: Fold<any>): Partial {
    const old = this.held.get(id);
    if (old === undefined) {
      const made = new Partial(id, key, fold.create(), born, this.start, this.captures);
      this.held.set(id, made);
      return this.join(made);
    }
    fold.reset(old.accs);
    old.key = key;
    old.born = born;
    old.start = this.start;
    old.changed = this.captures;
    return this.join(old);
  }

  /** A partial changes for the first time after a capture: its `changed` is not `captures`. */
  touch(partial: Partial): void {
    partial.changed = this.captures;
    this.news.push(partial);
  }

  save(chunks: Map<string, Data>): void {
    this.log.save(chunks, rowsOf(this.live, savedPartial), rowsOf(this.news, savedPartial));
    this.news = [];
    this.captures++;
  }

  /** Takes the pages of a capture back, the oldest first. */
  restore(pages: readonly Data[]): void {
    for (const page of pages) {
      for (const [key, accs, born] of page as SavedPartial[]) {
        const id = keyId(key) as KeyId;
        this.held.set(id, new Partial(id, key, accs, born, this.start, this.captures));
      }
    }
    for (const p of [...this.held.values()].sort((a, b) => a.born - b.born)) this.live.push(p);
    this.captures++;
  }

  private join(partial: Partial): Partial {
    this.live.push(partial);
    if (this.captures > 0) this.news.push(partial);
    return partial;
  }

  /** What a later slice may take over; nothing where most of it is of keys that have gone. */
  heirloom(): Map<KeyId, Partial> | undefined {
    return this.held.size <= 2 * this.live.length ? this.held : undefined;
  }
}
