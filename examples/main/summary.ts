/** The counts of a run: what was read, what became of it, and how much was held at most. */
import type { LineCounts } from 'tidemark/files';

/** `lines = malformed + invalid + late + duplicate + accepted`, at the end and across restarts. */
export interface InputCounts extends LineCounts {
  readonly late: number;
  readonly duplicate: number;
  readonly accepted: number;
}

export interface Peak {
  readonly joinRows: number;
  readonly windows: number;
  readonly dedupeKeys: number;
}

export interface Summary {
  readonly events: InputCounts;
  readonly profiles?: InputCounts;
  /** Windows that have fired. */
  readonly windows: number;
  readonly rows: number;
  readonly guarantee: string;
  readonly peak: Peak;
  /** The last watermark of the events before the end; null where none was made in this run. */
  readonly watermark: string | null;
  readonly elapsedMs: number;
  /** Lines of events that this run read, by its time. */
  readonly eventsPerSecond: number;
}

/** What an operator counted; those that a command does not have count nothing. */
export interface Counted {
  readonly late: number;
  readonly duplicate: number;
  readonly invalid: number;
  readonly peak: number;
}

export const nothing: Counted = { late: 0, duplicate: 0, invalid: 0, peak: 0 };

/** The counts of an input from those of its reader and of the operators that it passes. */
export function inputCounts(read: LineCounts, ...operators: Partial<Counted>[]): InputCounts {
  const total = (name: keyof Counted) => operators.reduce((sum, o) => sum + (o[name] ?? 0), 0);
  const { lines, malformed } = read;
  const invalid = read.invalid + total('invalid');
  const [late, duplicate] = [total('late'), total('duplicate')];
  const accepted = lines - malformed - invalid - late - duplicate;
  return { lines, malformed, invalid, late, duplicate, accepted };
}
