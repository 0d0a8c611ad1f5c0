/** The events of a drawing: a point each, its letter where there is room, and why it was late. */
import type { Picture, PictureEvent } from './picture.js';
import { sayEvent } from './pictureWords.js';
import { type Box, Paper, widthOf } from './svgLabels.js';
import type { Layout } from './svgLayout.js';
import { escapeXml, line, shapeOf, tag, text } from './svgText.js';

interface Point {
  readonly e: PictureEvent;
  readonly x: number;
  readonly y: number;
}

/** More points than this carry neither letter nor tooltip unless they were not on time. */
const MANY = 1000;

export function drawEvents(picture: Picture, layout: Layout): string {
  const points = pointsOf(picture.events, layout);
  const r = radiusOf(points.length);
  const paper = paperOf(picture, points, layout);
  const odd = points.filter((p) => p.e.fate !== 'onTime');
  const onTime = points.filter((p) => p.e.fate === 'onTime');
  const whiskers = odd.length > 80 ? [] : odd.flatMap((p) => whiskerOf(p, layout));
  const crowd =
    points.length > MANY
      ? [tag('path', { class: 'onTime', d: onTime.map((p) => shapeAt(p, r)).join('') })]
      : onTime.map((p) => pointOf(p, r, layout));
  return [
    ...whiskers,
    ...crowd,
    ...odd.map((p) => pointOf(p, r, layout)),
    ...labelsOf(points.length > MANY ? odd : [...odd, ...onTime], r, paper),
  ].join('\n');
}

function radiusOf(count: number): number {
  return count > MANY ? 2 : count > 150 ? 3.2 : count > 60 ? 4 : 5;
}

/** Events of one place stand beside each other. */
function pointsOf(events: readonly PictureEvent[], layout: Layout): Point[] {
  const { arrival, event } = layout;
  const r = radiusOf(events.length);
  const there = new Map<string, number>();
  return events.map((e) => {
    const outside = e.timestamp === undefined || e.timestamp < event.from || e.timestamp > event.to;
    const y = outside ? (layout.timeless ?? 0) : event.at(e.timestamp as number);
    const place = `${e.frame} ${y}`;
    const before = there.get(place) ?? 0;
    there.set(place, before + 1);
    return { e, x: arrival.at(e.frame) + Math.min(before, 3) * r * 2.2, y };
  });
}

function shapeAt({ e, x, y }: Point, r: number): string {
  return shapeOf(e.fate, x, y, r);
}

function pointOf(p: Point, r: number, layout: Layout): string {
  const title = tag('title', {}, escapeXml(sayEvent(p.e, layout)));
  return tag('path', { class: p.e.fate, d: shapeAt(p, r) }, title);
}

/** From a late event up to the watermark that it came behind. */
function whiskerOf({ e, x, y }: Point, { plot, event }: Layout): string[] {
  if (e.fate !== 'late' && e.fate !== 'lateTaken') return [];
  if (e.timestamp === undefined || e.timestamp > e.watermark) return [];
  const top = e.watermark === Infinity ? plot.y : event.at(e.watermark);
  return y - top < 16 ? [] : [line(x, y, x, top, `whisker ${e.fate}`)];
}

/** The plot with its points, flags and stairs, which no letter may cover. */
function paperOf(picture: Picture, points: readonly Point[], layout: Layout): Paper {
  const { plot, arrival, event } = layout;
  const paper = new Paper({ x: plot.x, y: plot.y - 8, width: plot.width + 4, height: plot.height });
  const r = radiusOf(points.length);
  for (const p of points) paper.take({ x: p.x - r, y: p.y - r, width: 2 * r, height: 2 * r });
  for (const window of picture.windows) {
    const y = event.at(window.end);
    for (const { frame } of window.panes) {
      paper.take({ x: arrival.at(frame), y, width: 9, height: 8 });
    }
  }
  let [x, y] = [0, plot.y + plot.height];
  for (const { frame, timestamp } of picture.watermarks) {
    const next = { x: arrival.at(frame), y: event.at(timestamp) };
    if (x > 0) paper.take({ x, y: y - 1, width: next.x - x, height: 2 });
    paper.take({ x: next.x - 1, y: next.y, width: 2, height: y - next.y });
    ({ x, y } = next);
  }
  return paper;
}

/** Letters, the late ones first; a letter without a free place beside its point is left out. */
function labelsOf(points: readonly Point[], r: number, paper: Paper): string[] {
  return points.flatMap((p) => {
    const name = clipped(p.e.name);
    if (name === '') return [];
    const place = placesOf(p, r, widthOf(name, SIZE)).find((box) => paper.free(box));
    if (place === undefined) return [];
    paper.take(place);
    return text(place.x, place.y + SIZE - 1, name, { class: `small ${p.e.fate}` });
  });
}

const SIZE = 11;

/** Beside the point, then above one that was on time, and below one that was not. */
function placesOf({ e, x, y }: Point, r: number, width: number): Box[] {
  const box = { width, height: SIZE + 1 };
  const gap = r * 1.35 + 3;
  const right = { ...box, x: x + gap, y: y - SIZE / 2 };
  if (e.fate === 'onTime') {
    return [
      right,
      { ...box, x: x - width / 2, y: y - gap - SIZE },
      { ...box, x: x - gap - width, y: y - SIZE },
    ];
  }
  return [
    right,
    { ...box, x: x - width / 2, y: y + gap - 1 },
    { ...box, x: x - gap - width, y: y - SIZE / 2 },
    { ...box, x: x + r, y: y + gap - 4 },
  ];
}

const LONGEST = 14;

function clipped(name: string): string {
  const letters = [...name.slice(0, 4 * LONGEST)];
  return letters.length > LONGEST ? `${letters.slice(0, LONGEST - 1).join('')}…` : letters.join('');
}
