/** One operator driven by hand: its inputs, what it says, and its part in what looks like a job. */
import { defer, Observable, Subject, type Subscription } from 'rxjs';
import type { Chunks } from '../../../lib/chunks.js';
import { decode, encode, encodeChunks } from '../../../lib/codec.js';
import { type Barrier, barrierAt, type Element, restoreWith } from '../../../lib/element.js';
import type { Member, Membership } from '../../../lib/membership.js';
import { plainChunks } from '../../../lib/page.js';
import { relay, scribe } from '../run/relay.js';
import type { Message } from '../script/message.js';
import { ArrivalClock } from './arrivalClock.js';

/** Builds what is to be driven over its inputs; one of bare values is annotated as `Observable<any>`. */
export type Build = (...inputs: Observable<Element<any>>[]) => Observable<unknown>;

/** How many inputs a function takes, where nobody says. */
export function inputsOf(build: Build, given: number | undefined): number {
  return given ?? Math.max(build.length, 1);
}

/** The state of every operator with an id, encoded in the turn of the barrier, as in a job. */
export type Saved = ReadonlyMap<string, Uint8Array>;

export function decodeAll(saved: Saved): Map<string, Chunks> {
  return new Map([...saved].map(([id, bytes]) => [id, decode(bytes) as Chunks]));
}

export interface DriveOptions {
  readonly inputs: number;
  readonly clock?: ArrivalClock;
  /** Called after each message but the ends. */
  readonly onMessage?: (out: Recorder) => void;
}

/** One operator at work; the same observable can be subscribed again over new inputs. */
export class Drive {
  inputs: Subject<unknown>[];
  readonly observable: Observable<unknown>;
  readonly clock: ArrivalClock;
  readonly members: Member[] = [];
  readonly progress: { readonly timestamp: number; readonly idle: boolean }[] = [];
  out: Recorder;
  /** The frame at which the inputs began. */
  private begun = 0;
  private readonly completed = new Set<number>();
  private readonly final = new Map<string, () => Chunks>();
  /** What each operator got back: the bytes of pages that it has not written anew. */
  private readonly restored = new Map<string, ReadonlyMap<string, Uint8Array>>();
  private lastBarrier = 0;

  constructor(build: Build, { inputs, clock = new ArrivalClock(), onMessage }: DriveOptions) {
    this.clock = clock;
    this.inputs = Array.from({ length: inputs }, () => new Subject());
    const held = this.inputs.map((_, i) => defer(() => this.inputs[i] as Subject<any>));
    this.observable = build(...held);
    this.out = new Recorder(clock, onMessage);
  }

  /** Subscribes; with `join`, a restore passes first, as in a job. */
  start(join = true, state: ReadonlyMap<string, Chunks> = new Map()): void {
    this.out.watch(this.observable);
    if (join) this.restore(state);
  }

  /** Subscribes the same observable anew, over new inputs. */
  again(): void {
    this.inputs = this.inputs.map(() => new Subject());
    this.completed.clear();
    this.begun = this.clock.frame;
    this.out = new Recorder(this.clock);
  }

  /** Lets arrival time pass until `frame`, counted from the beginning of the inputs. */
  reach(frame: number): void {
    this.clock.advance(Math.max(this.begun + frame - this.clock.frame, 0));
  }

  next(x: unknown, input: number): void {
    this.inputs[input]?.next(x);
  }

  /** Sends what a message of a script says. */
  send(m: Message, input: number): void {
    const to = this.inputs[input];
    if (m.kind === 'complete') this.complete(input);
    else if (to !== undefined) relay(m, to);
  }

  complete(input: number): void {
    this.completed.add(input);
    this.inputs[input]?.complete();
  }

  /** The inputs that have not completed. */
  open(): number[] {
    return this.inputs.map((_, i) => i).filter((i) => !this.completed.has(i));
  }

  /** Whether anybody still listens to an input. */
  observed(): boolean {
    return this.inputs.some((input) => input.observed);
  }

  /** Sends barrier n, the next one where absent, into these inputs; gives what is reported in that turn. */
  barrier(inputs: readonly number[], n = this.lastBarrier + 1): Map<string, Uint8Array> {
    this.lastBarrier = Math.max(n, this.lastBarrier);
    const saved = new Map<string, Uint8Array>();
    const report: Barrier['report'] = (id, state) => void saved.set(id, this.bytes(id, state()));
    for (const i of inputs) this.next(barrierAt(n, report), i);
    return saved;
  }

  /** The state at a barrier through every open input; of what has ended, its last. */
  save(): Map<string, Uint8Array> {
    const saved = this.barrier(this.open());
    for (const [id, state] of this.final)
      if (!saved.has(id)) saved.set(id, this.bytes(id, state()));
    return saved;
  }

  private bytes(id: string, chunks: Chunks): Uint8Array {
    return encode(plainChunks(chunks, this.restored.get(id)));
  }

  private restore(state: ReadonlyMap<string, Chunks>): void {
    const register = (member: Member): Membership => {
      this.members.push(member);
      const { id } = member;
      return {
        restored: id === undefined ? undefined : shuffled(state.get(id)),
        finished: (last) => void (id !== undefined && this.final.set(id, last)),
        advanced: (timestamp, idle) => void this.progress.push({ timestamp, idle }),
        clock: this.clock.job,
        pending: () => {},
      };
    };
    for (const [id, chunks] of state) this.restored.set(id, encodeChunks(chunks));
    for (const i of this.inputs.keys()) this.next(restoreWith(register), i);
  }
}

/* A store may give the pieces back in another order. */
function shuffled(chunks: Chunks | undefined): Chunks | undefined {
  return chunks && new Map([...chunks].reverse());
}

/** What came out; barriers and restores are set apart. */
export class Recorder {
  readonly got: Message[] = [];
  /** Barriers and restores that left. */
  readonly controls: Message[] = [];
  subscription: Subscription | undefined;

  constructor(
    private readonly clock: { readonly frame: number },
    private readonly onMessage?: (out: Recorder) => void,
  ) {}

  watch(observable: Observable<unknown>): void {
    const held = new Observable((s) => {
      this.subscription = s;
      return observable.subscribe(s);
    });
    held.subscribe(scribe(this.clock, (m) => this.take(m)));
  }

  private take(m: Message): void {
    if (m.kind === 'barrier' || m.kind === 'restore') {
      this.controls.push(m);
      return;
    }
    this.got.push(m);
    if (m.kind !== 'complete' && m.kind !== 'error') this.onMessage?.(this);
  }
}
