/** The one RxJS file of the foundation: how a state machine becomes an operator. */
import { Observable, type OperatorFunction, Subscriber } from 'rxjs';
import { type Element, type EventElement, isElement } from './element.js';
import type { Emitter, Logic } from './logic.js';
import { Stage, type StageConfig } from './stage.js';
import type { Stats } from './stats.js';

/** A stream in event time. */
export type EventStream<T> = Observable<Element<T>>;

/** An operator between streams in event time. */
export type InTime<T, R> = OperatorFunction<Element<T>, Element<R>>;

/** Where an operator emits. `closed`: downstream wants no more; an emission loop tests it each turn. */
export interface Output<T> {
  next(value: T): void;
  error(thrown: unknown): void;
  complete(): void;
  readonly closed: boolean;
}

/** What an operator does with its inputs, numbered from 0. It completes the output itself. */
export interface Handlers {
  next(value: any, input: number): void;
  complete(input: number): void;
  /** Called once, whatever ended the subscription. */
  dispose?(): void;
}

/** Runs `task` as a turn of its own: after the element in work, never inside it. */
export type Turn = (task: () => void) => void;

/**
 * Runs what arrives one at a time. What arrives while the operator emits (re-entrancy) waits in
 * order, so a watermark that comes inside a firing cannot fire a window twice or out of order.
 * A throw goes down the stream as an error.
 */
class Turns {
  private busy = false;
  private waiting: (() => void)[] = [];
  handlers: Handlers | undefined;

  constructor(private readonly out: Output<unknown>) {}

  next(value: unknown, input: number): void {
    if (this.out.closed) return;
    if (this.busy) {
      this.waiting.push(() => this.handlers?.next(value, input));
      return;
    }
    this.busy = true;
    try {
      this.handlers?.next(value, input);
      if (this.waiting.length > 0) this.drain();
    } catch (thrown) {
      this.fail(thrown);
    }
    this.busy = false;
  }

  run(task: () => void): void {
    if (this.out.closed) return;
    if (this.busy) {
      this.waiting.push(task);
      return;
    }
    this.busy = true;
    try {
      task();
      if (this.waiting.length > 0) this.drain();
    } catch (thrown) {
      this.fail(thrown);
    }
    this.busy = false;
  }

  fail(thrown: unknown): void {
    this.waiting.length = 0;
    if (!this.out.closed) this.out.error(thrown);
  }

  private drain(): void {
    for (let i = 0; i < this.waiting.length && !this.out.closed; i++) {
      this.waiting[i]?.();
      if (i >= 1024) {
        this.waiting.splice(0, i + 1);
        i = -1;
      }
    }
    this.waiting.length = 0;
  }
}

/* Linked to its destination before the source runs, so `take(1)` stops a synchronous source. */
class Input extends Subscriber<unknown> {
  constructor(
    out: Subscriber<any>,
    private readonly turns: Turns,
    private readonly index: number,
  ) {
    super(out);
  }
  protected override _next(value: unknown): void {
    this.turns.next(value, this.index);
  }
  protected override _error(thrown: unknown): void {
    this.turns.run(() => this.turns.fail(thrown));
  }
  protected override _complete(): void {
    this.turns.run(() => this.turns.handlers?.complete(this.index));
    this.unsubscribe();
  }
}

/**
 * Makes an observable of several inputs. `init` runs per subscription, so state is never shared. The
 * inputs are subscribed last to first: a second input before the source.
 */
export function combineInputs<Out>(
  inputs: readonly Observable<unknown>[],
  init: (out: Output<Out>, turn: Turn) => Handlers,
): Observable<Out> {
  return new Observable<Out>((subscriber) => {
    const turns = new Turns(subscriber);
    try {
      turns.handlers = init(subscriber, (task) => turns.run(task));
    } catch (thrown) {
      subscriber.error(thrown);
      return;
    }
    subscriber.add(() => turns.handlers?.dispose?.());
    for (let i = inputs.length - 1; i >= 0 && !subscriber.closed; i--) {
      inputs[i]?.subscribe(new Input(subscriber, turns, i));
    }
  });
}

/** Makes an operator of one input. */
export function operate<In, Out>(
  init: (out: Output<Out>, turn: Turn) => Handlers,
): OperatorFunction<In, Out> {
  return (source) => combineInputs([source], init);
}

