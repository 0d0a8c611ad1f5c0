/** One side of a join: its key, its rows, its judgement of time, its counters; the same code for left and right. */
import { type Door, guardedDoor, type Invalid, type Late } from './doors.js';
import type { EventElement } from './element.js';
import { JoinRows } from './joinRows.js';
import type { Key, KeyId } from './key.js';
import { KeyReader } from './keyReader.js';

export type JoinType = 'inner' | 'left';

/** A late row, with the side that it came from. */
export type JoinLate<L, R> =
  | (Late<L> & { readonly side: 'left' })
  | (Late<R> & { readonly side: 'right' });

/** A row without a valid key, with the side that it came from. */
export type JoinInvalid<L, R> =
  | (Invalid<L> & { readonly side: 'left' })
  | (Invalid<R> & { readonly side: 'right' });

/** Counters of one side, exact at every element: `in = live + freed + late + invalid`. */
export interface JoinSideStats {
  in: number;
  live: number;
  freed: number;
  late: number;
  invalid: number;
}

/** `IntervalJoinConfig` with all options checked, in milliseconds. */
export interface JoinSettings<L, R> {
  readonly operator: string;
  readonly leftKey: (value: L) => Key;
  readonly rightKey: (value: R) => Key;
  readonly lowerMs: number;
  readonly upperMs: number;
  readonly type: JoinType;
  readonly bounds: '[]' | '[)' | '(]' | '()';
  readonly latenessMs: number;
  readonly lateBy: 'join' | 'own';
  readonly late?: Door<JoinLate<L, R>> | undefined;
  readonly invalid?: Door<JoinInvalid<L, R>> | undefined;
}

/** Where the partners of a row lie, and for how long it is of use. */
export interface Reach {
  /** A row at t meets the other side's rows in `[t + from, t + to]`. */
  readonly from: number;
  readonly to: number;
  /** W at which no partner can come any more, from the row's timestamp, lateness aside. */
  readonly spanMs: number;
  /** Rows that nothing has matched are emitted when they are freed. */
  readonly outer: boolean;
}

export class JoinSide {
  readonly rows: JoinRows;
  /** W of this input alone. */
  own = -Infinity;
  /** Rows at or before this are late. */
  floor = -Infinity;
  /** Rows at or before this are freed. */
  cut = -Infinity;
  private w = -Infinity;
  private readonly keys: KeyReader<any>;
  private readonly late: ((e: JoinLate<any, any>) => void) | undefined;

  constructor(
    readonly name: 'left' | 'right',
    readonly reach: Reach,
    readonly stats: JoinSideStats,
    private readonly settings: JoinSettings<any, any>,
  ) {
    const { operator, late, invalid, leftKey, rightKey, lowerMs, upperMs } = settings;
    const isLeft = name === 'left';
    const widthMs = Math.max(Math.abs(lowerMs), Math.abs(upperMs), 1000);
    this.rows = new JoinRows(name, widthMs, reach.outer);
    this.late = guardedDoor(operator, 'late', late);
    const tell = guardedDoor(operator, 'invalid', invalid);
    const told = tell && ((e: Invalid<any>) => tell({ ...e, side: name }));
    this.keys = new KeyReader(operator, `${name}Key`, isLeft ? leftKey : rightKey, told);
  }

  /** The key of a row that is to be joined; undefined when it has left by a door. */
  admit(e: EventElement<any>): KeyId | undefined {
    const { stats } = this;
    stats.in++;
    if (e.timestamp <= this.floor) {
      stats.late++;
      return undefined;
    }
    const id = this.keys.read(e);
    if (id === undefined) stats.invalid++;
    else stats.live++;
    return id;
  }

  /** Tells the door by which the row leaves that was not admitted. */
  refuse(e: EventElement<any>): void {
    if (e.timestamp > this.floor) {
      this.keys.refuse(e);
      return;
    }
    const { value, timestamp, split } = e;
    const { name: side, late } = this;
    const watermark = this.judge;
    late?.({ value, timestamp, split, watermark, reason: 'late', windows: [], side });
  }

  /** The input's own W, or that of the join, has risen. */
  rise(own: number, w: number): void {
    const { latenessMs } = this.settings;
    this.own = own;
    this.w = w;
    this.floor = this.judge - latenessMs;
    this.cut = w - this.reach.spanMs - latenessMs;
  }

  /* `'own'` judges by the row's own side. That W may be behind the joined one, when this side is idle
     and left out of the min: then the joined W judges, or a row could come after the instant at which
     it is freed, and its results could be late downstream. */
  private get judge(): number {
    return this.settings.lateBy === 'own' ? Math.max(this.own, this.w) : this.w;
  }
}
