/** The ground of a drawing: windows as bands, the watermark as stairs, and what is behind it. */
import type { Picture, PictureWindow, WatermarkStep } from './picture.js';
import { DEEPEST, flagsFit } from './pictureLanes.js';
import { LANE, type Layout } from './svgLayout.js';
import { flag, line, round, tag, text } from './svgText.js';

/** Bands, one shade and then the other; each ends where its window fired. */
export function drawBands(picture: Picture, layout: Layout): string {
  const { plot, event, depth } = layout;
  if (depth > DEEPEST) return '';
  const overlapping = depth > 1;
  const opacity = overlapping ? Math.min(0.08, 0.36 / depth) : undefined;
  const bands = picture.windows.flatMap((window, i) => {
    const [y, height] = spanOf(window, layout);
    if (height <= 0) return [];
    const name = overlapping ? 'over' : `band${i % 2}`;
    const passed = endOf(window.passed, layout);
    const closed = overlapping ? passed : Math.max(passed, endOf(window.closed, layout));
    const shape = { class: name, x: plot.x, y, width: passed - plot.x, height };
    const open = tag('rect', { ...shape, 'fill-opacity': opacity });
    if (closed === passed) return open;
    const lingers = { class: `${name} lingers`, x: passed, y, width: closed - passed, height };
    return [open, tag('rect', lingers)];
  });
  const edges = new Set(picture.windows.flatMap(({ start, end }) => [start, end]));
  const seen = [...edges].filter((t) => t > event.from && t < event.to);
  const lines =
    seen.length > MANY
      ? []
      : seen.map((t) => line(plot.x, event.at(t), plot.x + plot.width, event.at(t), 'edge'));
  return [...bands, ...lines].join('\n');
}

function endOf(frame: number | undefined, { plot, arrival }: Layout): number {
  return frame === undefined ? plot.x + plot.width : arrival.at(frame);
}

/** More edges than this would hide what they part. */
const MANY = 80;

function spanOf({ start, end }: PictureWindow, { event }: Layout): [number, number] {
  const [from, to] = [Math.max(start, event.from), Math.min(end, event.to)];
  return [event.at(to), event.at(from) - event.at(to)];
}

/** Flags: each pane at its frame, at the end of its window, with a pole from its start. */
export function drawPanes(picture: Picture, layout: Layout): { poles: string; flags: string } {
  const { arrival } = layout;
  if (!flagsFit(picture.windows)) return { poles: '', flags: '' };
  const standing = layout.depth === 1;
  const poles: string[] = [];
  const flags: string[] = [];
  for (const window of picture.windows) {
    const [y, height] = spanOf(window, layout);
    if (height <= 0) continue;
    for (const { frame, timing } of window.panes) {
      const x = arrival.at(frame);
      const name = timing === 'onTime' ? 'fire' : 'refire';
      if (standing && timing === 'onTime') poles.push(line(x, y, x, y + height, name));
      flags.push(tag('path', { class: name, d: flag(x, y) }));
    }
  }
  return { poles: poles.join('\n'), flags: flags.join('\n') };
}

/** The stairs of the watermark, and the ground below them: an event there is late. */
export function drawWatermark(
  picture: Picture,
  layout: Layout,
): { behind: string; stairs: string } {
  const { plot } = layout;
  const { watermarks } = picture;
  if (watermarks.length === 0) return { behind: '', stairs: '' };
  const bottom = plot.y + plot.height;
  const right = plot.x + plot.width;
  const path = stairsOf(watermarks, layout);
  const first = round(layout.arrival.at((watermarks[0] as WatermarkStep).frame));
  const ground = `M${first} ${bottom}${path}H${right}V${bottom}Z`;
  return {
    behind: tag('path', { class: 'behind', d: ground }),
    stairs: tag('path', { class: 'watermark', d: `M${first} ${bottom}${path}H${right}` }),
  };
}

function stairsOf(steps: readonly WatermarkStep[], { plot, arrival, event }: Layout): string {
  return steps
    .map(({ frame, timestamp }) => {
      const y = timestamp === Infinity ? plot.y : event.at(timestamp);
      return `H${round(arrival.at(frame))}V${round(y)}`;
    })
    .join('');
}

/** To the right of the plot: the windows by name, and brackets where they overlap. */
export function drawGutter(picture: Picture, layout: Layout): string {
  const { plot, names, lanes } = layout;
  const right = plot.x + plot.width;
  const brackets = lanes.map((lane, i) => {
    const [y, height] = spanOf(picture.windows[i] as PictureWindow, layout);
    const x = right + 6 + lane * LANE;
    const d = `M${round(x)} ${round(y + 1)}h4v${round(Math.max(height - 2, 0))}h-4`;
    return height > 0 ? tag('path', { class: 'bracket', d }) : '';
  });
  const x = right + 8 + (lanes.length > 0 ? layout.depth * LANE : 0);
  const labels = names.flatMap(({ y, name, did }) =>
    did === ''
      ? [text(x, y + 4, name)]
      : [text(x, y - 3, name), text(x, y + 11, did, { class: 'muted small' })],
  );
  return [...brackets, ...labels].join('\n');
}
