/** `values`: ordinary synchronous operators in the middle of a stream in event time. */
import { type Observable, type OperatorFunction, Subject, type Subscription } from 'rxjs';
import {
  type Element,
  type EventElement,
  isElement,
  watermarkAt,
  withValue,
} from '../lib/element.js';
import { AsyncInValuesError, UserFunctionError } from '../lib/errors.js';
import { type InTime, type Output, operate } from '../lib/operate.js';

type Op<T, R> = OperatorFunction<T, R>;

/**
 * Feeds the value of each event to ordinary operators; what they emit in that turn keeps the time,
 * split, revision and op of the event. Watermarks and control elements pass around them.
 *
 * ```text
 * arrivals                      a@1  b@7  W4  c@3
 * values(filter(v => v !== b))  a@1  ·    W4  c@3
 * ```
 *
 * Emit nothing, once or many times, but in the turn of the event: `map`, `filter`, `scan`, `mergeMap`
 * to an array, `take`. What delays, buffers or folds (`debounceTime`, `bufferCount`, `reduce`,
 * `startWith`) does not know event time: an emission outside the turn, or while the operators
 * complete, is an `AsyncInValuesError`. Use `mapAsync`, or a window.
 *
 * *Completion.* When the operators complete (`take`), W = +∞ leaves and the stream completes.
 *
 * *State.* That of the operators given (`scan`): it is not in any checkpoint.
 *
 * @param ops as in `pipe`
 * @throws Down the stream: `UserFunctionError` when an operator errors or a function in it throws,
 *   `AsyncInValuesError`
 * @example
 * clicks$.pipe(watermark({ timestamp: (c) => c.at }), values(filter((c) => c.valid), map((c) => c.page)));
 */
export function values<T>(): InTime<T, T>;
export function values<T, A>(a: Op<T, A>): InTime<T, A>;
export function values<T, A, B>(a: Op<T, A>, b: Op<A, B>): InTime<T, B>;
export function values<T, A, B, C>(a: Op<T, A>, b: Op<A, B>, c: Op<B, C>): InTime<T, C>;
export function values<T, A, B, C, D>(
  ...ops: [Op<T, A>, Op<A, B>, Op<B, C>, Op<C, D>]
): InTime<T, D>;
export function values<T, A, B, C, D, E>(
  ...ops: [Op<T, A>, Op<A, B>, Op<B, C>, Op<C, D>, Op<D, E>]
): InTime<T, E>;
export function values<T, A, B, C, D, E, F>(
  ...ops: [Op<T, A>, Op<A, B>, Op<B, C>, Op<C, D>, Op<D, E>, Op<E, F>]
): InTime<T, F>;
export function values<T, A, B, C, D, E, F>(
  ...ops: [Op<T, A>, Op<A, B>, Op<B, C>, Op<C, D>, Op<D, E>, Op<E, F>, ...Op<any, any>[]]
): InTime<T, unknown>;
export function values(...ops: Op<any, any>[]): InTime<any, any> {
  return operate((out) => new Detour(ops, out));
}

/** The way of the values around time, and back in. */
class Detour {
  private readonly fed = new Subject<unknown>();
  private readonly subscription: Subscription;
  private turn: EventElement<unknown> | undefined;
  private origin = 0;
  private ended = false;
  private completing = false;

  constructor(
    ops: readonly Op<any, any>[],
    private readonly out: Output<Element<unknown>>,
  ) {
    const led = ops.reduce<Observable<unknown>>((source, op) => op(source), this.fed);
    this.subscription = led.subscribe({
      next: (value) => this.back(value),
      error: (thrown) => this.out.error(new UserFunctionError('values', 'ops', thrown)),
      complete: () => this.end(),
    });
  }

  next(e: Element<unknown>): void {
    if (!isElement(e)) throw new TypeError('values: needs elements; put watermark() before it');
    if (e.kind === 'event') {
      this.turn = e;
      this.fed.next(e.value);
      this.turn = undefined;
      return;
    }
    if (e.kind === 'watermark') {
      this.origin = e.origin;
      this.ended = e.timestamp === Infinity;
    }
    this.out.next(e);
  }

  complete(): void {
    this.completing = true;
    this.fed.complete();
  }

  dispose(): void {
    this.subscription?.unsubscribe();
  }

  /* What is thrown here would be lost in the operators: an error goes down the stream itself. */
  private back(value: unknown): void {
    if (this.turn !== undefined) {
      this.out.next(withValue(this.turn, value));
      return;
    }
    const when = this.completing ? 'while it completed' : 'outside the turn of an event';
    this.out.error(new AsyncInValuesError(`an operator emitted ${when}`));
  }

  private end(): void {
    if (!this.ended) this.out.next(watermarkAt(Infinity, this.origin));
    this.out.complete();
  }
}
