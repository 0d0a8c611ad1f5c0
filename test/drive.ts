/** One operator driven by hand, and a recorder of what it says: what the matrix is made of. */
import { inspect } from 'node:util';
import { defer, Observable, Subject, type Subscription } from 'rxjs';
import { type Message, messageOf, sentBy, type Values } from '../adapters/testing/message.js';
import { parseMarbles } from '../adapters/testing/notation.js';
import { printMessage } from '../adapters/testing/print.js';
import {
  type Barrier,
  barrierAt,
  type Chunks,
  type Membership,
  type Restore,
  restoreWith,
} from '../lib/element.js';

/** The inputs of an operator; one that has a single input looks at the first alone. */
export type Inputs = readonly [Observable<any>, Observable<any>];

/** Builds the operator over its inputs: a new one at each call, its state saved under `id`. */
export type Make = (inputs: Inputs, id: string) => Observable<unknown>;

export interface Script {
  /** One script an input, without its end; tokens of one frame go to the first input first. */
  readonly inputs: readonly string[];
  readonly values?: Values;
}

export interface Step {
  readonly input: number;
  /** What goes in; undefined completes the input. */
  readonly element: unknown;
}

/** The name under which the operator saves its state. */
export const ID = 'operator';

/** One operator at work, its inputs in the hand. */
export class Drive {
  inputs: Subject<unknown>[];
  readonly observable: Observable<unknown>;
  out: Recorder;
  private readonly completed = new Set<number>();

  constructor(
    make: Make,
    count: number,
    private readonly settle: () => Promise<void>,
    onLine?: (out: Recorder) => void,
  ) {
    this.inputs = Array.from({ length: count }, () => new Subject());
    const inputs = this.inputs.map((_, i) => defer(() => this.inputs[i] as Subject<unknown>));
    this.observable = make(inputs as unknown as Inputs, ID);
    this.out = new Recorder(onLine);
    this.out.watch(this.observable);
  }

  /** Subscribes the same observable anew, over new inputs. */
  again(): Drive {
    this.inputs = this.inputs.map(() => new Subject());
    this.completed.clear();
    this.out = new Recorder();
    this.out.watch(this.observable);
    return this;
  }

  push(step: Step): void {
    const input = this.inputs[step.input];
    if (step.element !== undefined) {
      input?.next(step.element);
      return;
    }
    this.completed.add(step.input);
    input?.complete();
  }

  async run(steps: readonly Step[]): Promise<void> {
    for (const step of steps) {
      this.push(step);
      await this.settle();
    }
  }

  /** The inputs that have not completed. */
  open(): number[] {
    return this.inputs.map((_, i) => i).filter((i) => !this.completed.has(i));
  }

  /** A control element goes through at once, and leaves once. */
  control(send: () => void): void {
    const before = this.out.controls;
    send();
    expect(this.out.controls - before).toBeLessThanOrEqual(1);
  }

  restore(state: Chunks | undefined): void {
    const clock = { now: () => 0, running: () => 0 };
    const register: Restore['register'] = (member): Membership => {
      expect(member.id).toBe(ID);
      return { restored: state, finished: () => {}, advanced: () => {}, clock };
    };
    for (const input of this.inputs) input.next(restoreWith(register));
  }

  /** The state at barrier n; no chunks of an operator that holds nothing. */
  async saved(n: number, settle: () => Promise<void>): Promise<Chunks> {
    let state: Chunks = new Map();
    const report: Barrier['report'] = (id, chunks) => {
      expect(id).toBe(ID);
      state = chunks;
    };
    this.control(() => {
      for (const i of this.open()) this.inputs[i]?.next(barrierAt(n, report));
    });
    await settle();
    return state;
  }
}

/** What came out, as text that can be compared; barriers and restores are only counted. */
export class Recorder {
  readonly lines: string[] = [];
  readonly got: Message[] = [];
  controls = 0;
  subscription: Subscription | undefined;

  constructor(private readonly onLine?: (out: Recorder) => void) {}

  watch(observable: Observable<unknown>): void {
    const held = new Observable((s) => {
      this.subscription = s;
      return observable.subscribe(s);
    });
    held.subscribe({
      next: (x) => this.take(messageOf(x, 0), x),
      error: (error) => this.take({ kind: 'error', frame: 0, error }),
      complete: () => this.take({ kind: 'complete', frame: 0 }),
    });
  }

  private take(got: Message, x?: unknown): void {
    if (got.kind === 'barrier' || got.kind === 'restore') {
      this.controls++;
      return;
    }
    const { split, revision, replaces } = (x ?? {}) as Record<string, unknown>;
    const more = { split, revision, replaces };
    const known = got.kind === 'event' && Object.values(more).some((v) => v !== undefined);
    this.got.push(got);
    this.lines.push(printMessage(got, print) + (known ? ` ${print(more)}` : ''));
    if (got.kind !== 'complete' && got.kind !== 'error') this.onLine?.(this);
  }
}

function print(value: unknown): string {
  return inspect(value, { depth: 8, breakLength: Infinity, maxArrayLength: null });
}

/** The steps of a script: by frame, then by input; at the end every input completes. */
export function stepsOf({ inputs, values = {} }: Script): Step[] {
  const timed = inputs.flatMap((text, input) =>
    parseMarbles(text, { values }).map((m) => ({ frame: m.frame, input, element: sentBy(m) })),
  );
  timed.sort((a, b) => a.frame - b.frame || a.input - b.input);
  return [...timed, ...inputs.map((_, input) => ({ input, element: undefined }))];
}
