/** A source that brings many keys at once, then changes some of them between checkpoints. */
import type { Reader, Source, SourceOutput } from 'tidemark';

export interface Keyed {
  readonly key: string;
  readonly at: number;
}

/** So many events in one turn. */
const TURN = 500;

/** Reads `batches`, each a number of events over `keys` keys, and waits for `next` after each. */
export class Batches implements Source<Keyed> {
  readonly name = 'keys';
  /** Events that may be read so far. */
  private allowed = 0;
  private at = 0;
  private reader: (() => void) | undefined;
  /** Whether it was let go on. */
  started = false;
  /** When the turn began in which the last event came. */
  lastAt = 0;

  /** @param first how many are to come at once */
  constructor(
    private readonly keys: number,
    readonly first: number,
  ) {}

  /** Lets so many more events come. */
  allow(events: number): void {
    this.allowed += events;
    this.reader?.();
  }

  /** Whether all that were allowed have come. */
  get done(): boolean {
    return this.at === this.allowed;
  }

  open(_: unknown, out: SourceOutput<Keyed>): Reader {
    let open = false;
    let scheduled = false;
    const turn = () => {
      scheduled = false;
      this.lastAt = performance.now();
      for (let i = 0; i < TURN && open && this.at < this.allowed; i++) {
        // later rounds go over the same keys, far apart
        const key = this.at < this.keys ? this.at : (this.at * 7919) % this.keys;
        this.at++;
        out.event({ key: `key ${key}`, at: this.at });
      }
      go();
    };
    const go = () => {
      if (scheduled || !open || this.done) return;
      scheduled = true;
      setImmediate(turn);
    };
    this.reader = go;
    return {
      position: () => this.at,
      pause: () => {
        open = false;
      },
      resume: () => {
        open = true;
        this.started = true;
        go();
      },
      close: async () => {
        open = false;
      },
    };
  }
}
