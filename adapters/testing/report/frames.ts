/** Messages by arrival frame. */
import type { Message } from '../script/message.js';

/** In the order of their first message. */
export function byFrame(messages: readonly Message[]): ReadonlyMap<number, readonly Message[]> {
  const frames = new Map<number, Message[]>();
  for (const m of messages) {
    const here = frames.get(m.frame);
    if (here === undefined) frames.set(m.frame, [m]);
    else here.push(m);
  }
  return frames;
}
