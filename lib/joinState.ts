/**
 * The state of an interval join: pairs leave when the second row arrives, outer rows when they are
 * freed. After Flink's interval join, with slices of time instead of a timer per row. Bounded by the
 * rows that lie between W and each side's span behind it.
 */
import { type Chunks, chunkOf, type Data } from './chunks.js';
import { type EventElement, resultOf } from './element.js';
import { RetractionError } from './errors.js';
import type { RowRecord } from './joinLog.js';
import type { Matcher } from './joinRows.js';
import { type JoinSettings, JoinSide, type JoinSideStats, type JoinType } from './joinSide.js';
import type { Emitter, Logic } from './logic.js';
import { newStats, type Stats, setLive } from './stats.js';

/** What a join emits: `right` is undefined only where the left side is an outer one. */
export type Joined<L, R, J extends JoinType = 'inner'> = J extends 'left'
  ? { readonly left: L; readonly right: R | undefined }
  : { readonly left: L; readonly right: R };

/** Counters of both sides together, and of each. */
export interface JoinStats extends Stats {
  /** Rows whose time was over: no partner could come any more. */
  freed: number;
  readonly left: JoinSideStats;
  readonly right: JoinSideStats;
}

/** Joins input 0, the left side, with input 1, the right side, by key and distance in event time. */
export class JoinState<L, R> implements Logic, Matcher {
  readonly stats: JoinStats = newStats({ freed: 0, left: newSide(), right: newSide() });
  private readonly left: JoinSide;
  private readonly right: JoinSide;
  /* How far results may lie behind W: what is taken late, and what an outer row waits. */
  private readonly holdMs: number;
  private w = -Infinity;
  /* The arrival in work while its partners are looked for: fields, so that no closure is made for it. */
  private arrival: EventElement<any> | undefined;
  private arrivalRow: RowRecord | undefined;
  private arrivalSide: JoinSide;

  constructor(
    private readonly settings: JoinSettings<L, R>,
    private readonly out: Emitter<any>,
  ) {
    const { lowerMs, upperMs, bounds, type, latenessMs } = settings;
    const { left, right } = this.stats;
    const from = lowerMs + (bounds[0] === '(' ? 1 : 0);
    const to = upperMs - (bounds[1] === ')' ? 1 : 0);
    const spans = [Math.max(upperMs, 0), Math.max(-lowerMs, 0)] as const;
    const outer = type === 'left';
    this.left = new JoinSide('left', { from, to, spanMs: spans[0], outer }, left, settings);
    /* The mirror: l + from <= r <= l + to is r - to <= l <= r - from. */
    const mirror = { from: -to, to: -from, spanMs: spans[1], outer: false };
    this.right = new JoinSide('right', mirror, right, settings);
    this.holdMs = latenessMs + Math.max(outerSpan(this.left), outerSpan(this.right));
    this.arrivalSide = this.left;
  }

  event(e: EventElement<any>, input: number): void {
    const { stats } = this;
    stats.in++;
    if (e.op === '-') {
      throw new RetractionError(
        this.settings.operator,
        'a row that was joined cannot be withdrawn',
      );
    }
    const side = input === 0 ? this.left : this.right;
    const id = side.admit(e);
    if (id === undefined) {
      stats.late = this.left.stats.late + this.right.stats.late;
      stats.invalid = this.left.stats.invalid + this.right.stats.invalid;
      side.refuse(e);
      return;
    }
    stats.accepted++;
    setLive(stats, stats.live + 1);
    this.arrival = e;
    this.arrivalSide = side;
    this.arrivalRow = side.rows.add(id, e);
    const { from, to } = side.reach;
    this.other(side).rows.probe(id, e.timestamp + from, e.timestamp + to, this);
  }

  match(timestamp: number, value: unknown, record: RowRecord | undefined): boolean {
    const { arrivalSide, arrivalRow, out } = this;
    if (record !== undefined) this.other(arrivalSide).rows.mark(record);
    if (arrivalRow !== undefined) arrivalSide.rows.mark(arrivalRow);
    const e = this.arrival as EventElement<any>;
    const later = Math.max(e.timestamp, timestamp);
    if (arrivalSide === this.left) {
      const revision = revisionOf(e.revision, e.timestamp, record?.revision, timestamp);
      out.emit(resultOf({ left: e.value, right: value }, later, revision, e.replaces));
    } else {
      const revision = revisionOf(record?.revision, timestamp, e.revision, e.timestamp);
      out.emit(resultOf({ left: value, right: e.value }, later, revision, record?.replaces));
    }
    return !out.closed;
  }

  side(input: number, w: number): void {
    (input === 0 ? this.left : this.right).rise(w, this.w);
  }

  advance(w: number): void {
    this.w = w;
    const { left, right, out } = this;
    left.rise(left.own, w);
    right.rise(right.own, w);
    this.freed(left, left.rows.free(left.cut));
    this.freed(right, right.rows.free(right.cut));
    for (;;) {
      const isLeft = left.rows.due(left.cut);
      const isRight = right.rows.due(right.cut);
      if ((!isLeft && !isRight) || out.closed) return;
      const side = isLeft && !(isRight && right.rows.peek() < left.rows.peek()) ? left : right;
      const row = side.rows.freeOuter();
      this.freed(side, 1);
      if (row !== undefined) out.emit(alone(row, side === left));
    }
  }

  outgoing(w: number): number {
    const out = w - this.holdMs;
    return out < Number.MIN_SAFE_INTEGER ? -Infinity : out;
  }

  waiting(): number {
    return this.left.rows.unmatched + this.right.rows.unmatched;
  }

  save(): Chunks {
    const { left, right, w } = this;
    const chunks = new Map<string, Data>([['join', { w, left: left.own, right: right.own }]]);
    for (const side of [left, right]) side.rows.save(chunks);
    return chunks;
  }

  restore(chunks: Chunks): void {
    const saved = chunkOf<{ w: number; left: number; right: number }>(chunks, 'join');
    this.w = saved.w;
    for (const side of [this.left, this.right]) {
      side.rise(saved[side.name], this.w);
      side.rows.restore(chunks, side.cut);
    }
  }

  /* Before anything is emitted: whoever looks at the counts finds them exact. */
  private freed(side: JoinSide, rows: number): void {
    side.stats.live -= rows;
    side.stats.freed += rows;
    this.stats.live -= rows;
    this.stats.freed += rows;
  }

  private other(side: JoinSide): JoinSide {
    return side === this.left ? this.right : this.left;
  }
}

function newSide(): JoinSideStats {
  return { in: 0, live: 0, freed: 0, late: 0, invalid: 0 };
}

function outerSpan({ reach }: JoinSide): number {
  return reach.outer ? reach.spanMs : 0;
}

/* Left's revision, then right's; a side without one counts as its time. Of `replaces` a result keeps
   the left's, as sinks read it (`value.left`): what the right one replaces says nothing of rows by the
   left's window. It has no split. */
function revisionOf(
  left: readonly number[] | undefined,
  leftTime: number,
  right: readonly number[] | undefined,
  rightTime: number,
): readonly number[] {
  if (left === undefined && right === undefined) return [leftTime, rightTime];
  return [...(left ?? [leftTime]), ...(right ?? [rightTime])];
}

/* A missing side adds nothing to the revision. */
function alone(row: RowRecord, isLeft: boolean): EventElement<any> {
  const { value, timestamp } = row;
  const revision = row.revision ?? [timestamp];
  return isLeft
    ? resultOf({ left: value, right: undefined }, timestamp, revision, row.replaces)
    : resultOf({ left: undefined, right: value }, timestamp, revision, undefined);
}
