/** Time out of events: one generator per split, joined by the valve; pure. State: O(splits). */
import { type Chunks, chunkOf, type Data } from './chunks.js';
import { type Element, type EventElement, statusOf, watermarkAt } from './element.js';
import { Idleness } from './idleness.js';
import { type Settings, sameSettings } from './settings.js';
import { type SavedSplit, SplitTable } from './splitTable.js';
import { type OnResume, Valve } from './valve.js';
import type { Generator } from './watermarks.js';

export interface WatermarkStateConfig<T> {
  /** Makes the generator of one split. */
  readonly generator: () => Generator<T>;
  /** Silence after which a split is idle, ms of arrival time; Infinity: never. */
  readonly idleTimeoutMs: number;
  readonly onResume: OnResume;
  readonly maxSplits: number;
  /** A `split` function names the splits: those that a source declares mean nothing. */
  readonly ownSplits: boolean;
  /** The bound of the generators, where they have one: state of another bound is refused. */
  readonly boundMs?: number | undefined;
  readonly origin: number;
  /** For messages. */
  readonly id?: string | undefined;
}

interface Down<T> {
  next(e: Element<T>): void;
  readonly closed: boolean;
}

const TIME = 'time';

/**
 * Driven by events and ticks with the arrival instant of each (`now` counts only for idleness, so
 * without `idleTimeoutMs` any number will do). Emits each event, and right after it the watermark that it raised.
 */
export class WatermarkState<T> {
  /** The output watermark. */
  w = -Infinity;
  /** Whether the output status is idle. */
  idle = false;
  /** Told after each emission of a watermark or status. */
  moved: ((w: number, idle: boolean) => void) | undefined;
  /** Whether splits of a checkpoint that are no longer declared are finished, not refused. */
  finishVanished = false;
  private readonly splits: SplitTable<T>;
  private valve: Valve;
  private idleness: Idleness;
  /* Without source splits a stream is one split; those that a source names take its place while it is empty. */
  private empty = false;
  private ended = false;
  private readonly timed: boolean;

  constructor(
    private readonly config: WatermarkStateConfig<T>,
    private readonly down: Down<T>,
    now: number,
  ) {
    this.splits = new SplitTable(config.generator, config.maxSplits);
    this.valve = new Valve(config.onResume);
    this.idleness = new Idleness(config.idleTimeoutMs);
    this.timed = config.idleTimeoutMs < Infinity;
    if (config.ownSplits) return;
    this.add(undefined, now);
    this.empty = true;
  }

  /** How many splits there are. */
  get size(): number {
    return this.splits.size;
  }

  /** The arrival instant at which the next split turns idle; +∞ where none can. */
  get deadline(): number {
    return this.ended ? Infinity : this.idleness.deadline;
  }

  /** An event has arrived; `moves`: it may raise the watermark. @throws SplitError */
  event(e: EventElement<T>, now: number, moves: boolean): void {
    if (this.ended) {
      this.down.next(e);
      return;
    }
    if (this.timed) this.tick(now);
    if (this.empty) this.begin(e.split);
    let i = this.splits.find(e.split);
    if (i < 0) {
      i = this.add(e.split, now);
      this.settle();
    } else if (this.timed) this.wake(i, now);
    this.down.next(e);
    if (!moves) return;
    this.valve.advance(i, this.splits.at(i).generator.event(e.value, e.timestamp));
    this.release();
  }

  /** The source has these splits; a new one is active at −∞ from now on. @throws SplitError */
  declare(names: readonly string[], now: number): void {
    if (this.config.ownSplits || this.ended) return;
    this.tick(now);
    if (this.finishVanished) this.finish(this.splits.missing(names), now);
    else this.splits.settleDebt(names);
    if (this.empty) this.forget();
    for (const name of names) {
      const found = this.splits.find(name);
      this.splits.at(found < 0 ? this.add(name, now) : found).declared = true;
    }
    this.settle();
  }

  /** Arrival time has reached `now`: splits turn idle, earliest deadline first. */
  tick(now: number): void {
    if (now < this.deadline) return;
    for (let i = this.idleness.due(now); i >= 0; i = this.idleness.due(now)) {
      this.valve.idle(i);
      this.release();
      this.settle();
    }
  }

