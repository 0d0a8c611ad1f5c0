/** Where the parts of a drawing stand: plot, axes, and the gutter that names the windows. */
import type { Picture, PictureWindow } from './picture.js';
import { type Axis, arrivalAxis, type Bounds, eventAxis, framesOf } from './pictureAxes.js';
import { DEEPEST, depthOf, lanesOf } from './pictureLanes.js';
import { sayPanes, withUnit } from './pictureWords.js';
import { type Box, widthOf } from './svgLabels.js';

/** Where things stand, in pixels. */
export interface Layout {
  readonly plot: Box;
  readonly arrival: Axis;
  readonly event: Axis & Bounds;
  readonly names: readonly WindowName[];
  /** How many windows overlap at most; 1: none do. */
  readonly depth: number;
  /** By window, where windows overlap and are not too many; else none. */
  readonly lanes: readonly number[];
  /** The height of the strip for events whose time is not on the axis; undefined: there are none. */
  readonly timeless: number | undefined;
}

/** A window's name in the gutter, and below it what it did. */
interface WindowName {
  readonly window: PictureWindow;
  readonly y: number;
  readonly name: string;
  readonly did: string;
}

export interface Frame {
  readonly width: number;
  readonly height: number;
  /** Pixels for the heading above the plot, and for the legend below it. */
  readonly above: number;
  readonly below: number;
}

export const LANE = 9;
const ROW = 15;
const STRIP = 20;

export function layoutOf(picture: Picture, { width, height, above, below }: Frame): Layout {
  const top = above + 24;
  const bottom = height - below - 44;
  const strip = picture.events.some((e) => e.fate === 'invalid') ? STRIP : 0;
  const event = eventAxis(picture, { from: bottom - strip, to: top, perTick: 34 });
  const depth = depthOf(picture.windows);
  const lanes = depth > 1 && depth <= DEEPEST ? lanesOf(picture.windows) : [];
  const left = Math.max(...event.ticks.map((t) => widthOf(t.text)), strip > 0 ? 46 : 24) + 20;
  const frames = framesOf(picture);
  const rough = arrivalAxis(frames, { from: left, to: width - 150, perTick: 80 });
  const names = depth > DEEPEST ? [] : namesOf(picture, event, rough);
  const widest = names.reduce(
    (w, n) => Math.max(w, widthOf(n.name), widthOf(n.did, 11)),
    names.length > 0 ? 60 : 0,
  );
  const laneCount = lanes.length > 0 ? depth : 0;
  const right = width - 16 - (widest > 0 ? widest + 8 : 0) - laneCount * LANE;
  const extent = { from: left + 14, to: right - 18, perTick: 80 };
  const arrival = arrivalAxis(frames, extent);
  const plot = { x: left, y: top, width: right - left, height: bottom - top };
  const timeless = strip > 0 ? bottom - strip / 2 : undefined;
  return { plot, arrival, event, names, depth, lanes, timeless };
}

/** Names that have room, from the oldest window on; two rows where there is room for both. */
function namesOf(picture: Picture, event: Axis & Bounds, arrival: Axis): WindowName[] {
  const names: WindowName[] = [];
  let lowest = Infinity;
  for (const window of picture.windows) {
    const { start, end } = window;
    const [from, to] = [Math.max(start, event.from), Math.min(end, event.to)];
    if (from >= to) continue;
    const y = (event.at(from) + event.at(to)) / 2;
    if (y + ROW / 2 > lowest) continue;
    lowest = y - ROW / 2;
    const name = `[${event.text.exact(start)}, ${event.text.exact(end)})`;
    names.push({ window, y, name, did: sayPanes(window, (f) => withUnit(arrival, f)) });
  }
  return names.map((n, i) => {
    const below = i === 0 ? Infinity : (names[i - 1] as WindowName).y - n.y;
    const above = n.y - (names[i + 1]?.y ?? -Infinity);
    return Math.min(below, above) >= 2 * ROW ? n : { ...n, did: '' };
  });
}
