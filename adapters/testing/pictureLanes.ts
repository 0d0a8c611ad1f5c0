/** Windows that overlap stand side by side: each in the first lane where there is room. */
import type { PictureWindow } from './picture.js';

/** More windows than this at a time are a texture, not a picture: they get no lanes. */
const MOST = 12;

/** The lane of each window, or none at all where no two overlap. Windows stand in order of start. */
export function lanesOf(windows: readonly PictureWindow[]): readonly number[] {
  const ends: number[] = [];
  const lanes: number[] = [];
  for (const { start, end } of windows) {
    const free = ends.findIndex((e) => e <= start);
    const lane = free < 0 ? ends.length : free;
    if (lane >= MOST) return [];
    ends[lane] = end;
    lanes.push(lane);
  }
  return ends.length > 1 ? lanes : [];
}

/** Whether two of the windows overlap. */
export function overlap(windows: readonly PictureWindow[]): boolean {
  let reached = -Infinity;
  for (const { start, end } of windows) {
    if (start < reached) return true;
    reached = Math.max(reached, end);
  }
  return false;
}
