/** What a sink promises: what its user asks for, the class that comes of it, and its price in words. */

import { JobError, show } from './errors.js';
import type { SinkMember } from './membership.js';
import type { SinkStore } from './ports.js';

/**
 * `effectivelyOnce`: no row is lost or doubled, visible with the checkpoint or soon after it.
 * `atLeastOnce`: written at once; after a failure rows are written again, and only converge.
 * `atMostOnce`: written once after the checkpoint; what fails is lost.
 */
export type DeliveryKind = 'effectivelyOnce' | 'atLeastOnce' | 'atMostOnce';

/** A: in the checkpoint's transaction. O: by an outbox, after it. E: eager. M: at most once. From strong to weak. */
export type SinkClass = 'A' | 'O' | 'E' | 'M';

export const DELIVERIES: readonly string[] = ['effectivelyOnce', 'atLeastOnce', 'atMostOnce'];

const STRONG_TO_WEAK: readonly SinkClass[] = ['A', 'O', 'E', 'M'];
const PROMISES: Readonly<Record<SinkClass, string>> = {
  A: 'A: exactly-once effect (rows and checkpoint in one transaction)',
  O: 'O: exactly-once effect (rows follow their checkpoint through an outbox)',
  E: 'E: converging, not exact (rows are written before their checkpoint)',
  M: 'at most once (rows are written once after their checkpoint; what fails is lost)',
};

/** What a job with these sinks promises: what the weakest does. */
export function guaranteeOf(classes: Iterable<SinkClass>): string {
  const all = [...classes];
  if (all.length === 0) return 'none: no sink takes part in its checkpoints';
  const weakest = Math.max(...all.map((one) => STRONG_TO_WEAK.indexOf(one)));
  return PROMISES[STRONG_TO_WEAK[weakest] as SinkClass];
}

/** The class of a sink in a job whose checkpoints have this transaction. @throws JobError where it can have none */
export function classOf(
  job: string,
  id: string,
  { sink, transaction }: { readonly sink: SinkMember; readonly transaction: object },
): SinkClass {
  if (sink.delivery === 'atLeastOnce') return 'E';
  if (sink.delivery === 'atMostOnce') return 'M';
  const store = sink.store as SinkStore;
  if (store.transaction === transaction) return 'A';
  if (store.outbox !== undefined) return 'O';
  throw new JobError(
    job,
    `sink ${show(id)} writes to ${show(store.name)}, which neither shares a transaction with the checkpoints nor has an outbox, so a crash could double its rows; use a table of the store that has the checkpoints or one with an outbox, or say \`delivery: 'atLeastOnce'\``,
  );
}
