/** Recordings as text for snapshots: lanes aligned by frame, then what the letters stand for. */

import { byFrame } from '../script/frames.js';
import type { Message, Values } from '../script/message.js';
import { printFrame } from '../script/print.js';
import { drawGrid, wrapGrid } from './grid.js';
import { Letters, Names } from './names.js';

/** By this a recording is known, also one of another copy of the package. */
export const recordingBrand: unique symbol = Symbol.for('tidemark.recording') as never;

/** What a recording has, so that it can be printed. */
export interface Recorded {
  readonly [recordingBrand]: true;
  /** The head of its lane. */
  readonly name: string;
  readonly messages: readonly Message[];
  /** The letters of all scripts. */
  readonly values: Values;
  readonly epoch: number;
}

function isRecorded(x: unknown): x is Recorded {
  return typeof x === 'object' && x !== null && (x as Partial<Recorded>)[recordingBrand] === true;
}

/** A recording in the notation under a ruler of its frames, in lines of bounded width, with a legend. */
export function printRecorded(recorded: Recorded): string {
  const { name: head, messages, values, epoch } = recorded;
  const frames = byFrame(messages);
  const letters = new Letters(head, () => values, epoch);
  const names = new Names(epoch, Infinity);
  const cells = new Map(
    [...frames].map(([f, all]) => [f, printFrame(all.map((m) => names.token(m, letters)))]),
  );
  if (cells.size === 0) return `${head}  ·`;
  const rows = [{ label: head, cell: (f: number) => cells.get(f) ?? '' }];
  const grids = wrapGrid(rows, [...cells.keys()]).map((clip) => drawGrid(rows, clip));
  const legend = names.legend();
  return [...grids, ...(legend.length > 0 ? [legend] : [])]
    .map((lines) => lines.join('\n'))
    .join('\n\n');
}

/**
 * Prints recordings in Jest's and Vitest's snapshots.
 *
 * @example
 * expect.addSnapshotSerializer(marbleSerializer);
 * expect(record(out$)).toMatchSnapshot(); // after flush()
 */
export const marbleSerializer: {
  test(x: unknown): boolean;
  serialize(x: unknown): string;
} = {
  test: isRecorded,
  serialize: (x) => printRecorded(x as Recorded),
};
