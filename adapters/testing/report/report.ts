/** What a marble test says when it fails: what is wrong, all lanes aligned by frame, a legend. */
import { clipGrid, drawGrid } from './grid.js';
import { Names } from './names.js';
import type { ReportLane } from './reportLane.js';

export interface Report {
  readonly message: string;
  /** The lanes that differ, a line a frame: for the diff of a test runner. */
  readonly expected: string;
  readonly actual: string;
}

/** The report of lanes of which at least one differs. */
export function reportOf(lanes: readonly ReportLane[], epoch: number): Report {
  const wrong = lanes
    .filter((lane) => lane.difference !== undefined)
    .sort((a, b) => frameOf(a) - frameOf(b));
  const indent = Math.max(...lanes.map(({ head }) => [...head].length));
  const measured = new Names(epoch);
  const frames = framesOf(lanes);
  const measuring = lanes.flatMap((lane) => lane.rows(measured, indent));
  const clip = clipGrid(measuring, frames, frameOf(wrong[0]));
  const names = new Names(epoch);
  const sentences = wrong.map((lane) => lane.sentence(names));
  const facts = wrong.map((lane) => lane.factTable(names));
  const texts = wrong.map((lane) => lane.texts(clip.shown, names));
  const rows = lanes.flatMap((lane) => lane.rows(names, indent));
  const grid = [...drawGrid(rows, clip), ...leftOut(clip.before, clip.after)];
  const blocks = [sentences, grid, ...facts, names.legend()];
  return {
    message: blocks.flatMap((lines) => (lines.length > 0 ? [lines.join('\n')] : [])).join('\n\n'),
    expected: texts.map((t) => t.expected).join('\n'),
    actual: texts.map((t) => t.actual).join('\n'),
  };
}

function frameOf(lane: ReportLane | undefined): number {
  return lane?.difference?.frame ?? 0;
}

function framesOf(lanes: readonly ReportLane[]): readonly number[] {
  const frames = new Set<number>();
  for (const lane of lanes) for (const frame of lane.frames) frames.add(frame);
  for (const lane of lanes) if (lane.difference !== undefined) frames.add(lane.difference.frame);
  return [...frames].sort((a, b) => a - b);
}

function leftOut(before: readonly number[], after: readonly number[]): readonly string[] {
  const parts = [before, after].filter((ends) => ends.length > 0);
  if (parts.length === 0) return [];
  const texts = parts.map(([from, to]) => (from === to ? `${from}` : `${from} to ${to}`));
  return [`… left out: frames ${texts.join(' and ')}`];
}
