/** Side doors: where late, missed, invalid, duplicate and poison things go, and in what shape. */
import type { EventElement, WindowBounds } from './element.js';
import { UserFunctionError } from './errors.js';

/** A function, or an object with `next`. Only `next` is called; if it throws, the stream errors. */
export type Door<E> = ((e: E) => void) | { readonly next?: ((e: E) => void) | undefined };

/** An event that no state took, with the watermark that judged it. */
export interface Late<T> {
  readonly value: T;
  readonly timestamp: number;
  readonly split?: string | undefined;
  /** The operator's own input watermark when the event arrived. */
  readonly watermark: number;
  readonly reason: 'late' | 'expired' | 'gap';
  /** The windows that it would have been in; empty where there are none. */
  readonly windows: readonly WindowBounds[];
}

/** An event that was taken, and the windows that were already closed to it. */
export interface Missed<T> {
  readonly value: T;
  readonly timestamp: number;
  readonly split?: string | undefined;
  readonly watermark: number;
  readonly windows: readonly WindowBounds[];
}

export type InvalidReason = 'timestamp' | 'zone' | 'future' | 'key' | 'maxKeys' | 'threw';

/** Something that cannot be processed: it changed no state and moved no watermark. */
export interface Invalid<T> {
  readonly value: T;
  readonly reason: InvalidReason;
  /** The event time, where there is one. */
  readonly timestamp?: number | undefined;
  readonly split?: string | undefined;
  /** What the user's function threw, for reason `'threw'`. */
  readonly error?: unknown;
}

/** A repeat within the horizon of its first. */
export interface Duplicate<T> {
  readonly value: T;
  readonly timestamp: number;
  readonly split?: string | undefined;
}

/** A row that a store refused, or that could not be made. */
export interface Poison<T> {
  readonly value: T;
  readonly timestamp: number;
  readonly error: unknown;
}

/** The function of a door, or undefined when there is no door. */
export function openDoor<E>(door: Door<E> | undefined): ((e: E) => void) | undefined {
  if (door === undefined || typeof door === 'function') return door;
  return (e) => door.next?.(e);
}

/** The function of a door of an operator; what it throws becomes a `UserFunctionError` that names both. */
export function guardedDoor<E>(
  operator: string,
  name: string,
  door: Door<E> | undefined,
): ((e: E) => void) | undefined {
  const tell = openDoor(door);
  if (tell === undefined) return undefined;
  return (e) => {
    try {
      tell(e);
    } catch (thrown) {
      throw new UserFunctionError(operator, name, thrown);
    }
  };
}

/** What `late` gets for an event. */
export function lateOf<T>(
  e: EventElement<T>,
  watermark: number,
  reason: Late<T>['reason'],
  windows: readonly WindowBounds[] = [],
): Late<T> {
  return { value: e.value, timestamp: e.timestamp, split: e.split, watermark, reason, windows };
}
