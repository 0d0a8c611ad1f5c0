/** The splits of one stream in order of appearance, each with its generator. State: at most `maxSplits` entries. */
import type { Data } from './chunks.js';
import { SplitError } from './errors.js';
import type { Generator } from './watermarks.js';

export interface Split<T> {
  /** Undefined: the one split of a stream whose source names none. */
  readonly name: string | undefined;
  /** Named by its source before any event of it. */
  declared: boolean;
  readonly generator: Generator<T>;
}

/** A split as it is saved. */
export interface SavedSplit {
  readonly name: string | null;
  readonly declared: boolean;
  readonly generator: Data;
}

/** Finds a split by name in O(1), in a run of one name without a look-up. */
export class SplitTable<T> {
  private splits: Split<T>[] = [];
  private readonly indexes = new Map<string | undefined, number>();
  private recent: string | undefined;
  private recentIndex = -1;
  /* Splits of the checkpoint that their source has not declared again yet. */
  private owed = new Set<string | undefined>();

  constructor(
    private readonly generator: () => Generator<T>,
    private readonly maxSplits: number,
  ) {}

  get size(): number {
    return this.splits.length;
  }

  at(i: number): Split<T> {
    return this.splits[i] as Split<T>;
  }

  /** The index of a split; −1 where there is none of this name. */
  find(name: string | undefined): number {
    if (name === this.recent && this.recentIndex >= 0) return this.recentIndex;
    const i = this.indexes.get(name) ?? -1;
    this.recent = name;
    this.recentIndex = i;
    return i;
  }

  /** Adds a split and returns its index. @throws SplitError where there are too many */
  add(name: string | undefined): number {
    const i = this.splits.length;
    if (i >= this.maxSplits) {
      throw new SplitError(
        'watermark',
        `more than ${this.maxSplits} splits (\`maxSplits\`); a split is a partition or a sensor, not a key`,
      );
    }
    this.splits.push({ name, declared: false, generator: this.generator() });
    this.indexes.set(name, i);
    return i;
  }

  clear(): void {
    this.splits = [];
    this.indexes.clear();
    this.recentIndex = -1;
  }

  /** The declared splits of the checkpoint that the first declaration after a restore does not name. */
  missing(names: readonly string[]): ReadonlySet<string | undefined> {
    const missing = new Set(this.owed);
    for (const name of names) missing.delete(name);
    this.owed.clear();
    return missing;
  }

  /** The first declaration after a restore must name every declared split of the checkpoint. @throws SplitError */
  settleDebt(names: readonly string[]): void {
    for (const name of names) this.owed.delete(name);
    const [gone] = this.owed;
    if (gone === undefined) return;
    throw new SplitError(
      'watermark',
      `split ${JSON.stringify(gone)} of the checkpoint is no longer declared by its source`,
    );
  }

  save(): SavedSplit[] {
    return this.splits.map(({ name, declared, generator }) => ({
      name: name ?? null,
      declared,
      generator: generator.save(),
    }));
  }

  load(saved: readonly SavedSplit[]): void {
    this.clear();
    for (const { name, declared, generator } of saved) {
      const split = this.at(this.add(name ?? undefined));
      split.declared = declared;
      split.generator.load(generator);
    }
    this.owed = new Set(this.splits.filter((s) => s.declared).map((s) => s.name));
  }
}
