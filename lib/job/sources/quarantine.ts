/** Events at which a job failed again and again: left out of its next runs, told and counted. Holds a position an event. */
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

/** More between two checkpoints are no fault of single events. */
const MOST_AT_ONCE = 10;

export class Quarantine {
  count = 0;
  private readonly positions = new Map<string, Set<string>>();
  private n = -1;
  private sinceN = 0;

  /** @param door where there is none, nothing is left out */
  constructor(private readonly door: ((q: Quarantined) => void) | undefined) {}

  /** Leaves the event out from now on, and says whether it may. @param n the newest checkpoint */
  add(event: Quarantined, n: number): boolean {
    if (n !== this.n) this.sinceN = 0;
    this.n = n;
    if (this.door === undefined || ++this.sinceN > MOST_AT_ONCE) return false;
    const own = this.positions.get(event.source) ?? new Set();
    this.positions.set(event.source, own.add(textOf(event.position)));
    this.count++;
    this.door(event);
    return true;
  }

  /** Whether the event that a source gives at this position is left out. */
  holds(source: string, position: Position): boolean {
    return this.positions.get(source)?.has(textOf(position)) ?? false;
  }

  /** Whether any event of this source is left out. */
  has(source: string): boolean {
    return this.positions.has(source);
  }
}

function textOf(position: Position): string {
  return String.fromCharCode(...encode(position));
}
