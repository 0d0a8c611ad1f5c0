/** A script: an immutable list of messages, written step by step and printed in four forms. */
import { type Duration, durationOption } from '../../../lib/duration.js';
import { configError } from '../../../lib/errors.js';
import type { PictureOptions } from '../picture/picture.js';
import { type TextOptions, toText } from '../picture/plot.js';
import { type SvgOptions, toSvg } from '../picture/svg.js';
import { printJsonLines } from './jsonLines.js';
import type { Message, Unframed, Values } from './message.js';
import { printBuilder } from './printBuilder.js';
import { printLanes, printMarbles } from './printMarbles.js';
import { scriptError } from './scriptError.js';
import type { EventStep, LanesOptions, ScriptOptions } from './scriptOptions.js';
import { epochOption, type Time, timeOption } from './times.js';

interface Place {
  readonly epoch: number;
  /** Where the next step stands. */
  readonly frame: number;
  /** The number of the last barrier. */
  readonly barrier: number;
  /** Set while a group is written: its steps take no frame. */
  readonly group?: symbol | undefined;
}

/**
 * What arrives, and when: each step takes one arrival frame (1 ms), as a token of the marbles does.
 * A script never changes; every step gives a new one, in O(1).
 *
 * @example
 * const orders = script({ epoch: '2026-03-29T00:00Z' })
 *   .event('a', { at: '5m', value: { total: 3 } })
 *   .together((s) => s.event('b', { at: '1m', value: { total: 4 } }).watermark('4m'))
 *   .advance('1 minute')
 *   .complete();
 */
export class Script<T = unknown> {
  private list: readonly Message[] | undefined;
  private letters: Values | undefined;

  private constructor(
    private readonly parent: Script<any> | undefined,
    private readonly own: readonly Message[],
    private readonly place: Place,
  ) {}

  /** A script of these messages, which must stand in order of their frames; it takes `frames` or more. */
  static of<T = unknown>(
    messages: readonly Message[],
    options: ScriptOptions & { readonly frames?: number } = {},
  ): Script<T> {
    const epoch = epochOption('script', options.epoch);
    let frame = 0;
    let barrier = 0;
    for (const m of messages) {
      if (!Number.isSafeInteger(m.frame) || m.frame < frame) {
        throw configError('script', 'messages', 'in order of their frames, from 0 on', m.frame);
      }
      if (m.kind === 'pane') throw configError('script', 'messages', 'no panes', m.timing);
      frame = m.frame;
      if (m.kind === 'barrier') barrier = m.n;
    }
    frame = Math.max(messages.length > 0 ? frame + 1 : 0, options.frames ?? 0);
    return new Script<T>(undefined, [...messages], { epoch, frame, barrier });
  }

  /** Everything that the script says, in order of arrival. */
  get messages(): readonly Message[] {
    if (this.list !== undefined) return this.list;
    const chain: (readonly Message[])[] = [];
    for (let s: Script<any> | undefined = this; s !== undefined; s = s.parent) {
      chain.push(s.list ?? s.own);
      if (s.list !== undefined) break;
    }
    this.list = Object.freeze(chain.reverse().flat());
    return this.list;
  }

  /** What the letters of `toMarbles` and `toLanes` stand for. */
  get values(): Values<T> {
    this.letters ??= printLanes(this, 1).values;
    return this.letters as Values<T>;
  }

  /** Epoch milliseconds at which relative times begin. */
  get epoch(): number {
    return this.place.epoch;
  }

  /** How many arrival frames (ms) the script takes: where its next step would stand. */
  get frames(): number {
    return this.place.frame;
  }

  /** An event: `a@5`, `-a@5` with `op: '-'`, `a@5/p0` with a split. */
  event<V = string>(name: string, o: EventStep<V>): Script<T | V> {
    const { at, ...rest } = o;
    const value = 'value' in o ? o.value : name;
    const timestamp = timeOption('event', 'at', at, this.epoch);
    return this.add({ kind: 'event', name, ...rest, value, timestamp });
  }

  /** A bare value, outside event time: `a`. It stands for itself unless another is given. */
  value<V = string>(name: string, ...given: [value?: V]): Script<T | V> {
    return this.add({ kind: 'value', name, value: given.length > 0 ? given[0] : name });
  }

