/** What flows between operators: events, watermarks and control elements; branded, so that data cannot forge time. */
import type { Chunks } from './chunks.js';
import type { Member, Membership } from './membership.js';

/** Marks elements made by this library, the same symbol in every copy of it. */
export const brand: unique symbol = Symbol.for('tidemark.element') as never;

/** Half-open interval of event time, `[start, end)` in epoch milliseconds. */
export interface WindowBounds {
  readonly start: number;
  readonly end: number;
}

/** A value with its event time: a structural superset of RxJS's `Timestamp<T>`. */
export interface EventElement<T> {
  readonly [brand]: true;
  readonly kind: 'event';
  readonly value: T;
  /** Event time, integer milliseconds since the epoch, UTC. */
  readonly timestamp: number;
  /** The partition, shard or sensor that it came from. */
  readonly split?: string | undefined;
  /** Integer tuple, greater is newer; a prefix is lower. Set by panes, read by sinks. */
  readonly revision?: readonly number[] | undefined;
  /** `'-'` withdraws an earlier event. */
  readonly op?: '-' | undefined;
  /** Windows whose earlier results this one replaces (a merged session). */
  readonly replaces?: readonly WindowBounds[] | undefined;
}

/** A promise: no event with `timestamp <= W` will follow, late panes excepted. */
export interface Watermark {
  readonly [brand]: true;
  readonly kind: 'watermark';
  readonly timestamp: number;
  /** Which `watermark`, `union` or join made it; 0 (scripts) matches any. */
  readonly origin: number;
}

/** Whether the stream can be expected to move time. */
export interface Status {
  readonly [brand]: true;
  readonly kind: 'status';
  readonly status: 'idle' | 'active';
}

/** A source names all its splits: each counts at −∞ from now on. Stops at `watermark`. */
export interface Splits {
  readonly [brand]: true;
  readonly kind: 'splits';
  readonly splits: readonly string[];
}

/** Checkpoint n passes: everything before it belongs to n, everything after it does not. */
export interface Barrier {
  readonly [brand]: true;
  readonly kind: 'barrier';
  readonly n: number;
  /**
   * Hands over the state of operator `id` as it is at the barrier, and the rows that a sink took before
   * it. `state` is called at once, or not at all where nobody waits for it any more.
   */
  readonly report: (id: string, state: () => Chunks, rows?: readonly unknown[]) => void;
}

/** Passes first, before any event: every stateful operator takes its state back. */
export interface Restore {
  readonly [brand]: true;
  readonly kind: 'restore';
  readonly register: (member: Member) => Membership;
}

export type Control = Status | Splits | Barrier | Restore;
export type Element<T> = EventElement<T> | Watermark | Control;

/* Few classes, their fields in one order: property loads stay cheap. The brand sits on the prototype,
   so a spread copy or decoded data is a value, not an element. Most events have neither revision, op
   nor replaced windows: those are a third smaller, which a stream of millions feels. */
class EventNode<T> {
  declare readonly [brand]: true;
  readonly kind: 'event';
  readonly value: T;
  readonly timestamp: number;
  readonly split: string | undefined;
  declare readonly revision: readonly number[] | undefined;
  declare readonly op: '-' | undefined;
  declare readonly replaces: readonly WindowBounds[] | undefined;
  constructor(value: T, timestamp: number, split: string | undefined) {
    this.kind = 'event';
    this.value = value;
    this.timestamp = timestamp;
    this.split = split;
  }
}
Object.assign(EventNode.prototype, { revision: undefined, op: undefined, replaces: undefined });
class RevisedNode<T> {
  declare readonly [brand]: true;
  readonly kind: 'event';
  readonly value: T;
  readonly timestamp: number;
  readonly split: string | undefined;
  readonly revision: readonly number[] | undefined;
  readonly op: '-' | undefined;
  readonly replaces: readonly WindowBounds[] | undefined;
  constructor(value: T, timestamp: number, split: string | undefined, o: Revised) {
    this.kind = 'event';
    this.value = value;
    this.timestamp = timestamp;
    this.split = split;
    this.revision = o.revision;
    this.op = o.op;
    this.replaces = o.replaces;
  }
}
class WatermarkNode {
  declare readonly [brand]: true;
  readonly kind: 'watermark';
  readonly timestamp: number;
  readonly origin: number;
  constructor(timestamp: number, origin: number) {
    this.kind = 'watermark';
    this.timestamp = timestamp;
    this.origin = origin;
  }
}
class ControlNode {
  declare readonly [brand]: true;
  constructor(fields: object) {
    Object.assign(this, fields);
  }
}
for (const node of [EventNode, RevisedNode, WatermarkNode, ControlNode]) {
  Object.defineProperty(node.prototype, brand, { value: true });
}

type Revised = Pick<EventOptions, 'revision' | 'op' | 'replaces'>;

export interface EventOptions {
  readonly split?: string | undefined;
  readonly revision?: readonly number[] | undefined;
  readonly op?: '-' | undefined;
  readonly replaces?: readonly WindowBounds[] | undefined;
}

/** Makes an event. A `NaN` timestamp says that `watermark` is to set it. */
export function event<T>(value: T, timestamp: number, o: EventOptions = {}): EventElement<T> {
  return stamp(value, timestamp, o.split, o);
}

/** The same event with another value: time, split, revision, op and `replaces` stay. */
export function withValue<R>(e: EventElement<unknown>, value: R): EventElement<R> {
  return stamp(value, e.timestamp, e.split, e);
}

/** An event of this time and split; revision, op and `replaces` of `from` stay. Allocates nothing else. */
export function stamp<T>(
  value: T,
  timestamp: number,
  split: string | undefined,
  from: Revised | undefined,
): EventElement<T> {
  const plain =
    from === undefined ||
    (from.revision === undefined && from.op === undefined && from.replaces === undefined);
  return plain
    ? new EventNode(value, timestamp, split)
    : new RevisedNode(value, timestamp, split, from);
}

/** A result made of other events, with its order and what it replaces. */
export function resultOf<T>(
  value: T,
  timestamp: number,
  revision: readonly number[],
  replaces: readonly WindowBounds[] | undefined,
): EventElement<T> {
  return new RevisedNode(value, timestamp, undefined, { revision, replaces });
}

/** Makes a watermark. Origin 0 matches any. */
export function watermarkAt(timestamp: number, origin = 0): Watermark {
  return new WatermarkNode(timestamp, origin);
}

export function statusOf(status: 'idle' | 'active'): Status {
  return new ControlNode({ kind: 'status', status }) as Status;
}
export function splitsOf(splits: readonly string[]): Splits {
  return new ControlNode({ kind: 'splits', splits }) as Splits;
}
export function barrierAt(n: number, report: Barrier['report']): Barrier {
  return new ControlNode({ kind: 'barrier', n, report }) as Barrier;
}
export function restoreWith(register: Restore['register']): Restore {
  return new ControlNode({ kind: 'restore', register }) as Restore;
}

/** Whether `x` was made by a constructor of this module (of any copy of it). */
export function isElement(x: unknown): x is Element<unknown> {
  return typeof x === 'object' && x !== null && (x as { [brand]?: unknown })[brand] === true;
}

const origins = Symbol.for('tidemark.origins');

/** A number that no other watermark, union or join subscription in this process has. */
export function nextOrigin(): number {
  const shared = globalThis as { [origins]?: number };
  const next = (shared[origins] ?? 0) + 1;
  shared[origins] = next;
  return next;
}