/** What names and shows an operator made by {@link stageOperator}. */
export interface StageOptions {
  /** Names the operator in errors. */
  readonly operator: string;
  /** Names the state in checkpoints; a job needs it. */
  readonly id?: string | undefined;
  /** What the meaning of the state depends on (sizes, bounds): state of other settings is refused. */
  readonly settings?: StageConfig['settings'];
  /** What an input does that was idle and wakes behind the output. @default 'hold' */
  readonly onResume?: StageConfig['onResume'];
  /** Told once per subscription with the live counters of its logic. */
  readonly stats?: ((live: any) => void) | undefined;
}

/* Counts what leaves, for every stage in one place. */
class StageOutput<Out> implements Emitter<Out> {
  stats: Stats | undefined;

  constructor(private readonly out: Output<Element<Out>>) {}

  get closed(): boolean {
    return this.out.closed;
  }

  emit(e: EventElement<Out>): void {
    if (this.stats !== undefined && !this.out.closed) this.stats.out++;
    this.out.next(e);
  }
}

/**
 * Makes an operator of a state: one {@link Logic} per subscription, and around it what every operator
 * must do. Elements come one at a time, also where one arrives while the logic emits; several inputs
 * have one W, the least of those that count; W leaves after what it released; barriers are aligned,
 * state is saved and given back; idle does not overtake what is held.
 *
 * ```text
 * arrivals    a@1  b@2  a@3  W2        W4        a@2
 * lastPerKey   ·    ·    ·   (b@2 W2)  (a@3 W4)  ·
 * ```
 *
 * *State.* That of the logic. `id` names it; without one it is in no checkpoint.
 *
 * @param inputs are subscribed last to first, and numbered as they stand
 * @param make is called once per subscription
 * @throws TypeError down the stream, when a value that is no element arrives
 * @example
 * type Held<T> = readonly [key: string, value: T, time: number];
 *
 * class LastPerKey<T> implements Logic {
 *   readonly stats = newStats();
 *   private held = new Map<string, EventElement<T>>();
 *   private w = -Infinity;
 *
 *   constructor(
 *     private readonly key: (value: T) => string,
 *     private readonly out: Emitter<T>,
 *   ) {}
 *
 *   event(e: EventElement<T>): void {
 *     this.stats.in++;
 *     if (e.timestamp <= this.w) return void this.stats.late++;
 *     this.stats.accepted++;
 *     const key = this.key(e.value);
 *     if (e.timestamp >= (this.held.get(key)?.timestamp ?? -Infinity)) this.held.set(key, e);
 *     setLive(this.stats, this.held.size);
 *   }
 *
 *   advance(w: number): void {
 *     this.w = w;
 *     const due = [...this.held].filter(([, e]) => e.timestamp <= w);
 *     for (const [key, e] of due.sort(([, a], [, b]) => a.timestamp - b.timestamp)) {
 *       if (this.out.closed) return;
 *       this.held.delete(key);
 *       this.out.emit(e);
 *     }
 *     setLive(this.stats, this.held.size);
 *   }
 *
 *   waiting(): number {
 *     return this.held.size;
 *   }
 *
 *   save(): Chunks {
 *     const held = [...this.held].map(([key, e]): Held<T> => [key, e.value, e.timestamp]);
 *     return new Map([['last', { w: this.w, held }]]);
 *   }
 *
 *   restore(chunks: Chunks): void {
 *     const saved = chunks.get('last') as { w: number; held: Held<T>[] };
 *     this.w = saved.w;
 *     this.held = new Map(saved.held.map(([key, value, time]) => [key, event(value, time)]));
 *   }
 * }
 *
 * export function lastPerKey<T>(config: { id?: string; key: (value: T) => string }): InTime<T, T> {
 *   const { id, key } = config;
 *   return (in$) =>
 *     stageOperator<T>([in$], { operator: 'lastPerKey', id }, (out) => new LastPerKey(key, out));
 * }
 */
export function stageOperator<Out>(
  inputs: readonly Observable<Element<unknown>>[],
  options: StageOptions,
  make: (out: Emitter<Out>) => Logic,
): Observable<Element<Out>> {
  const { operator, id, settings, onResume } = options;
  return combineInputs<Element<Out>>(inputs, (out, turn) => {
    const emitter = new StageOutput<Out>(out);
    const logic = make(emitter);
    emitter.stats = logic.stats;
    const config = { operator, id, settings, onResume, inputs: inputs.length, turn };
    const stage = new Stage(config, logic, out);
    options.stats?.(logic.stats);
    return {
      next(e, input) {
        if (!isElement(e)) {
          throw new TypeError(`${operator}: needs elements; put watermark() before it`);
        }
        stage.next(e, input);
      },
      complete: (input) => stage.complete(input),
      dispose: () => stage.leave(),
    };
  });
}
