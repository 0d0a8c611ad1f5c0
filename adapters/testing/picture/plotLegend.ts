/** The words of a picture in a terminal: what its signs mean, and the names of its windows. */
import type { Fate, Picture } from './picture.js';
import type { Axis, Bounds } from './pictureAxes.js';
import { DEEPEST, depthOf, flagsFit } from './pictureLanes.js';
import { countFates, FATE_WORDS, FATES, sayPanes, withUnit } from './pictureWords.js';

export const MARKS: Readonly<Record<Fate, string>> = {
  onTime: '●',
  lateTaken: '◇',
  late: '◆',
  duplicate: '○',
  invalid: '×',
};

/** What stands beside each row: windows by name, at their middle; with what they did if it fits. */
export function namesOf(
  picture: Picture,
  event: Axis & Bounds,
  arrival: Axis,
  width: number,
): ReadonlyMap<number, string> {
  if (depthOf(picture.windows) > DEEPEST) return new Map();
  const long = new Map<number, string>();
  const short = new Map<number, string>();
  for (const window of picture.windows) {
    const { start, end } = window;
    const [from, to] = [Math.max(start, event.from), Math.min(end, event.to)];
    const y = Math.round((event.at(from) + event.at(to)) / 2);
    if (from >= to || short.has(y)) continue;
    const name = `[${event.text.exact(start)}, ${event.text.exact(end)})`;
    short.set(y, name);
    long.set(y, `${name} ${sayPanes(window, (f) => withUnit(arrival, f))}`);
  }
  const fits = (names: ReadonlyMap<number, string>, share: number) =>
    [...names.values()].every((name) => name.length <= width * share);
  if (fits(long, 0.45)) return long;
  return fits(short, 0.35) ? short : new Map();
}

/** Lines that say what the signs mean, as far as they are in the picture. */
export function legendOf(picture: Picture, width: number): string[] {
  const counts = countFates(picture);
  const items = FATES.flatMap((fate) => {
    const n = counts.get(fate);
    return n === undefined ? [] : [`${MARKS[fate]} ${FATE_WORDS[fate]} (${n})`];
  });
  if (picture.watermarks.length > 0) items.push('─ watermark', '░ behind it');
  const panes = flagsFit(picture.windows) ? picture.windows.flatMap((w) => w.panes) : [];
  if (panes.some((p) => p.timing === 'onTime')) items.push('▸ window fires');
  if (panes.some((p) => p.timing !== 'onTime')) items.push('▹ early or late pane');
  const lines: string[] = [];
  for (const item of items) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + item.length + 2 <= width) {
      lines[lines.length - 1] = `${last}  ${item}`;
    } else lines.push(item);
  }
  return lines;
}
