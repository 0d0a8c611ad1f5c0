/** The harness: one operator, or a short pipe, driven by hand, with its state, its clock and its job. */

import type { Chunks } from '../../../lib/chunks.js';
import { decode } from '../../../lib/codec.js';
import { type Duration, durationOption } from '../../../lib/duration.js';
import { event, splitsOf, statusOf, watermarkAt } from '../../../lib/element.js';
import { configError } from '../../../lib/errors.js';
import type { Member } from '../../../lib/membership.js';
import type { Stats } from '../../../lib/stats.js';
import { lineOf } from '../report/line.js';
import type { Message } from '../script/message.js';
import { epochOption, type Time, timeOption } from '../script/times.js';
import { ArrivalClock } from './arrivalClock.js';
import { type Build, Drive, inputsOf } from './drive.js';
import type { HarnessOptions, PushOptions } from './harnessOptions.js';
import { refuseTwins, refuseUnknown, snapshotOf, stateOf, statsOf } from './harnessState.js';
import { type LawScript, messagesOf } from './lawScript.js';

/**
 * Drives an operator by hand. `build` is given the inputs and gives the stream to watch; it is
 * subscribed at the first step. Each step gives what came out in it, in the notation. Arrival time
 * stands still but for `advance`.
 *
 * @example
 * const once = (in$: EventStream<string>) =>
 *   in$.pipe(dedupe({ id: 'once', key: (v) => v, within: 10 }));
 * const before = harness(once);
 * before.push('a', 1);            // 'a@1'
 * before.push('a', 2);            // '·'
 * before.watermark(5);            // 'W5'
 * const after = harness(once);
 * after.restore(before.snapshot());
 * after.push('a', 9);             // '·'
 */
export function harness(build: Build, options: HarnessOptions = {}): Harness {
  return new Harness(build, options);
}

/** One operator at work; see {@link harness}. */
export class Harness {
  /** The arrival clock. */
  readonly scheduler: ArrivalClock;
  private readonly drive: Drive;
  private readonly epoch: number;
  private started = false;
  private taken = 0;

  constructor(
    build: Build,
    private readonly options: HarnessOptions,
  ) {
    this.epoch = epochOption('harness', options.epoch);
    this.scheduler =
      options.scheduler ?? new ArrivalClock(epochOption('harness', options.clock, 'clock'));
    const inputs = inputsOf(build, options.inputs);
    this.drive = new Drive(build, { inputs, clock: this.scheduler });
  }

  /** An event. `at` is ms or a duration from the epoch on, or a calendar instant. */
  push(value: unknown, at: Time, o: PushOptions = {}): string {
    return this.send(event(value, timeOption('push', 'at', at, this.epoch), o), o.input);
  }

  /** Anything at all: a bare value, or an element made by hand. */
  send(x: unknown, input = 0): string {
    return this.into(input, (i) => this.drive.next(x, i));
  }

  /** A whole script, each of its messages at its arrival time, counted from now on. */
  play(script: LawScript, input = 0): string {
    const { values = {} } = this.options;
    const messages = messagesOf(script, { values, epoch: this.epoch });
    const from = this.scheduler.frame;
    return this.step(() => {
      for (const m of messages) {
        this.scheduler.advance(Math.max(from + m.frame - this.scheduler.frame, 0));
        this.drive.send(m, input);
      }
    });
  }

  /** A watermark; like all that follow it goes into every input, unless one is named. */
  watermark(time: Time, input?: number): string {
    const w = watermarkAt(timeOption('watermark', 'time', time, this.epoch));
    return this.into(input, (i) => this.drive.next(w, i));
  }

  /** The input turns idle. */
  idle(input?: number): string {
    return this.into(input, (i) => this.drive.next(statusOf('idle'), i));
  }

  /** The input is active again. */
  active(input?: number): string {
    return this.into(input, (i) => this.drive.next(statusOf('active'), i));
  }

  /** The source declares its splits. */
  splits(splits: readonly string[], input?: number): string {
    return this.into(input, (i) => this.drive.next(splitsOf(splits), i));
  }

