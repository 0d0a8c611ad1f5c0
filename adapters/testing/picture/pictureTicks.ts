/** Round ticks of a time axis, and how its times are written: ms, s, min, h, or by the calendar. */

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const STEPS: readonly number[] = [
  ...[1, 2, 5, 10, 20, 50, 100, 200, 500],
  ...[1, 2, 5, 10, 15, 30].map((n) => n * SECOND),
  ...[1, 2, 5, 10, 15, 30].map((n) => n * MINUTE),
  ...[1, 2, 3, 6, 12].map((n) => n * HOUR),
  ...[1, 2, 7, 14].map((n) => n * DAY),
];

/** From here on a number is a time of the calendar (3 March 1973), as it is for a wall clock. */
const CALENDAR = 1e11;
/** What `Date` can hold. */
const LAST_DATE = 8.64e15;

/** The smallest round step that is at least `atLeast` ms. */
export function roundStep(atLeast: number): number {
  const found = STEPS.find((step) => step >= atLeast);
  if (found !== undefined) return found;
  const days = atLeast / DAY;
  const power = 10 ** Math.floor(Math.log10(days));
  return DAY * power * ([1, 2, 5].find((n) => n * power >= days) ?? 10);
}

/** Multiples of `step` in `[from, to]`, counted from `origin`. */
export function ticksIn(from: number, to: number, step: number, origin = 0): number[] {
  const ticks: number[] = [];
  const first = Math.ceil((from - origin) / step);
  const last = Math.floor((to - origin) / step);
  for (let n = first; n <= last; n++) ticks.push(origin + n * step);
  return ticks;
}

/** How the times of one axis are written. */
export interface TimeText {
  /** The unit or the day that all of them share, for the title of the axis; may be empty. */
  readonly unit: string;
  /** A tick. */
  tick(t: number): string;
  /** Any time of the axis, exactly. */
  exact(t: number): string;
}

interface Range {
  readonly from: number;
  readonly to: number;
  readonly step: number;
}

/** Arrival, and event time near the epoch: spans. Under 10 s bare numbers of ms, as in the notation. */
export function spanText({ from, to, step }: Range, epoch = 0): TimeText {
  const bare = step < SECOND && Math.max(Math.abs(from - epoch), Math.abs(to - epoch)) < 10_000;
  const text = (t: number) => (bare ? signed(t - epoch, String) : spanOf(t - epoch));
  return { unit: bare ? 'ms' : '', tick: text, exact: text };
}

/** Event time: by the calendar where it is one, else from the epoch. */
export function timeText(range: Range, epoch: number): TimeText {
  const farthest = Math.max(Math.abs(range.from), Math.abs(range.to));
  const nearest = Math.min(Math.abs(range.from), Math.abs(range.to));
  if (nearest < CALENDAR || farthest > LAST_DATE) return spanText(range, epoch);
  return calendarText(range);
}

function calendarText({ from, to, step }: Range): TimeText {
  const oneDay = dayOf(from) === dayOf(to);
  const clock = (t: number) => clockOf(t, t % MINUTE !== 0 || step < MINUTE);
  return {
    unit: oneDay ? `${dayOf(from)} UTC` : 'UTC',
    tick: (t) => {
      if (oneDay) return clock(t);
      return mod(t, DAY) === 0 ? dayOf(t) : clock(t);
    },
    exact: (t) => {
      if (Math.abs(t) > LAST_DATE) return spanOf(t);
      if (oneDay && dayOf(t) === dayOf(from)) return clock(t);
      return mod(t, DAY) === 0 ? dayOf(t) : `${dayOf(t)} ${clock(t)}`;
    },
  };
}

function dayOf(t: number): string {
  return new Date(t).toISOString().replace(/T.*/, '');
}

function clockOf(t: number, seconds: boolean): string {
  const text = new Date(t).toISOString().replace(/.*T(.*)Z/, '$1');
  if (!seconds) return text.slice(0, 5);
  return mod(t, SECOND) === 0 ? text.slice(0, 8) : text;
}

/** A span in the largest units that it has: `1 h 30 min`, `1.5 s`, `−20 ms`. */
export function spanOf(ms: number): string {
  return signed(ms, (abs) => {
    if (abs < SECOND) return abs === 0 ? '0' : `${abs} ms`;
    const parts: string[] = [];
    const days = Math.floor(abs / DAY);
    const hours = Math.floor((abs % DAY) / HOUR);
    const minutes = Math.floor((abs % HOUR) / MINUTE);
    const whole = abs >= MINUTE ? Math.floor((abs % MINUTE) / SECOND) : abs / SECOND;
    if (days > 0) parts.push(`${days} d`);
    if (hours > 0) parts.push(`${hours} h`);
    if (minutes > 0) parts.push(`${minutes} min`);
    if (whole > 0) parts.push(`${whole} s`);
    if (abs >= MINUTE && abs % SECOND > 0) parts.push(`${abs % SECOND} ms`);
    return parts.join(' ');
  });
}

/** A span in about three figures. */
export function aboutSpan(ms: number): string {
  const to = ms >= HOUR ? MINUTE : ms >= MINUTE ? SECOND : ms >= 10 * SECOND ? 100 : 1;
  return spanOf(Math.round(ms / to) * to);
}

function signed(ms: number, text: (abs: number) => string): string {
  if (ms === Infinity) return '∞';
  if (ms === -Infinity) return '−∞';
  return ms < 0 ? `−${text(-ms)}` : text(ms);
}

function mod(t: number, by: number): number {
  return ((t % by) + by) % by;
}