  /** A watermark: `W10`; `Infinity` is the end, `W∞`. */
  watermark(time: Time): Script<T> {
    const timestamp = timeOption('watermark', 'time', time, this.epoch);
    if (Number.isNaN(timestamp)) throw configError('watermark', 'time', 'a time', time);
    return this.add({ kind: 'watermark', timestamp });
  }

  /** The stream turns idle. */
  idle(): Script<T> {
    return this.add({ kind: 'status', status: 'idle' });
  }

  /** The stream is active again. */
  active(): Script<T> {
    return this.add({ kind: 'status', status: 'active' });
  }

  /** A checkpoint barrier; without a number it is one more than the last, from 1. */
  barrier(n: number = this.place.barrier + 1): Script<T> {
    if (!Number.isSafeInteger(n) || n < 1) throw configError('barrier', 'n', 'an integer >= 1', n);
    return this.add({ kind: 'barrier', n });
  }

  /** The source declares its splits. */
  splits(...splits: readonly string[]): Script<T> {
    return this.add({ kind: 'splits', splits });
  }

  /** So much arrival time passes. */
  advance(duration: Duration): Script<T> {
    if (this.place.group !== undefined) {
      throw new TypeError('advance: no time passes inside `together`; call it before or after');
    }
    const ms = durationOption('advance', 'duration', duration, 'nonNegative');
    return this.grow([], { frame: this.frames + ms });
  }

  /** Several steps in one frame: `(a@5 W4)`. */
  together<U>(steps: (s: Script<T>) => Script<U>): Script<U> {
    if (this.place.group !== undefined) {
      throw new TypeError('together: a group cannot stand in a group; write one `together`');
    }
    const group = Symbol('group');
    const done = steps(this.grow([], { group }));
    if (done.place.group !== group) {
      throw new TypeError('together: `steps` must return the script it was given, with its steps');
    }
    return done.grow([], { group: undefined, frame: done.frames + 1 });
  }

  /** The end: `|`. */
  complete(): Script<T> {
    return this.add({ kind: 'complete' });
  }

  /** The end by an error: `#`. */
  fail(...error: [error?: unknown]): Script<T> {
    return this.add({ kind: 'error', error: error.length > 0 ? error[0] : scriptError });
  }

  /** In an expectation: unsubscribes at the beginning of this frame, `!`. */
  unsubscribe(): Script<T> {
    return this.add({ kind: 'unsubscribe' });
  }

  /** In an expectation: the restore that passes first in a job. */
  restore(): Script<T> {
    return this.add({ kind: 'restore' });
  }

  /**
   * The script in one line of marbles. Letters stand for `values`, `#` for the error; revisions and
   * replaced windows have no marbles.
   */
  toMarbles(): string {
    return printMarbles(this).text;
  }

  /**
   * The script as a block: arrival, event time and watermarks, aligned. A letter has one event time,
   * so an event of the same name at another time has a new letter (also in `values`).
   */
  toLanes(options: LanesOptions = {}): string {
    const { unit = 1 } = options;
    return printLanes(this, durationOption('toLanes', 'unit', unit, 'positive')).text;
  }

  /**
   * The script as a fixture, one message a line.
   * @throws CodecError where a value is no plain data
   */
  toJsonLines(): string {
    return printJsonLines(this.messages, this.epoch);
  }

  /** The TypeScript that builds the script; what has no literal is `values['a']`, or `error`. */
  toBuilder(): string {
    return printBuilder(this);
  }

  /** The script drawn: arrival against event time. See the function `toSvg`. */
  toSvg(options: SvgOptions & PictureOptions<T> = {}): string {
    return toSvg(this, options);
  }

  /** The script drawn for a terminal. See the function `toText`. */
  toText(options: TextOptions & PictureOptions<T> = {}): string {
    return toText(this, options);
  }

  /** The same as `toMarbles`. */
  toString(): string {
    return this.toMarbles();
  }

  private add(step: Unframed): Script<any> {
    const frame = this.frames;
    const barrier = step.kind === 'barrier' ? step.n : this.place.barrier;
    const next = this.place.group === undefined ? frame + 1 : frame;
    return this.grow([{ frame, ...step } as Message], { barrier, frame: next });
  }

  private grow(own: readonly Message[], change: Partial<Place>): Script<any> {
    return new Script(this, own, { ...this.place, ...change });
  }
}
