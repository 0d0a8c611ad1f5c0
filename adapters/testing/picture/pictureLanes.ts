/** Windows that overlap stand side by side; where there are too many, they are not drawn. */
import type { PictureWindow } from './picture.js';

/** More windows than this at a time are a texture, not a picture. */
export const DEEPEST = 12;
/** More flags than this cover what they mark. */
const MOST_FLAGS = 60;

/** How many windows overlap at most, as lanes: each window is in the first that is free. */
export function depthOf(windows: readonly PictureWindow[]): number {
  return lanesOf(windows).reduce((depth, lane) => Math.max(depth, lane + 1), 0);
}

/** The lane of each window, which stand in order of start; lanes are free again in order of end. */
export function lanesOf(windows: readonly PictureWindow[]): readonly number[] {
  const byEnd = windows.map((_, i) => i).sort((a, b) => end(a) - end(b));
  const free: number[] = [];
  const lanes: number[] = [];
  let [ended, used] = [0, 0];
  function end(i: number): number {
    return (windows[i] as PictureWindow).end;
  }
  for (const { start } of windows) {
    while (ended < lanes.length && end(byEnd[ended] as number) <= start) {
      free.push(lanes[byEnd[ended++] as number] as number);
    }
    lanes.push(free.shift() ?? used++);
  }
  return lanes;
}

/** Whether there is room for a flag at each pane. */
export function flagsFit(windows: readonly PictureWindow[]): boolean {
  if (depthOf(windows) > DEEPEST) return false;
  return windows.reduce((n, w) => n + w.panes.length, 0) <= MOST_FLAGS;
}
