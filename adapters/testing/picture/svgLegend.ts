/** The legend of a drawing: what stands for what, as far as it is in the picture. */
import type { Picture } from './picture.js';
import { DEEPEST, depthOf, flagsFit } from './pictureLanes.js';
import { countFates, FATE_WORDS, FATES } from './pictureWords.js';
import { widthOf } from './svgLabels.js';
import { flag, line, shapeOf, tag, text } from './svgText.js';

interface Item {
  readonly words: string;
  /** Draws the sample around a point. */
  readonly sample: (x: number, y: number) => string;
}

interface Legend {
  readonly height: number;
  /** Draws it from this height down. */
  draw(y: number): string;
}

const ROW = 20;
const SAMPLE = 24;
const GAP = 18;

/** A legend that would be higher than `most` is left out. */
export function legendOf(picture: Picture, width: number, most: number): Legend {
  const placed: { item: Item; x: number; row: number }[] = [];
  let [x, row] = [16, 0];
  for (const item of itemsOf(picture)) {
    const needs = SAMPLE + widthOf(item.words);
    if (x + needs > width - 16 && x > 16) [x, row] = [16, row + 1];
    placed.push({ item, x, row });
    x += needs + GAP;
  }
  const draw = (top: number) =>
    placed
      .map(({ item, x, row }) => {
        const y = top + row * ROW + ROW / 2;
        return `${item.sample(x + 9, y)}${text(x + SAMPLE, y + 4, item.words)}`;
      })
      .join('\n');
  const height = (row + 1) * ROW + 8;
  return placed.length === 0 || height > most ? { height: 0, draw: () => '' } : { height, draw };
}

function itemsOf(picture: Picture): Item[] {
  const counts = countFates(picture);
  const items: Item[] = FATES.flatMap((fate) => {
    const n = counts.get(fate);
    if (n === undefined) return [];
    const sample = (x: number, y: number) =>
      tag('path', { class: fate, d: shapeOf(fate, x, y, 5) });
    return { words: `${FATE_WORDS[fate]} (${n})`, sample };
  });
  if (picture.watermarks.length > 0) items.push(WATERMARK, BEHIND);
  const depth = depthOf(picture.windows);
  const panes = flagsFit(picture.windows) ? picture.windows.flatMap((w) => w.panes) : [];
  if (depth > DEEPEST) items.push(...tooMany(picture, depth));
  else if (picture.windows.length > 0) items.push(WINDOW);
  if (panes.some((p) => p.timing === 'onTime')) items.push(paneItem('window fires', 'fire'));
  if (panes.some((p) => p.timing === 'late')) items.push(paneItem('late pane', 'refire'));
  if (panes.some((p) => p.timing === 'early')) items.push(paneItem('early pane', 'refire'));
  return items;
}

const WATERMARK: Item = {
  words: 'watermark',
  sample: (x, y) => tag('path', { class: 'watermark', d: `M${x - 9} ${y + 5}h9v-9h9` }),
};

const BEHIND: Item = { words: 'behind it', sample: swatch('behind') };

const WINDOW: Item = { words: 'window, open', sample: swatch('band0') };

/** Where so many windows overlap, the legend says it in their place. */
function tooMany({ windows }: Picture, depth: number): Item[] {
  const words = `${windows.length} windows, up to ${depth} at a time: not drawn`;
  return [{ words, sample: (x, y) => line(x - 9, y, x + 9, y, 'edge') }];
}

function swatch(name: string): Item['sample'] {
  return (x, y) => tag('rect', { class: name, x: x - 9, y: y - 6, width: 18, height: 12 });
}

function paneItem(words: string, name: string): Item {
  return {
    words,
    sample: (x, y) =>
      `${line(x - 3, y - 6, x - 3, y + 6, name)}${tag('path', { class: name, d: flag(x - 3, y - 6) })}`,
  };
}
