/** Side doors that remember what came through them, and when. */

import type { Message } from '../script/message.js';
import { Lane } from './lane.js';

export class DoorLane extends Lane {
  private readonly things: any[] = [];

  constructor(head: string) {
    super(head, 'door');
  }

  get items(): readonly any[] {
    this.looked = true;
    return this.things;
  }

  get messages(): readonly Message[] {
    this.looked = true;
    return this.received;
  }

  take(thing: unknown, frame: number): void {
    this.things.push(thing);
    this.received.push(messageAt(thing, frame));
  }
}

/* What doors get has a value and mostly an event time; a door of the user's own may get anything. */
function messageAt(thing: any, frame: number): Message {
  if (typeof thing !== 'object' || thing === null || !('value' in thing)) {
    return { kind: 'value', frame, value: thing };
  }
  const { value, timestamp, split, op } = thing;
  if (typeof timestamp !== 'number' || Number.isNaN(timestamp)) {
    return { kind: 'value', frame, value };
  }
  return {
    kind: 'event',
    frame,
    value,
    timestamp,
    ...(split !== undefined && { split }),
    ...(op !== undefined && { op }),
  };
}
