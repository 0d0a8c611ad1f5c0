/** One source of a running task: its reader behind a gate, and the stream that it feeds. */
import { type Element, event, splitsOf, watermarkAt } from '../../element.js';
import type { Position, Reader, Source } from '../../ports.js';
import { Gate } from './gate.js';
import type { Quarantine } from './quarantine.js';
import type { Turn } from './turn.js';

/** Where a source's elements go. */
export interface Feed {
  next(element: unknown): void;
  complete(): void;
}

/** What a checkpoint keeps of a source. */
export interface SavedSource {
  readonly at: Position | undefined;
  readonly finished: boolean;
}

export interface SourceEvents {
  /** An event's turn is over. */
  passed(): void;
  finished(): void;
  failed(thrown: unknown): void;
}

/** What the sources of a run share. */
export interface SourceContext {
  readonly quarantine: Quarantine;
  readonly between: Turn;
  readonly now: () => number;
}

export class SourceRun {
  readonly gate: Gate;
  finished: boolean;
  /** The event whose turn it is. */
  turn: { readonly value: unknown; readonly split?: string | undefined } | undefined;
  private reader: Reader | undefined;
  private failed: (thrown: unknown) => void = () => {};
  private known: Position | undefined;
  private resumed = false;
  private closed = false;

  constructor(
    readonly source: Source<unknown>,
    readonly feed: Feed,
    readonly saved: SavedSource | undefined,
    private readonly context: SourceContext,
  ) {
    this.finished = saved?.finished ?? false;
    this.known = saved?.at;
    this.gate = new Gate((open) => this.moved(open), context.now);
  }

  get name(): string {
    return this.source.name;
  }

  /** Opens the reader where the checkpoint left it; a finished source stays finished. */
  open(events: SourceEvents): void {
    if (this.finished) return;
    this.failed = (thrown) => events.failed(thrown);
    const { between } = this.context;
    this.reader = this.source.open(this.saved?.at, {
      event: (value, split) => {
        if (this.closed) return;
        between.begin();
        try {
          this.give(value, split);
          between.after(events.passed);
        } finally {
          between.end();
        }
      },
      declare: (splits) => between.during(() => this.feed.next(splitsOf(splits))),
      finished: () =>
        between.during(() => {
          this.end();
          between.after(events.finished);
        }),
      failed: this.failed,
    });
    // what it said as it opened may have ended the run
    if (this.closed) this.reader.close().catch(() => {});
  }

  send(element: Element<unknown>): void {
    this.feed.next(element);
  }

  /** W = +∞; the stream completes only after the checkpoint that says so. */
  end(): void {
    if (this.finished) return;
    this.finished = true;
    this.feed.next(watermarkAt(Infinity));
  }

  /** For a checkpoint: a reader that cannot say where it is fails the run. */
  save(): SavedSource {
    try {
      this.known = this.reader?.position() ?? this.saved?.at;
    } catch (thrown) {
      this.failed(thrown);
    }
    return { at: this.known, finished: this.finished };
  }

  /** Where the reader is, or was when it last could say it. */
  get position(): Position | undefined {
    try {
      return this.reader?.position() ?? this.saved?.at;
    } catch {
      return this.known;
    }
  }

  private give(value: unknown, split: string | undefined): void {
    if (this.leftOut(value, split)) return;
    this.turn = { value, split };
    this.feed.next(split === undefined ? value : event(value, Number.NaN, { split }));
    this.turn = undefined;
  }

  /* Held at once; let go on between two turns, since a reader may give its next event as it is asked. */
  private moved(open: boolean): void {
    if (!open) this.let(false);
    else this.context.between.after(() => this.let(this.gate.open && !this.closed));
  }

  private let(resumed: boolean): void {
    if (this.resumed === resumed) return;
    this.resumed = resumed;
    try {
      if (resumed) this.reader?.resume();
      else this.reader?.pause();
    } catch (thrown) {
      this.failed(thrown);
    }
  }

  private leftOut(value: unknown, split: string | undefined): boolean {
    const { quarantine } = this.context;
    if (!quarantine.has(this.name)) return false;
    return quarantine.holds(this.name, { value, split, position: this.save().at as Position });
  }

  async close(): Promise<void> {
    this.closed = true;
    this.let(false);
    await this.reader?.close();
  }
}
