/** `toValues`: the one way out of event time; below it everything is ordinary RxJS. */
import type { OperatorFunction } from 'rxjs';
import { type Element, isElement } from '../lib/element.js';
import { configError, RetractionError } from '../lib/errors.js';
import { operate } from '../lib/operate.js';

export interface ToValuesConfig {
  /** A withdrawal (`op: '-'`) is an error, is dropped, or is told apart by `op`. @default 'error' */
  readonly retractions?: 'error' | 'skip' | 'mark';
}

/** A value that counts from now on (`'+'`), or an earlier one that no longer does (`'-'`). */
export interface Marked<T> {
  readonly op: '+' | '-';
  readonly value: T;
}

/**
 * Gives the values of events and nothing else: watermarks and control elements end here.
 *
 * ```text
 * arrivals                          a@1     W4  -a@1    b@7     |
 * toValues({ retractions: 'skip' }) a       ·   ·       b       |
 * toValues({ retractions: 'mark' }) {+, a}  ·   {-, a}  {+, b}  |
 * ```
 *
 * *Completion* and errors pass. *State*: none.
 *
 * @param config `'mark'` gives `{ op, value }` for every event
 * @throws TypeError for a wrong option. Down the stream: `RetractionError` at a withdrawal, by default
 * @example
 * clicks$.pipe(watermark({ timestamp: (c) => c.at }), dedupe({ key: (c) => c.id }), toValues());
 */
export function toValues<T>(
  config: ToValuesConfig & { readonly retractions: 'mark' },
): OperatorFunction<Element<T>, Marked<T>>;
export function toValues<T>(
  config?: ToValuesConfig & { readonly retractions?: 'error' | 'skip' },
): OperatorFunction<Element<T>, T>;
export function toValues<T>(config: ToValuesConfig = {}): OperatorFunction<Element<T>, any> {
  const { retractions = 'error' } = config;
  if (!['error', 'skip', 'mark'].includes(retractions)) {
    throw configError('toValues', 'retractions', "'error', 'skip' or 'mark'", retractions);
  }
  return operate<Element<T>, T | Marked<T>>((out) => ({
    next(e: Element<T>) {
      if (!isElement(e)) throw new TypeError('toValues: needs elements; put watermark() before it');
      if (e.kind !== 'event') return;
      if (retractions === 'mark') out.next({ op: e.op ?? '+', value: e.value });
      else if (e.op === undefined) out.next(e.value);
      else if (retractions === 'error') {
        const hint = "give `retractions: 'skip'` or `'mark'`";
        throw new RetractionError('toValues', `a withdrawal is no value; ${hint}`);
      }
    },
    complete: () => out.complete(),
  }));
}
