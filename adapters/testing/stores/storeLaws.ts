/** The laws of stores, for any test runner: a list to hand to `it.each`, or one assertion. */
import { assertAll } from '../laws/assertAll.js';
import { placed, siteOf } from '../site.js';
import { Bench, type Laws } from './bench.js';
import { checkpointLaws } from './checkpointLaws.js';
import { durableLaws } from './durableLaws.js';
import { expiryLaws } from './expiryLaws.js';
import { keyLaws, outboxKeyLaws } from './keyLaws.js';
import { Judge } from './lawError.js';
import { leaseLaws } from './leaseLaws.js';
import { orderLaws } from './orderLaws.js';
import { outboxLaws } from './outboxLaws.js';
import { ownerLaws } from './ownerLaws.js';
import { tableLaws } from './tableLaws.js';
import type { StoreUnderTest } from './under.js';
import { valueLaws } from './valueLaws.js';

/** A law as a test to be declared. */
export interface StoreLaw {
  /** What a store that keeps it does, in words. */
  readonly name: string;
  /** Rejects with a `StoreLawError` where the store breaks it. */
  check(): Promise<void>;
}

/**
 * The laws that every store must keep, as tests to be declared: tables with order, tombstones and
 * conflicts; values and nasty keys that come back exactly; checkpoints that are atomic with their
 * rows, fenced by epoch and without gaps; leases and outboxes, where it has them; and, where the means are given, what stays after closing
 * and what is refused.
 *
 * Each law works on tables and jobs of its own names, so all may run on one open store, one at a time.
 *
 * @param under how the store is reached, and how it is closed, damaged and made newer
 * @example
 * const store = memoryStore();
 * it.each(storeLaws({ store: () => store }))('$name', ({ check }) => check());
 */
export function storeLaws(under: StoreUnderTest): readonly StoreLaw[] {
  const site = siteOf(storeLaws);
  return [...lawsOf(under)].map(([name, law]) => ({
    name,
    check: async () => {
      try {
        await law(new Bench(under, name, await under.store()));
      } catch (thrown) {
        throw placed(new Judge(name).failed(thrown), site);
      }
    },
  }));
}

/**
 * Holds a store to all its laws at once.
 *
 * @throws StoreLawError naming each law that is broken, with what was expected and what came
 * @example
 * await assertStoreLaws({ store: () => memoryStore() });
 */
export async function assertStoreLaws(under: StoreUnderTest): Promise<void> {
  const site = siteOf(assertStoreLaws);
  await assertAll(storeLaws(under), site);
}

function lawsOf(under: StoreUnderTest): Laws {
  const own = durableLaws(under);
  return new Map([
    ...[...tableLaws, ...orderLaws, ...valueLaws, ...keyLaws],
    ...[...ownerLaws, ...(under.leases === true ? leaseLaws : []), ...checkpointLaws, ...own],
    ...(under.expires === true ? expiryLaws : []),
    ...outboxLaws(under),
    ...(under.outbox === true ? outboxKeyLaws : []),
  ]);
}
