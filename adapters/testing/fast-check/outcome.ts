/** What a pipeline makes of events in one order of arrival, and in what two outcomes differ. */
import { isDeepStrictEqual } from 'node:util';
import { type Observable, Subject } from 'rxjs';
import { type Element, type EventElement, isElement } from '../../../lib/element.js';
import { errorText, fullText } from '../report/show.js';

/** What a pipeline is sent: elements with their watermarks for events that are elements, else the values. */
export type Sent<T> = T extends EventElement<infer V> ? Element<V> : T;

/**
 * The pipeline of a law. What is given to `door` counts as a result too: hand it to `late` and the other
 * side doors whose deliveries are part of the law.
 */
export type Pipeline<T, R> = (
  source: Observable<Sent<T>>,
  door: (thing: unknown) => void,
) => Observable<R>;

/** A result of a pipeline; of elements the events alone. */
export type Emitted<R> = [Extract<R, EventElement<any>>] extends [never]
  ? R
  : Extract<R, EventElement<any>>;

/** One result; the end is one too, unless the pipeline completes. */
export interface Result {
  readonly from: 'output' | 'door' | 'error' | 'open';
  /** What counts of it in a comparison. */
  readonly value: unknown;
  /** The event time of an event. */
  readonly timestamp?: number;
  readonly op?: '-' | undefined;
}

/** The two outcomes have not the same results; `at`: the same ones, in another order from there on. */
export interface Difference {
  readonly missing: readonly Result[];
  readonly extra: readonly Result[];
  readonly at?: number;
}

interface Comparison {
  readonly compare?: ((a: any, b: any) => boolean) | undefined;
  readonly ordered?: boolean | undefined;
}

/** Sends items to a new subscription of the pipeline, all in one turn, and gives what it has answered by then. */
export function outcomeOf(
  pipeline: Pipeline<any, any>,
  items: Iterable<unknown>,
  counts: ((result: any) => unknown) | undefined,
): Result[] {
  const source = new Subject<unknown>();
  const raw: Result[] = [];
  let open = true;
  const end = (...last: readonly Result[]): void => {
    open = false;
    raw.push(...last);
  };
  const door = (value: unknown) => void raw.push({ from: 'door', value });
  const subscription = pipeline(source.asObservable(), door).subscribe({
    next: (value: unknown) => void raw.push({ from: 'output', value }),
    error: (value: unknown) => end({ from: 'error', value }),
    complete: () => end(),
  });
  for (const item of items) {
    if (!open) break;
    source.next(item);
  }
  source.complete();
  subscription.unsubscribe();
  if (open) raw.push({ from: 'open', value: undefined });
  return raw.flatMap((r) => (r.from === 'output' ? emitted(r, counts) : [r]));
}

function emitted(r: Result, counts: ((result: any) => unknown) | undefined): Result[] {
  const { from, value: x } = r;
  const element = isElement(x) ? x : undefined;
  if (element !== undefined && element.kind !== 'event') return [];
  if (counts !== undefined) return [{ from, value: counts(x) }];
  if (element === undefined) return [r];
  return [{ from, value: element.value, timestamp: element.timestamp, op: element.op }];
}

/** In what the results differ; undefined where they are the same. O(results) without a `compare` of the user's own. */
export function differenceOf(
  expected: readonly Result[],
  got: readonly Result[],
  { compare, ordered = false }: Comparison,
): Difference | undefined {
  const same = sameBy(compare ?? isDeepStrictEqual);
  const at = expected.findIndex((e, i) => got[i] === undefined || !same(e, got[i]));
  if (at < 0 && expected.length === got.length) return undefined;
  const start = at < 0 ? expected.length : at;
  const boxOf = compare === undefined ? textOf : () => '';
  const boxes = new Map<string, Result[]>();
  for (const e of expected.slice(start)) {
    const box = boxes.get(boxOf(e));
    if (box === undefined) boxes.set(boxOf(e), [e]);
    else box.push(e);
  }
  const taken = new Set<Result>();
  const extra = got.slice(start).filter((g) => {
    const box = boxes.get(boxOf(g)) ?? [];
    const i = box.findIndex((e) => same(e, g));
    if (i >= 0) for (const e of box.splice(i, 1)) taken.add(e);
    return i < 0;
  });
  const missing = expected.slice(start).filter((e) => !taken.has(e));
  if (missing.length + extra.length > 0) return { missing, extra };
  return ordered ? { missing, extra, at: start } : undefined;
}

/* The results of event-time order are compared with those of every other. */
const texts = new WeakMap<Result, string>();

function textOf(r: Result): string {
  const text = texts.get(r) ?? fullText(r.value);
  texts.set(r, text);
  return text;
}

function sameBy(compare: (a: unknown, b: unknown) => boolean): (a: Result, b: Result) => boolean {
  return (a, b) => {
    if (a.from !== b.from || a.timestamp !== b.timestamp || a.op !== b.op) return false;
    return a.from === 'error'
      ? errorText(a.value) === errorText(b.value)
      : compare(a.value, b.value);
  };
}