  /** A checkpoint barrier, numbered from 1 on unless told otherwise; in the output it counts. */
  barrier(n?: number, input?: number): string {
    return this.step(() => {
      const { controls, got } = this.drive.out;
      const before = controls.length;
      this.drive.barrier(this.chosen(input), n);
      got.push(...controls.slice(before));
    });
  }

  /** The input completes. */
  complete(input?: number): string {
    return this.into(input, (i) => this.drive.complete(i));
  }

  /** The input errors. */
  error(thrown: unknown, input?: number): string {
    return this.into(input, (i) => this.drive.inputs[i]?.error(thrown));
  }

  /** So much arrival time passes; with `paused`, the sources of the job stand still meanwhile. */
  advance(duration: Duration, o: { readonly paused?: boolean } = {}): string {
    const ms = durationOption('advance', 'duration', duration, 'nonNegative');
    return this.step(() => this.scheduler.advance(ms, o.paused));
  }

  /** Downstream leaves. */
  unsubscribe(): void {
    this.step(() => this.drive.out.subscription?.unsubscribe());
  }

  /** Whether the operator still listens to an input. */
  observed(input = 0): boolean {
    this.start();
    return this.drive.inputs[input]?.observed ?? false;
  }

  /**
   * The state of every operator that has an id, as a checkpoint of a job would keep it.
   * @throws Error where an operator holds the barrier back, or has no id
   */
  snapshot(): Uint8Array {
    this.start();
    return snapshotOf(this.drive);
  }

  /**
   * Gives state back, before anything else is sent.
   * @throws Error after the first element, and where the state belongs to another operator
   */
  restore(snapshot: Uint8Array): string {
    if (this.started || this.options.inJob === false) {
      throw new Error('harness: state comes back at the start of a job; make a new harness for it');
    }
    if (!(snapshot instanceof Uint8Array)) {
      throw configError('harness', 'snapshot', 'what snapshot() gave', snapshot);
    }
    const state = decode(snapshot) as ReadonlyMap<string, Chunks>;
    const out = this.step(() => {}, state);
    refuseUnknown(this.drive.members, state);
    return out;
  }

  /** The state of an operator as it would be saved now. @param id may be left out where there is one */
  state(id?: string): Chunks {
    this.start();
    return stateOf(this.drive, id);
  }

  /** The live counters of an operator. @param id may be left out where there is one */
  stats<S extends object = Stats>(id?: string): Readonly<S> {
    return statsOf(this.members, id) as S;
  }

  /** The operators that have registered, as a job sees them. */
  get members(): readonly Member[] {
    this.start();
    return this.drive.members;
  }

  /** What every `watermark` has told the job: each W and status that it emitted. */
  get progress(): readonly { readonly timestamp: number; readonly idle: boolean }[] {
    return this.drive.progress;
  }

  /** Everything that came out, by arrival frame: ms since the beginning. */
  get outputs(): readonly Message[] {
    this.start();
    return this.drive.out.got;
  }

  /** What came out since the last time. */
  take(): readonly Message[] {
    const taken = this.outputs.slice(this.taken);
    this.taken = this.outputs.length;
    return taken;
  }

  /** Everything that came out, in the notation. */
  text(): string {
    return this.line(this.outputs, 0);
  }

  private start(state?: ReadonlyMap<string, Chunks>): void {
    if (this.started) return;
    this.started = true;
    this.drive.start(this.options.inJob ?? true, state);
    refuseTwins(this.drive.members);
  }

  private into(input: number | undefined, send: (input: number) => void): string {
    return this.step(() => {
      for (const i of this.chosen(input)) send(i);
    });
  }

  private chosen(input: number | undefined): readonly number[] {
    const { inputs } = this.drive;
    if (input === undefined) return this.drive.open();
    if (inputs[input] !== undefined) return [input];
    throw configError('harness', 'input', `an integer from 0 to ${inputs.length - 1}`, input);
  }

  private step(act: () => void, state?: ReadonlyMap<string, Chunks>): string {
    const { got } = this.drive.out;
    const before = got.length;
    const from = this.scheduler.frame;
    this.start(state);
    act();
    return this.line(got.slice(before), from);
  }

  private line(messages: readonly Message[], from: number): string {
    const { values = {} } = this.options;
    return lineOf(messages, { from, epoch: this.epoch, values });
  }
}
