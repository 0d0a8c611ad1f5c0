/** A record of aggregates as one: accumulators by position, one pass over them per event. */
import type { Aggregate } from './aggregates.js';
import type { EventElement } from './element.js';
import { configError, UserFunctionError } from './errors.js';
import { mergeable } from './keptEvents.js';

/** One accumulator per aggregate, in the order of the record. */
export type Accumulators = unknown[];

export class Fold<T> {
  private readonly names: readonly string[];
  private readonly parts: readonly Aggregate<T, unknown>[];
  /* The first three also by name: each has a call of its own in `add`, which can be inlined. */
  private readonly a: Aggregate<T, unknown> | undefined;
  private readonly b: Aggregate<T, unknown> | undefined;
  private readonly c: Aggregate<T, unknown> | undefined;

  /** `merges`: accumulators will be merged, so aggregates without `merge` keep their events. */
  constructor(
    private readonly operator: string,
    record: Readonly<Record<string, Aggregate<T, any>>>,
    merges: boolean,
  ) {
    if (typeof record !== 'object' || record === null) {
      throw configError(operator, 'aggregate', 'a record of aggregates', record);
    }
    this.names = Object.keys(record);
    this.parts = this.names.map((name) => {
      const part = record[name];
      if (name === '__proto__' || typeof part?.add !== 'function') {
        throw configError(operator, `aggregate.${name}`, 'an aggregate, such as count()', part);
      }
      return merges ? mergeable(part) : part;
    });
    [this.a, this.b, this.c] = this.parts;
  }

  create(): Accumulators {
    const n = this.parts.length;
    const accs: Accumulators = new Array(n);
    for (let i = 0; i < n; i++) accs[i] = (this.parts[i] as Aggregate<T, unknown>).create();
    return accs;
  }

  /** Makes used accumulators those of no event. */
  reset(accs: Accumulators): void {
    for (let i = 0; i < this.parts.length; i++) {
      const part = this.parts[i] as Aggregate<T, unknown>;
      accs[i] = part.reset === undefined ? part.create() : part.reset(accs[i]);
    }
  }

  /* The event goes along whole: a bare timestamp would be boxed at every call. */
  add(accs: Accumulators, e: EventElement<T>, arrival: number): void {
    const { value } = e;
    const { a, b, c, parts } = this;
    let i = 0;
    try {
      if (a !== undefined) accs[0] = a.add(accs[0], value, e, arrival);
      if (b !== undefined) accs[1] = b.add(accs[++i], value, e, arrival);
      if (c !== undefined) accs[2] = c.add(accs[++i], value, e, arrival);
      for (i = 3; i < parts.length; i++) {
        accs[i] = (parts[i] as Aggregate<T, unknown>).add(accs[i], value, e, arrival);
      }
    } catch (thrown) {
      this.fail(i, thrown);
    }
  }

  /** Takes `other` into `accs`; `other` stays as it is. */
  absorb(accs: Accumulators, other: Accumulators): void {
    let i = 0;
    try {
      for (; i < this.parts.length; i++) {
        accs[i] = this.parts[i]?.merge?.(accs[i], other[i]);
      }
    } catch (thrown) {
      this.fail(i, thrown);
    }
  }

  result(accs: Accumulators): Record<string, unknown> {
    const value: Record<string, unknown> = {};
    let i = 0;
    try {
      for (; i < this.parts.length; i++) {
        value[this.names[i] as string] = (this.parts[i] as Aggregate<T, unknown>).result(accs[i]);
      }
    } catch (thrown) {
      this.fail(i, thrown);
    }
    return value;
  }

  private fail(i: number, thrown: unknown): never {
    throw new UserFunctionError(this.operator, `aggregate.${this.names[i]}`, thrown);
  }
}
