// Draws the pictures of the docs into docs/pictures, from the built package; a test holds them current.
import { mkdirSync, writeFileSync } from 'node:fs';
import { tumbling } from 'tidemark';
import { marbles, script } from 'tidemark/testing';

const MINUTE = 60_000;

/** Fifty events, one each 30 s; every fifth arrives up to seven minutes after its time. */
function drill() {
  let arrivals = script({ epoch: '2026-01-01T12:00Z' });
  for (let i = 0; i < 50; i++) {
    const behind = i % 5 === 4 ? ((i % 7) + 1) * MINUTE : 0;
    arrivals = arrivals.event(`e${i}`, { at: i * 30_000 - behind }).advance('29999ms');
  }
  return arrivals.complete();
}

/** The pictures, by file. */
export const pictures = {
  'drill.svg': drill().toSvg({
    title: 'A watermark ten minutes behind: every event is on time',
    windows: tumbling('5m'),
    outOfOrderness: '10m',
  }),
  'drill-late.svg': drill().toSvg({
    title: 'A watermark one minute behind: six events are lost to their windows',
    windows: tumbling('5m'),
    outOfOrderness: '1m',
  }),
  'window.svg': marbles('a@1 b@7 c@3 W4 d@2 W9').toSvg({
    height: 320,
    width: 640,
    windows: tumbling(5),
  }),
};

if (process.argv[1]?.endsWith('pictures.mjs')) {
  mkdirSync('docs/pictures', { recursive: true });
  for (const [file, svg] of Object.entries(pictures)) writeFileSync(`docs/pictures/${file}`, svg);
}
