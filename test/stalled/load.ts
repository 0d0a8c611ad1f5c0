/** Full load: a source that brings events as fast as it is let, and what they must come to. */
import type { Reader, Source, SourceOutput } from 'tidemark';

export interface Load {
  readonly at: number;
  readonly user: string;
}

/** So many events in one turn. */
const TURN = 500;
const USERS = 100;
/** One event of each user in each millisecond. */
const PER_MS = USERS;

/** The event at a position. */
function eventAt(i: number): Load {
  return { at: Math.floor(i / PER_MS), user: `user ${i % USERS}` };
}

/** Reads until it is told that it is enough. */
export class Endless implements Source<Load> {
  readonly name = 'load';
  /** Events read so far. */
  count = 0;
  private enough = false;

  /** Ends with whole windows of this size. */
  end(windowMs: number): void {
    this.enough = true;
    this.last = Math.ceil((this.count + 1) / (windowMs * PER_MS)) * windowMs * PER_MS;
  }

  private last = Infinity;

  open(position: unknown, out: SourceOutput<Load>): Reader {
    let open = false;
    let scheduled = false;
    this.count = typeof position === 'number' ? position : 0;
    const turn = () => {
      scheduled = false;
      for (let i = 0; i < TURN && open && this.count < this.last; i++)
        out.event(eventAt(this.count++));
      if (this.count < this.last) go();
      else if (open && this.enough) out.finished();
    };
    const go = () => {
      if (scheduled || !open) return;
      scheduled = true;
      setImmediate(turn);
    };
    return {
      position: () => this.count,
      pause: () => {
        open = false;
      },
      resume: () => {
        open = true;
        go();
      },
      close: async () => {
        open = false;
      },
    };
  }
}

/** Rows that so many events come to, in windows of this size, and what each must count. */
export function truth(
  events: number,
  windowMs: number,
): { readonly rows: number; readonly each: number } {
  return { rows: (events / (windowMs * PER_MS)) * USERS, each: windowMs };
}
