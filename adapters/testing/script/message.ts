/** What a script says and what a pipeline answers: one message a thing, with its arrival frame. */
import {
  barrierAt,
  type Element,
  event,
  isElement,
  splitsOf,
  statusOf,
  type WindowBounds,
  watermarkAt,
} from '../../../lib/element.js';

interface InFrame {
  /** Arrival: whole milliseconds since the beginning of the test. */
  readonly frame: number;
}

/** An event in event time. */
export interface EventMessage extends InFrame {
  readonly kind: 'event';
  /** The letter that stands for the value; received messages have none. */
  readonly name?: string;
  readonly value: unknown;
  /** Event time, epoch milliseconds. */
  readonly timestamp: number;
  readonly split?: string;
  readonly op?: '-';
  readonly revision?: readonly number[];
  readonly replaces?: readonly WindowBounds[];
}

/** A bare value, outside event time. */
export interface ValueMessage extends InFrame {
  readonly kind: 'value';
  readonly name?: string;
  readonly value: unknown;
}

/** A watermark. */
export interface WatermarkMessage extends InFrame {
  readonly kind: 'watermark';
  /** Event time, epoch milliseconds; +∞ is the end. */
  readonly timestamp: number;
}

/** The stream turns idle, or active again. */
export interface StatusMessage extends InFrame {
  readonly kind: 'status';
  readonly status: 'idle' | 'active';
}

/** The splits that a source declares. */
export interface SplitsMessage extends InFrame {
  readonly kind: 'splits';
  readonly splits: readonly string[];
}

/** A checkpoint barrier. */
export interface BarrierMessage extends InFrame {
  readonly kind: 'barrier';
  /** The number of the checkpoint, from 1. */
  readonly n: number;
}

/** The end by an error. */
export interface ErrorMessage extends InFrame {
  readonly kind: 'error';
  readonly error: unknown;
}

/** A result of a window, in the `panes` lane of an expectation. */
export interface PaneMessage extends InFrame {
  readonly kind: 'pane';
  readonly timing: 'early' | 'onTime' | 'late';
  /** The window, `[start, end)` in epoch milliseconds. */
  readonly start: number;
  readonly end: number;
  /** Which pane of its window, from 0; any where it is left out. */
  readonly index?: number;
  /** The key of the window as text; any where it is left out. */
  readonly key?: string;
}

/** `complete`; `unsubscribe` stands in expectations alone; `restore` is only ever received. */
export interface EndMessage extends InFrame {
  readonly kind: 'complete' | 'unsubscribe' | 'restore';
}

/** One thing that arrives, or is expected to. */
export type Message =
  | EventMessage
  | ValueMessage
  | WatermarkMessage
  | StatusMessage
  | SplitsMessage
  | BarrierMessage
  | ErrorMessage
  | PaneMessage
  | EndMessage;

/** What a message says, before it has its frame. */
export type Unframed = Message extends infer M
  ? M extends Message
    ? Omit<M, 'frame'>
    : never
  : never;

/** Values by letter. */
export type Values<T = unknown> = Readonly<Record<string, T>>;

/** The value of a letter: the letter itself where the record does not name it. */
export function letterValue(name: string, values: Values): unknown {
  return Object.hasOwn(values, name) ? values[name] : name;
}

/** The same messages with the values that the letters have in `values`. */
export function valued(messages: readonly Message[], values: Values): Message[] {
  return messages.map((m) => {
    const named = (m.kind === 'event' || m.kind === 'value') && m.name !== undefined;
    return named ? { ...m, value: letterValue(m.name as string, values) } : m;
  });
}

/** What a message sends into a pipeline; undefined for the ends. @throws TypeError for what cannot be sent */
export function sentBy(m: Message): unknown {
  switch (m.kind) {
    case 'event':
      return event(m.value, m.timestamp, m);
    case 'value':
      return m.value;
    case 'watermark':
      return watermarkAt(m.timestamp);
    case 'status':
      return statusOf(m.status);
    case 'splits':
      return splitsOf(m.splits);
    case 'barrier':
      return barrierAt(m.n, () => {});
    case 'complete':
    case 'error':
      return undefined;
    default:
      throw new TypeError(`marbles: \`${m.kind}\` stands in expectations alone; it cannot be sent`);
  }
}

/** A thing that a pipeline emitted, as a message. */
export function messageOf(x: unknown, frame: number): Message {
  if (!isElement(x)) return { kind: 'value', frame, value: x };
  const e: Element<unknown> = x;
  switch (e.kind) {
    case 'event': {
      const { kind, value, timestamp, split, op, revision, replaces } = e;
      return {
        kind,
        frame,
        value,
        timestamp,
        ...(split !== undefined && { split }),
        ...(op !== undefined && { op }),
        ...(revision !== undefined && { revision }),
        ...(replaces !== undefined && { replaces }),
      };
    }
    case 'watermark':
      return { kind: 'watermark', frame, timestamp: e.timestamp };
    case 'status':
      return { kind: 'status', frame, status: e.status };
    case 'splits':
      return { kind: 'splits', frame, splits: e.splits };
    case 'barrier':
      return { kind: 'barrier', frame, n: e.n };
    case 'restore':
      return { kind: 'restore', frame };
  }
}
