/**
 * When checkpoints are taken, which are under way, and what follows: the job's state machine. Pure:
 * it acts through `Actions` and is told of events, time and answers. Asynchronous barrier snapshots
 * (Carbone et al., "Lightweight Asynchronous Snapshots for Distributed Dataflows", 2015), simplified
 * by one turn for all sources.
 */
import type { Position } from '../../ports.js';
import type { Reports } from './roster.js';

/** One checkpoint from its barrier to its commit. */
export interface Capture {
  readonly n: number;
  readonly reports: Reports;
  /** By source name. */
  readonly positions: Map<string, Position>;
  /** All sources had finished when it was taken: nothing follows. */
  readonly final: boolean;
  /** Asked for by `stop()`: nothing follows in this run. */
  readonly last: boolean;
}

export interface Actions {
  hold(reason: 'barrier'): void;
  release(reason: 'barrier'): void;
  /** Sends the barrier through every source in one turn. */
  emitBarrier(capture: Capture): void;
  /** The ids that have not reported. */
  silent(capture: Capture): string[];
  /** Whether captured state is still being read; `reported` is called when it is not any more. */
  reading(): boolean;
  /** All have reported: makes the reports whole. */
  complete(capture: Capture): void;
  /** Makes the capture durable; answers by `durable`. `prev` is the n before it. */
  commit(capture: Capture, prev: number): void;
  /** What a declined capture had taken goes into the next. */
  carry(capture: Capture): void;
  /** Everything is durable: the run is over. */
  done(capture: Capture): void;
  fail(message: string): void;
  allFinished(): boolean;
}

const MAX_IN_FLIGHT = 2;
const MAX_DECLINES = 3;

export class Coordinator {
  /** Events since the last barrier: the cost of a replay. */
  uncommitted = 0;
  private last: number;
  private aligning: Capture | undefined;
  private readonly queue: Capture[] = [];
  private committing: Capture | undefined;
  private wanted = false;
  /** Time has moved without an event since the last barrier. */
  private moved = false;
  private stopping = false;
  /** The last checkpoint of this run is under way: no other is taken, unless it is declined. */
  private closing = false;
  private declines = 0;
  /** A checkpoint that took too long while state was being read: nothing may change before that is done. */
  private overdue = 0;
  private ended = false;

  /** @param durableN the n of the restored checkpoint, 0 where there is none */
  constructor(
    private durableN: number,
    private readonly everyEvents: number,
    private readonly act: Actions,
  ) {
    this.last = durableN;
  }

  /** The newest durable n. */
  get n(): number {
    return this.durableN;
  }

  /** An event's turn is over; an early barrier follows it when the replay would get too long. */
  eventPassed(): void {
    this.uncommitted++;
    if (this.uncommitted >= this.everyEvents) this.request();
  }

  /** A clock has moved time, which may have changed state and fired rows. */
  timeMoved(): void {
    this.moved = true;
  }

  /** The interval between checkpoints is over: one follows whatever has come since the last. */
  due(): void {
    if (this.uncommitted > 0 || this.moved) this.request();
  }

  /** A checkpoint is wanted now: by time, by `stop`, or because every source has finished. */
  request(): void {
    if (this.ended || this.closing) return;
    if (this.aligning !== undefined || this.inFlight >= MAX_IN_FLIGHT) {
      this.wanted = true;
      if (this.uncommitted >= this.everyEvents) this.act.hold('barrier');
      return;
    }
    this.begin();
  }

  /** The next checkpoint is the last of this run. */
  stop(): void {
    this.stopping = true;
    this.request();
  }

  /** Whether capture n still waits for reports. */
  waitsFor(n: number): boolean {
    return this.aligning?.n === n;
  }

  /** What the checkpoint under way lacks, in words; undefined where none is. */
  get lacks(): string | undefined {
    if (this.aligning !== undefined) {
      const silent = this.act.silent(this.aligning).join(', ');
      return silent === '' ? 'its state to be read' : `a report of ${silent}`;
    }
    return this.committing && `the answer of the store to checkpoint ${this.committing.n}`;
  }

  /** A report came after the barrier's turn, or all that came has been read. */
  reported(): void {
    const capture = this.aligning;
    if (capture === undefined || this.ended || this.act.reading()) return;
    if (this.act.silent(capture).length === 0) this.captured(capture);
    else this.decline(this.overdue);
  }

  /** Checkpoint n took too long: it is forgotten, and its number is never used again. */
  decline(n: number): void {
    const capture = this.aligning;
    if (capture?.n !== n) return;
    const silent = this.act.silent(capture);
    if (silent.length === 0) return;
    if (this.act.reading()) {
      this.overdue = n;
      return;
    }
    this.aligning = undefined;
    this.closing = false;
    this.moved = true;
    this.act.carry(capture);
    this.declines++;
    if (this.declines >= MAX_DECLINES) {
      this.ended = true;
      this.act.fail(`${MAX_DECLINES} checkpoints in a row had no report of ${silent.join(', ')}`);
    } else if (capture.final || capture.last || this.wanted) this.again();
    else this.act.release('barrier');
  }

  durable(capture: Capture): void {
    this.durableN = capture.n;
    this.committing = undefined;
    if (capture.final || capture.last) {
      this.ended = true;
      this.act.done(capture);
      return;
    }
    this.pump();
    if (this.wanted) this.again();
  }

  /** Nothing more is taken or committed. */
  end(): void {
    this.ended = true;
  }

  private get inFlight(): number {
    return this.queue.length + (this.committing === undefined ? 0 : 1);
  }

  private again(): void {
    this.wanted = false;
    this.request();
  }

  private begin(): void {
    this.act.hold('barrier');
    this.moved = false;
    const final = this.act.allFinished();
    const [reports, positions] = [new Map(), new Map()];
    const capture = { n: ++this.last, reports, positions, final, last: this.stopping };
    this.aligning = capture;
    this.closing = final || this.stopping;
    this.act.emitBarrier(capture);
    this.reported();
  }

  /* The gate opens when the state is captured, not when it is durable. */
  private captured(capture: Capture): void {
    this.act.complete(capture);
    this.aligning = undefined;
    this.declines = 0;
    this.uncommitted = 0;
    this.queue.push(capture);
    this.act.release('barrier');
    this.pump();
  }

  private pump(): void {
    if (this.committing !== undefined || this.ended) return;
    this.committing = this.queue.shift();
    if (this.committing !== undefined) this.act.commit(this.committing, this.durableN);
  }
}
