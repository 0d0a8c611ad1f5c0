/** The two axes of a picture: arrival, with long silences cut short, and event time. */
import type { Picture } from './picture.js';
import { roundStep, spanText, type TimeText, ticksIn, timeText } from './pictureTicks.js';

interface Tick {
  /** Where it stands, in units of the drawing. */
  readonly at: number;
  readonly time: number;
  readonly text: string;
}

/** A silence that is drawn shorter than it was. */
interface Break {
  readonly from: number;
  readonly to: number;
  readonly silenceMs: number;
}

export interface Axis {
  readonly text: TimeText;
  readonly ticks: readonly Tick[];
  readonly breaks: readonly Break[];
  /** Where a time stands. */
  at(time: number): number;
}

/** Where an axis is drawn: pixels or cells, and how many of them a tick needs. */
interface Extent {
  readonly from: number;
  readonly to: number;
  readonly perTick: number;
}

/** Every frame in which something happened. */
export function framesOf({ events, watermarks, windows, lastFrame }: Picture): number[] {
  const panes = windows.flatMap((w) => w.panes);
  return [...events, ...watermarks, ...panes, { frame: lastFrame }].map((x) => x.frame);
}

interface Piece {
  readonly start: number;
  readonly end: number;
  /** In ms of the axis, where silences are shorter than in truth. */
  readonly shown: number;
  readonly shownMs: number;
  readonly cut: boolean;
}

/**
 * Arrival. A silence that is more than forty times the usual distance is cut, and marked: else a
 * pause of an hour would press a burst into one point.
 */
export function arrivalAxis(frames: readonly number[], extent: Extent): Axis {
  const pieces = piecesOf([...new Set([0, ...frames])].sort((a, b) => a - b));
  const last = pieces.at(-1) as Piece;
  const total = Math.max(last.shown + last.shownMs, 1);
  const scale = (extent.to - extent.from) / total;
  const place = (shown: number) => extent.from + shown * scale;
  const step = roundStep(extent.perTick / scale);
  const text = spanText({ from: 0, to: last.end, step });
  const at = (frame: number): number => {
    const { start, end, shown, shownMs } = pieceAt(pieces, frame);
    return place(shown + (end === start ? 0 : ((frame - start) / (end - start)) * shownMs));
  };
  const times = pieces.flatMap((p) => (p.cut ? [] : ticksOf(p, step)));
  const ticks = times.map((time) => ({ at: at(time), time, text: text.tick(time) }));
  const breaks = pieces
    .filter((p) => p.cut)
    .map((p) => ({
      from: place(p.shown),
      to: place(p.shown + p.shownMs),
      silenceMs: p.end - p.start,
    }));
  return { text, ticks, breaks, at };
}

function pieceAt(pieces: readonly Piece[], frame: number): Piece {
  let [low, high] = [0, pieces.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((pieces[middle] as Piece).end < frame) low = middle + 1;
    else high = middle;
  }
  return pieces[low] as Piece;
}

/* A piece between two silences that no round time falls into says when it begins. */
function ticksOf(piece: Piece, step: number): readonly number[] {
  const round = ticksIn(piece.start, piece.end, step);
  return round.length > 0 ? round : [piece.start];
}

function piecesOf(frames: readonly number[]): Piece[] {
  const gaps = frames.slice(1).map((f, i) => f - (frames[i] as number));
  const usual = [...gaps].sort((a, b) => a - b)[Math.floor((gaps.length - 1) / 5)] ?? 1;
  const tooLong = 40 * usual;
  const longest = gaps.reduce((max, g) => (g <= tooLong ? Math.max(max, g) : max), 0);
  const cutTo = Math.min(tooLong, Math.max(4 * usual, 1.5 * longest));
  const pieces: Piece[] = [];
  let start = frames[0] as number;
  let shown = 0;
  const add = (from: number, end: number, shownMs: number, cut: boolean): void => {
    pieces.push({ start: from, end, shown, shownMs, cut });
    shown += shownMs;
  };
  gaps.forEach((gap, i) => {
    if (gap <= tooLong) return;
    const from = frames[i] as number;
    const to = frames[i + 1] as number;
    add(start, from, from - start, false);
    add(from, to, cutTo, true);
    start = to;
  });
  const last = frames.at(-1) as number;
  add(start, last, last - start, false);
  return pieces;
}

/** Event time, from the bottom up: all events and the windows near them; a far watermark is left out. */
export function eventAxis(picture: Picture, extent: Extent): Axis & Bounds {
  const { from, to } = eventRange(picture);
  const scale = (extent.to - extent.from) / (to - from);
  const step = roundStep(extent.perTick / Math.abs(scale));
  const text = timeText({ from, to, step }, picture.epoch);
  const at = (time: number): number =>
    extent.from + (Math.min(Math.max(time, from), to) - from) * scale;
  const origin = text.unit.endsWith('UTC') ? 0 : picture.epoch;
  const ticks = ticksIn(from, to, step, origin).map((time) => ({
    at: at(time),
    time,
    text: text.tick(time),
  }));
  return { from, to, text, ticks, breaks: [], at };
}

export interface Bounds {
  readonly from: number;
  readonly to: number;
}

function eventRange({ events, windows, watermarks, epoch }: Picture): Bounds {
  const range = new Range();
  for (const e of events) if (e.fate !== 'invalid') range.take(e.timestamp);
  if (range.empty) for (const { timestamp } of watermarks) range.take(timestamp);
  if (range.empty) for (const { timestamp } of events) range.take(timestamp);
  if (range.empty) range.take(epoch);
  const { from, to, size } = range;
  const near = windows.reduce((least, w) => Math.min(least, w.end - w.start), Infinity);
  const reach = Math.max(size, Number.isFinite(near) ? near : 0, 1);
  for (const { start, end } of windows) {
    if (start >= from - reach) range.take(start);
    if (end <= to + reach) range.take(end);
  }
  const first = watermarks[0]?.timestamp ?? Infinity;
  if (first >= from - reach) range.take(first);
  const farthest = Math.max(Math.abs(range.from), Math.abs(range.to));
  // Far from 0, half a millisecond is less than what numbers can tell apart.
  const margin = Math.max(range.size * 0.04, 0.5, farthest * 1e-15);
  return { from: range.from - margin, to: range.to + margin };
}

class Range {
  from = Infinity;
  to = -Infinity;

  get empty(): boolean {
    return this.from > this.to;
  }

  get size(): number {
    return this.to - this.from;
  }

  take(t: number | undefined): void {
    if (t === undefined || !Number.isFinite(t)) return;
    this.from = Math.min(this.from, t);
    this.to = Math.max(this.to, t);
  }
}
