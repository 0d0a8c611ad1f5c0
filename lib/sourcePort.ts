/** The port of sources: what a job asks of whoever reads its input. */
import type { Data } from './chunks.js';

/** A read position of a source, plain data; it means what the source says. */
export type Position = Data;

/** Where a source emits; one turn an event. */
export interface SourceOutput<T> {
  event(value: T, split?: string): void;
  /** All splits that this source has. */
  declare(splits: readonly string[]): void;
  /** Nothing more will come: W = +∞. */
  finished(): void;
  failed(thrown: unknown): void;
}

/**
 * A running source. It emits only between `resume` and `pause`; after `pause` returns, nothing is
 * emitted, not even the rest of the chunk in work. `position` is exact in every turn: it covers
 * the event being emitted and those before it, no other.
 */
export interface Reader {
  position(): Position;
  pause(): void;
  resume(): void;
  close(): Promise<void>;
}

/** A replayable source with stable positions. */
export interface Source<T> {
  readonly name: string;
  /** Starts paused, at `position`, or at the beginning where undefined. */
  open(position: Position | undefined, out: SourceOutput<T>): Reader;
  /** Whether there is input after this position; asked only of a job that has ended. */
  more?(position: Position | undefined): Promise<boolean>;
  /** A position before which no row has this event time or a later one. */
  seek?(time: number): Promise<Position>;
  /** The same place of an input that goes on after its end was told; else the position itself. */
  reopen?(position: Position | undefined): Position;
}
