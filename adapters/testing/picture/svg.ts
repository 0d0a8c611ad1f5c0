/** Pictures as SVG: arrival to the right, event time upwards, self-contained, for light and dark pages. */
import { configError } from '../../../lib/errors.js';
import type { Drawn, Picture, PictureOptions } from './picture.js';
import { asPicture } from './pictureOf.js';
import { aboutSpan } from './pictureTicks.js';
import { describe, titleOf } from './pictureWords.js';
import { drawEvents } from './svgEvents.js';
import { fitting, widthOf } from './svgLabels.js';
import { type Layout, layoutOf } from './svgLayout.js';
import { legendOf } from './svgLegend.js';
import { escapeXml, line, round, type Scheme, styleSheet, tag, text } from './svgText.js';
import { drawBands, drawGutter, drawPanes, drawWatermark } from './svgWindows.js';

/** Options of `toSvg`. */
export interface SvgOptions {
  /** Pixels, at least 320. @default 760 */
  readonly width?: number;
  /** Pixels, at least 200. @default 420 */
  readonly height?: number;
  /** `auto` follows `prefers-color-scheme`. @default 'auto' */
  readonly scheme?: Scheme;
}

/**
 * Draws a picture, or a script or recording with what `pictureOf` is to know of it, as SVG: points
 * with their letters, the watermark as stairs with all that is behind it shaded, windows as bands
 * that end where they fired, and a flag where each pane left. What was not on time has another
 * colour and another shape, and a dotted line up to the watermark that it came behind. Labels that
 * would collide are left out; a silence much longer than the usual distance is cut short, and
 * marked. Letters are escaped, nothing is loaded, and no rule reaches other parts of the page. The
 * same picture gives the same text. O(n log n) of n messages.
 *
 * @throws TypeError when the drawing is to be too small
 * @example
 * const svg = toSvg(marbles('a@1 b@7 c@3 W4 d@2 W9'), { windows: tumbling(5) });
 * // in a test, after `flush()`: what the pipeline made of it
 * const drawn = toSvg(input, { out: record(out$), late: door('late') });
 */
export function toSvg(drawn: Picture | Drawn, options: SvgOptions & PictureOptions = {}): string {
  const picture = asPicture(drawn, options);
  const { width = 760, height = 420, scheme = 'auto' } = options;
  if (!(width >= 320 && width < Infinity)) {
    throw configError('toSvg', 'width', 'a number >= 320', width);
  }
  if (!(height >= 200 && height < Infinity)) {
    throw configError('toSvg', 'height', 'a number >= 200', height);
  }
  const legend = legendOf(picture, width, height / 3);
  const above = picture.title === undefined ? 8 : 30;
  const layout = layoutOf(picture, { width, height, above, below: legend.height });
  const { behind, stairs } = drawWatermark(picture, layout);
  const { poles, flags } = drawPanes(picture, layout);
  const parts = [
    tag('title', {}, escapeXml(titleOf(picture))),
    tag('desc', {}, escapeXml(describe(picture, layout))),
    styleSheet(scheme),
    tag('rect', { class: 'paper', width, height, rx: 6 }),
    picture.title === undefined
      ? ''
      : text(16, 24, fitting(picture.title, width - 32, 15), { class: 'heading' }),
    drawBands(picture, layout),
    behind,
    drawAxes(layout),
    drawBreaks(layout),
    poles,
    stairs,
    flags,
    drawEvents(picture, layout),
    drawGutter(picture, layout),
    legend.draw(height - legend.height),
  ].filter((part) => part !== '');
  const root = { xmlns: 'http://www.w3.org/2000/svg', class: 'tidemark-picture', role: 'img' };
  const size = { viewBox: `0 0 ${width} ${height}`, width, height };
  return `${tag('svg', { ...root, ...size }, `\n${parts.join('\n')}\n`)}\n`;
}

function drawAxes(layout: Layout): string {
  const { plot, arrival, event } = layout;
  const bottom = plot.y + plot.height;
  const right = plot.x + plot.width;
  const rows = event.ticks.flatMap((t) => [
    line(plot.x - 4, t.at, plot.x, t.at, 'axis'),
    text(plot.x - 8, t.at + 4, t.text, { class: 'end' }),
  ]);
  let free = -Infinity;
  const columns = arrival.ticks.flatMap((t) => {
    const half = widthOf(t.text) / 2;
    const mark = line(t.at, bottom, t.at, bottom + 4, 'axis');
    if (t.at - half < free) return [mark];
    free = t.at + half + 6;
    return [mark, text(t.at, bottom + 17, t.text, { class: 'middle' })];
  });
  const frame = `M${round(plot.x)} ${round(plot.y)}V${round(bottom)}H${round(right)}`;
  const unit = (u: string) => (u === '' ? '' : ` (${u})`);
  return [
    tag('path', { class: 'axis', d: frame }),
    layout.timeless === undefined ? '' : drawTimeless(layout, layout.timeless),
    ...rows,
    ...columns,
    text(16, plot.y - 12, `↑ event time${unit(event.text.unit)}`, { class: 'muted' }),
    text(right, bottom + 35, `arrival${unit(arrival.text.unit)} →`, { class: 'muted end' }),
  ].join('\n');
}

/** The strip of those whose place is not on the axis. */
function drawTimeless({ plot }: Layout, y: number): string {
  const edge = `M${round(plot.x)} ${round(y - 10)}H${round(plot.x + plot.width)}`;
  return [
    tag('path', { class: 'cut', d: edge }),
    text(plot.x - 8, y + 4, 'invalid', { class: 'muted small end' }),
  ].join('');
}

/** A silence that is cut: two strokes across the axis, and how long it was. */
function drawBreaks({ plot, arrival }: Layout): string {
  const bottom = plot.y + plot.height;
  return arrival.breaks
    .map(({ from, to, silenceMs }) => {
      const x = (from + to) / 2;
      const name = aboutSpan(silenceMs);
      const fits = widthOf(name, 11) < to - from + 20;
      return [
        tag('path', { class: 'cut', d: `M${round(x)} ${round(plot.y)}V${round(bottom)}` }),
        tag('path', { class: 'axis', d: `M${round(x - 5)} ${round(bottom + 5)}l4-10m2 10l4-10` }),
        fits ? text(x, bottom + 17, name, { class: 'muted small middle' }) : '',
      ].join('');
    })
    .join('\n');
}
