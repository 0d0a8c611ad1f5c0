/** The state of `eventTimeWindow`: keys, admission, doors and counters around a store of windows. */
import type { Aggregate } from './aggregates.js';
import { type Chunks, chunkOf, type Data } from './chunks.js';
import {
  type Door,
  guardedDoor,
  type Invalid,
  type InvalidReason,
  type Late,
  lateOf,
  type Missed,
} from './doors.js';
import type { EventElement } from './element.js';
import { RetractionError, UserFunctionError } from './errors.js';
import { Fold } from './fold.js';
import { GridStore } from './gridStore.js';
import type { Key } from './key.js';
import { KeyReader } from './keyReader.js';
import type { Emitter, Logic } from './logic.js';
import { PaneMaker } from './panes.js';
import { SessionStore } from './sessionStore.js';
import { newStats } from './stats.js';
import { ACCEPTED, type Verdict, type WindowStats, type WindowStore } from './windowStore.js';
import { sliceWidth, type WindowAssigner } from './windows.js';

const OPERATOR = 'eventTimeWindow';

/** The checked configuration of the operator, durations in ms. */
export interface WindowStateConfig<T> {
  readonly window: WindowAssigner<T>;
  readonly key: (value: T) => Key;
  readonly aggregate: Readonly<Record<string, Aggregate<T, any>>>;
  readonly latenessMs: number;
  readonly discarding: boolean;
  readonly maxKeys: number;
  readonly late?: Door<Late<T>> | undefined;
  readonly missed?: Door<Missed<T>> | undefined;
  readonly invalid?: Door<Invalid<T>> | undefined;
}

/** Whether accumulators of these windows are ever merged. */
function merges(window: WindowAssigner): boolean {
  return window.kind === 'session' || sliceWidth(window) < window.sizeMs;
}

export class WindowState<T> implements Logic {
  readonly stats: WindowStats = newStats({
    partiallyLate: 0,
    taken: 0,
    missed: 0,
    fired: 0,
    panes: 0,
  });
  private readonly store: WindowStore<T>;
  private readonly toLate: ((late: Late<T>) => void) | undefined;
  private readonly toMissed: ((missed: Missed<T>) => void) | undefined;
  private readonly toInvalid: ((invalid: Invalid<T>) => void) | undefined;
  private readonly keys: KeyReader<T>;
  private w = -Infinity;
  private arrival = 0;

  constructor(config: WindowStateConfig<T>, out: Emitter<unknown>) {
    const { window, latenessMs, discarding, maxKeys } = config;
    const fold = new Fold(OPERATOR, config.aggregate, merges(window));
    const panes = new PaneMaker(fold, out);
    const store = { fold, panes, stats: this.stats, latenessMs, discarding, maxKeys };
    this.store =
      window.kind === 'grid' ? new GridStore(window, store) : new SessionStore(window, store);
    this.toLate = guardedDoor(OPERATOR, 'late', config.late);
    this.toMissed = guardedDoor(OPERATOR, 'missed', config.missed);
    this.toInvalid = guardedDoor(OPERATOR, 'invalid', config.invalid);
    this.keys = new KeyReader(OPERATOR, 'key', config.key, this.toInvalid);
  }

  event(e: EventElement<T>): void {
    if (e.op === '-') {
      throw new RetractionError(OPERATOR, 'a withdrawal needs `retract` on every aggregate');
    }
    this.stats.in++;
    const id = this.keys.read(e);
    if (id === undefined) {
      this.stats.invalid++;
      this.keys.refuse(e);
      return;
    }
    const verdict = this.store.add(id, this.keys.key, e, this.arrival++);
    if (verdict === ACCEPTED) this.stats.accepted++;
    else this.settle(e, verdict);
  }

  advance(w: number): void {
    this.w = w;
    this.store.advance(w);
  }

  waiting(): number {
    return this.store.waiting();
  }

  save(): Chunks {
    const chunks = new Map<string, Data>([['window', { w: this.w, arrival: this.arrival }]]);
    this.store.save(chunks);
    return chunks;
  }

  restore(chunks: Chunks): void {
    const saved = chunkOf<{ readonly w: number; readonly arrival: number }>(chunks, 'window');
    this.w = saved.w;
    this.arrival = saved.arrival;
    this.store.restore(chunks, saved.w);
  }

  /* Panes of this arrival have left; now the counters and the doors. */
  private settle(e: EventElement<T>, verdict: Verdict): void {
    const { outcome, missed } = verdict;
    switch (outcome) {
      case 'accepted':
        this.stats.accepted++;
        if (missed.length > 0) this.miss(e, verdict);
        return;
      case 'late':
        this.stats.late++;
        this.toLate?.(lateOf(e, this.w, missed.length === 0 ? 'gap' : 'expired', missed));
        return;
      case 'unassigned':
        this.stats.unassigned++;
        return;
      case 'maxKeys':
        this.refuse(e, 'maxKeys');
        return;
      case 'threw':
        if (this.toInvalid === undefined) {
          throw new UserFunctionError(OPERATOR, 'window', verdict.error);
        }
        this.refuse(e, 'threw', verdict.error);
    }
  }

  private miss(e: EventElement<T>, { missed }: Verdict): void {
    this.stats.partiallyLate++;
    const { value, timestamp, split } = e;
    this.toMissed?.({ value, timestamp, split, watermark: this.w, windows: missed });
  }

  private refuse(e: EventElement<T>, reason: InvalidReason, error?: unknown): void {
    this.stats.invalid++;
    const { value, timestamp, split } = e;
    this.toInvalid?.({ value, timestamp, split, reason, error });
  }
}
