/** Events at which a job failed again and again: left out of its next runs, told and counted. Holds a position, or a value, an event. */
import { encode } from '../../codec.js';
import type { Position } from '../../ports.js';

/** An event that a job leaves out. */
export interface Quarantined {
  readonly source: string;
  readonly value: unknown;
  readonly split?: string | undefined;
  /** That of its source when it came: it and all before it. */
  readonly position: Position;
  /** What the job failed with. */
  readonly error: unknown;
}

/** What tells an event from others of its source. */
export type Place = Pick<Quarantined, 'value' | 'split' | 'position'>;

/** More between two checkpoints are no fault of single events. */
const MOST_AT_ONCE = 10;

export class Quarantine {
  count = 0;
  private readonly places = new Map<string, Set<string>>();
  private n = -1;
  private sinceN = 0;

  /** @param door where there is none, nothing is left out */
  constructor(private readonly door: ((q: Quarantined) => void) | undefined) {}

  /** Leaves the event out from now on, and says whether it may. @param n the newest checkpoint */
  add(event: Quarantined, n: number): boolean {
    if (n !== this.n) this.sinceN = 0;
    this.n = n;
    if (this.door === undefined || ++this.sinceN > MOST_AT_ONCE) return false;
    const own = this.places.get(event.source) ?? new Set();
    this.places.set(event.source, own.add(textOf(event)));
    this.count++;
    this.door(event);
    return true;
  }

  /** Whether this event of a source is left out. */
  holds(source: string, event: Place): boolean {
    return this.places.get(source)?.has(textOf(event)) ?? false;
  }

  /** Whether any event of this source is left out. */
  has(source: string): boolean {
    return this.places.has(source);
  }
}

/**
 * Tells an event from others of its source. Splits come in another order after a restart, so that
 * another event may stand at the position of all: there the split and the value tell, as far as a
 * value can be written down.
 */
export function textOf({ value, split, position }: Place): string {
  if (split === undefined) return written(position);
  try {
    return `${split} = ${written(value)}`;
  } catch {
    return `${split} @ ${written(position)}`;
  }
}

function written(data: unknown): string {
  return String.fromCharCode(...encode(data));
}
