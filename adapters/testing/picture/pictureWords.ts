/** What a picture says in words: its title, its description, and what became of each event. */

import type { Fate, Picture, PictureEvent, PictureWindow } from './picture.js';
import type { Axis } from './pictureAxes.js';
import { spanOf } from './pictureTicks.js';

/** In the order of a legend. */
export const FATES: readonly Fate[] = ['onTime', 'lateTaken', 'late', 'duplicate', 'invalid'];

export const FATE_WORDS: Readonly<Record<Fate, string>> = {
  onTime: 'on time',
  lateTaken: 'late, still taken',
  late: 'late',
  duplicate: 'duplicate',
  invalid: 'invalid',
};

export function countFates({ events }: Picture): ReadonlyMap<Fate, number> {
  const counts = new Map<Fate, number>();
  for (const { fate } of events) counts.set(fate, (counts.get(fate) ?? 0) + 1);
  return counts;
}

export function titleOf(picture: Picture): string {
  if (picture.title !== undefined) return picture.title;
  const counts = countFates(picture);
  const parts = FATES.flatMap((fate) => {
    const n = counts.get(fate);
    return n === undefined ? [] : `${n} ${FATE_WORDS[fate]}`;
  });
  const n = picture.events.length;
  return `${n} ${n === 1 ? 'event' : 'events'}${n === 0 ? '' : `: ${parts.join(', ')}`}`;
}

interface Texts {
  readonly arrival: Axis;
  readonly event: Axis;
}

/** One event in a sentence. */
export function sayEvent(e: PictureEvent, { arrival, event }: Texts): string {
  const name = e.name === '' ? 'an event' : e.name;
  const time = e.timestamp === undefined ? 'no event time' : event.text.exact(e.timestamp);
  const said = `${name} @ ${time}, arrived at ${withUnit(arrival, e.frame)}: ${FATE_WORDS[e.fate]}`;
  if (e.timestamp === undefined || e.timestamp > e.watermark) return said;
  if (e.watermark === Infinity) return `${said}; the stream had ended`;
  const behind = spanOf(e.watermark - e.timestamp);
  return `${said}; ${behind} behind the watermark, ${event.text.exact(e.watermark)}`;
}

export function withUnit({ text }: Axis, time: number): string {
  return text.unit === 'ms' ? `${text.exact(time)} ms` : text.exact(time);
}

/** When the panes of a window left. */
export function sayPanes(window: PictureWindow, at: (frame: number) => string): string {
  const { panes, passed } = window;
  if (panes.length === 0) return passed === undefined ? 'not fired' : 'took nothing';
  const early = panes.filter((p) => p.timing === 'early').length;
  const fired = panes.find((p) => p.timing === 'onTime');
  const late = panes.filter((p) => p.timing === 'late');
  const said: string[] = [];
  if (fired !== undefined) said.push(`fired at ${at(fired.frame)}`);
  if (late.length === 1) said.push(`late at ${at((late[0] as { frame: number }).frame)}`);
  else if (late.length > 1) said.push(`${late.length} late`);
  if (early > 0) said.push(`${early} early`);
  return said.join(', ');
}

const NAMED = 12;

/** The picture for those who do not see it: what is on the axes, the windows, and each late event. */
export function describe(picture: Picture, texts: Texts): string {
  const { events, watermarks, windows } = picture;
  const times = 'Arrival runs to the right, event time upwards.';
  const last = watermarks.at(-1);
  const w =
    last === undefined
      ? 'There is no watermark.'
      : `The watermark rises in ${plural(watermarks.length, 'step')} to ${texts.event.text.exact(last.timestamp)}.`;
  const fired = windows.filter((b) => b.panes.length > 0).length;
  const bands =
    windows.length === 0 ? [] : [`${plural(windows.length, 'window')}, ${fired} fired.`];
  const odd = events.filter((e) => e.fate !== 'onTime');
  const told = odd.slice(0, NAMED).map((e) => `${sayEvent(e, texts)}.`);
  const more = odd.length > NAMED ? [`And ${odd.length - NAMED} more that were not on time.`] : [];
  return [times, w, ...bands, ...told, ...more].join(' ');
}

function plural(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? '' : 's'}`;
}
