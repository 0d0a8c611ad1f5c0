/** Which event of a script each thing is that a side door got. */
import type { EventMessage, Message, ValueMessage } from '../script/message.js';
import type { Fate } from './picture.js';

/** An event that a script sends; without event time where it has none that is valid. */
export interface Sent {
  readonly message: EventMessage | ValueMessage;
  readonly timestamp: number | undefined;
}

/** What the doors say of the events, and what they got that no event of the script is. */
export interface Told {
  readonly fates: ReadonlyMap<Message, Fate>;
  readonly strays: readonly Sent[];
}

type Doors = Readonly<Partial<Record<Fate, readonly Message[]>>>;
type Stack = Sent[];

/**
 * A thing of a door is the latest event of the same value and time that arrived no later; else one
 * of the same frame and time, whose value was changed on the way. O(events + n log n) of n things.
 */
export function tellOf(sent: readonly Sent[], doors: Doors): Told {
  const byValue = new Map<unknown, Map<unknown, Stack>>();
  const byFrame = new Map<string, Stack>();
  for (const s of sent) {
    stackOf(mapOf(byValue, s.message.value), s.timestamp).push(s);
    stackOf(byFrame, placeOf(s)).push(s);
  }
  const fates = new Map<Message, Fate>();
  const strays: Sent[] = [];
  for (const [fate, thing] of latestFirst(doors)) {
    const same = byValue.get(thing.message.value)?.get(thing.timestamp) ?? [];
    // Nothing that comes later in this loop left its door later, so the stack only shrinks.
    while ((same.at(-1)?.message.frame ?? -1) > thing.message.frame) same.pop();
    const there = byFrame.get(placeOf(thing)) ?? [];
    const found = untold(same, fates) ?? untold(there, fates) ?? thing;
    fates.set(found.message, fate);
    if (found === thing) strays.push(thing);
  }
  return { fates, strays: strays.reverse() };
}

/** The last that no door has told of yet. */
function untold(stack: Stack, told: ReadonlyMap<Message, Fate>): Sent | undefined {
  while (told.has(stack.at(-1)?.message as Message)) stack.pop();
  return stack.at(-1);
}

function latestFirst(doors: Doors): [Fate, Sent][] {
  const things: [Fate, Sent][] = [];
  for (const [fate, messages] of Object.entries(doors) as [Fate, readonly Message[]][]) {
    for (const message of messages) {
      if (message.kind !== 'event' && message.kind !== 'value') continue;
      const timestamp = message.kind === 'event' ? message.timestamp : undefined;
      things.push([fate, { message, timestamp: timeOf(timestamp) }]);
    }
  }
  return things.sort(([, a], [, b]) => b.message.frame - a.message.frame);
}

/** An event time, or undefined where it is none. */
export function timeOf(timestamp: number | undefined): number | undefined {
  return Number.isFinite(timestamp) ? timestamp : undefined;
}

function placeOf({ message, timestamp }: Sent): string {
  return `${message.frame}@${timestamp}`;
}

function stackOf<K>(stacks: Map<K, Stack>, key: K): Stack {
  let stack = stacks.get(key);
  if (stack === undefined) stacks.set(key, (stack = []));
  return stack;
}

function mapOf<K, V, L>(maps: Map<K, Map<V, L>>, key: K): Map<V, L> {
  let map = maps.get(key);
  if (map === undefined) maps.set(key, (map = new Map()));
  return map;
}
