/**
 * The memory of `dedupe`: which keys have been seen, each until W reaches its first event's time +
 * `within`; after Spark's dropDuplicatesWithinWatermark. State: one set entry and one queue entry per key.
 */

import { type Chunks, chunkOf, type Data } from './chunks.js';
import {
  type Door,
  type Duplicate,
  guardedDoor,
  type Invalid,
  type Late,
  lateOf,
} from './doors.js';
import type { EventElement, WindowBounds } from './element.js';
import { RetractionError } from './errors.js';
import type { Key, KeyId } from './key.js';
import { KeyLog } from './keyLog.js';
import { KeyReader } from './keyReader.js';
import type { Emitter, Logic } from './logic.js';
import { newStats, type Stats, setLive } from './stats.js';
import { Deadlines } from './timers.js';
import { type GridWindows, lastStart, windowsOf } from './windows.js';

export interface DedupeStats extends Stats {
  /** Keys forgotten before their time, because of `maxKeys`. */
  evicted: number;
}

/** The grid windows that follow, and how late they take an event. */
export interface Downstream {
  readonly grid: GridWindows;
  readonly latenessMs: number;
}

/** `DedupeConfig` with all options checked and in milliseconds. */
export interface DedupeSettings<T> {
  readonly operator: string;
  readonly key: (value: T) => Key;
  readonly withinMs: number;
  readonly maxKeys: number;
  /** The windows downstream: an event that all of them have closed to is late here. */
  readonly before?: Downstream | undefined;
  readonly late?: Door<Late<T>> | undefined;
  readonly duplicate?: Door<Duplicate<T>> | undefined;
  readonly invalid?: Door<Invalid<T>> | undefined;
}

/* Keys are saved and queued by span of their first event's time. */
const MIN_SPAN = 1000;

/** Passes the first event of a key on, the very element; tells the doors of all others. */
export class DedupeState<T> implements Logic {
  readonly stats: DedupeStats = newStats({ evicted: 0 });
  private readonly seen = new Set<KeyId>();
  /* Keys by their first event's time t: each is forgotten when t <= W − within, the same instant
     as W >= t + within, with no sum that could overflow. */
  private readonly firsts: Deadlines<KeyId>;
  private readonly keys: KeyReader<T>;
  private readonly late: ((e: Late<T>) => void) | undefined;
  private readonly duplicate: ((e: Duplicate<T>) => void) | undefined;
  private readonly log: KeyLog;
  private w = -Infinity;
  private readonly forget = (id: KeyId): void => {
    this.seen.delete(id);
  };

  constructor(
    private readonly settings: DedupeSettings<T>,
    private readonly out: Emitter<T>,
  ) {
    const { operator, key, withinMs, late, duplicate, invalid } = settings;
    this.keys = new KeyReader(operator, 'key', key, guardedDoor(operator, 'invalid', invalid));
    this.late = guardedDoor(operator, 'late', late);
    this.duplicate = guardedDoor(operator, 'duplicate', duplicate);
    const spanMs = Math.max(MIN_SPAN, Math.ceil(withinMs / 64));
    this.firsts = new Deadlines(spanMs);
    this.log = new KeyLog(spanMs, this.firsts);
  }

  event(e: EventElement<T>): void {
    this.stats.in++;
    if (e.op === '-') {
      throw new RetractionError(this.settings.operator, 'what has passed cannot be withdrawn');
    }
    if (this.isLate(e)) return;
    const id = this.keys.read(e);
    if (id === undefined) {
      this.stats.invalid++;
      this.keys.refuse(e);
    } else this.judge(e, id);
  }

  advance(w: number): void {
    this.w = w;
    this.firsts.drain(w - this.settings.withinMs, this.forget);
    this.stats.live = this.seen.size;
  }

  waiting(): number {
    return 0;
  }

  save(): Chunks {
    const chunks = new Map<string, Data>([['dedupe', { w: this.w }]]);
    this.log.save(chunks);
    return chunks;
  }

  restore(chunks: Chunks): void {
    this.seen.clear();
    this.firsts.clear();
    this.w = chunkOf<{ readonly w: number }>(chunks, 'dedupe').w;
    const cut = this.w - this.settings.withinMs;
    this.log.restore(chunks, (id, time) => {
      if (time <= cut) return;
      this.seen.add(id);
      this.firsts.add(time, id);
    });
    setLive(this.stats, this.seen.size);
  }

  private isLate(e: EventElement<T>): boolean {
    const { withinMs, before } = this.settings;
    if (e.timestamp <= this.w - withinMs) this.tooLate(e, 'late', []);
    else if (before !== undefined && expired(before, e.timestamp, this.w)) {
      const windows = windowsOf(before.grid, e.timestamp);
      this.tooLate(e, windows.length === 0 ? 'gap' : 'expired', windows);
    } else return false;
    return true;
  }

  private tooLate(e: EventElement<T>, reason: Late<T>['reason'], windows: WindowBounds[]): void {
    this.stats.late++;
    this.late?.(lateOf(e, this.w, reason, windows));
  }

  /* Adding and looking at the size is one look-up where `has` and `add` are two. */
  private judge(e: EventElement<T>, id: KeyId): void {
    const { stats, seen } = this;
    const held = seen.size;
    seen.add(id);
    if (seen.size === held) {
      stats.duplicate++;
      const { value, timestamp, split } = e;
      this.duplicate?.({ value, timestamp, split });
      return;
    }
    if (held >= this.settings.maxKeys) {
      this.evict();
      stats.evicted++;
    }
    this.firsts.add(e.timestamp, id);
    this.log.add(id, e.timestamp);
    setLive(stats, seen.size);
    stats.accepted++;
    this.out.emit(e);
  }

  private evict(): void {
    const time = this.firsts.peek();
    const id = this.firsts.take() as KeyId;
    this.log.remove(id, time);
    this.forget(id);
  }
}

/* As the windows will judge: in a gap between them by the event itself. */
function expired({ grid, latenessMs }: Downstream, t: number, w: number): boolean {
  const end = lastStart(grid, t) + grid.sizeMs;
  return Math.max(end - 1, t) <= w - latenessMs;
}