  /** Nothing more will come: every split is finished, W = +∞. */
  end(): void {
    if (this.ended) return;
    this.ended = true;
    this.emit(Infinity);
  }

  /** Emits the output status if it has changed. */
  settle(): void {
    const idle = this.valve.status === 'idle';
    if (idle === this.idle || this.ended || this.down.closed) return;
    this.idle = idle;
    this.down.next(statusOf(idle ? 'idle' : 'active'));
    this.moved?.(this.w, this.idle);
  }

  save(): Chunks {
    const { w, idle, ended, empty } = this;
    const splits = this.savedSplits();
    return new Map<string, Data>([
      [TIME, { w, idle, ended, empty, splits, settings: this.settings }],
    ]);
  }

  /**
   * Takes saved state back. Every split is active at its restored W and counts, since it may have a
   * backlog. `restart()` sets their idle clocks going, `settle()` cancels a restored *idle*.
   * @throws SettingsError
   */
  restore(chunks: Chunks, kept = false): void {
    const saved = chunkOf<Saved>(chunks, TIME);
    const { id } = this.config;
    sameSettings({ operator: 'watermark', id, settings: this.settings }, saved.settings, kept);
    this.w = saved.w;
    this.idle = saved.idle;
    this.ended = saved.ended;
    this.empty = saved.empty;
    this.fill(saved.splits);
  }

  /** Time begins at `w`: what is at or before it is late. */
  beginAt(w: number): void {
    this.valve.watermark = w;
    this.emit(w);
  }

  /** All idle clocks start anew at `now`, by whatever clock that is. */
  restart(now: number): void {
    this.idleness = new Idleness(this.config.idleTimeoutMs);
    for (let i = 0; i < this.splits.size; i++) this.idleness.touch(i, now);
  }

  /**
   * After a pause as long as the idle time-out: every split may have a backlog, so it is active and
   * counts, as after a restore.
   */
  resume(now: number): void {
    if (this.ended) return;
    for (let i = 0; i < this.splits.size; i++) this.valve.count(i);
    this.restart(now);
    this.settle();
  }

  /* Names of one kind mean nothing under the other: restored splits would hold time for ever. */
  private get settings(): Saved['settings'] {
    const { ownSplits, boundMs } = this.config;
    return { split: ownSplits ? 'a function' : 'of the source', outOfOrderness: boundMs ?? 'none' };
  }

  /* What is finished holds time no longer, and will not come back: nothing is kept of it. */
  private finish(gone: ReadonlySet<string | undefined>, now: number): void {
    if (gone.size === 0) return;
    const left = this.savedSplits().filter(({ name }) => !gone.has(name ?? undefined));
    this.fill(left);
    this.restart(now);
  }

  private begin(split: string | undefined): void {
    if (split === undefined) this.empty = false;
    else this.forget();
  }

  private savedSplits(): Saved['splits'] {
    return this.splits.save().map((s, i) => ({ ...s, w: this.valve.input(i).watermark }));
  }

  private fill(splits: Saved['splits']): void {
    this.splits.load(splits);
    this.valve = new Valve(this.config.onResume);
    this.valve.watermark = this.w;
    for (const { w } of splits) this.valve.add(w);
  }

  private wake(i: number, now: number): void {
    this.idleness.touch(i, now);
    this.valve.active(i);
    if (this.idle) this.settle();
  }

  private forget(): void {
    this.empty = false;
    this.splits.clear();
    this.valve = new Valve(this.config.onResume);
    this.idleness = new Idleness(this.config.idleTimeoutMs);
  }

  private add(name: string | undefined, now: number): number {
    const i = this.splits.add(name);
    this.valve.add();
    this.idleness.touch(i, now);
    return i;
  }

  private release(): void {
    if (this.valve.watermark > this.w) this.emit(this.valve.watermark);
  }

  private emit(w: number): void {
    this.w = w;
    if (!this.down.closed) this.down.next(watermarkAt(w, this.config.origin));
    this.moved?.(this.w, this.idle);
  }
}

interface Saved {
  readonly w: number;
  readonly idle: boolean;
  readonly ended: boolean;
  readonly empty: boolean;
  readonly settings: Settings;
  readonly splits: readonly (SavedSplit & { readonly w: number })[];
}
