/** `union`: several streams in event time become one; time is that of the slowest. Holds no events. */
import { isObservable, type Observable } from 'rxjs';
import type { Element, EventElement } from '../lib/element.js';
import { configError } from '../lib/errors.js';
import type { Emitter, Logic } from '../lib/logic.js';
import { type EventStream, stageOperator } from '../lib/operate.js';
import { newStats, type Stats, type StatsDoor } from '../lib/stats.js';

export interface UnionConfig {
  /** Names the state (its W and status) in checkpoints; a job needs it. */
  readonly id?: string | undefined;
  /** Told once per subscription with its live counters. */
  readonly stats?: StatsDoor | undefined;
}

type Streams<A extends readonly unknown[]> = readonly [
  ...{ [K in keyof A]: Observable<Element<A[K]>> },
];

/**
 * Merges streams in event time: events pass as they come, W is the least of the inputs'.
 *
 * ```text
 * a$            a@1  W0  ·    ·   a@9  W8  ·   |    ·
 * b$            ·    ·   b@2  W4  ·    ·   W6  ·    W9
 * union(a$, b$) a@1  ·   b@2  W0  a@9  W4  W6  ·    W9
 * ```
 *
 * *Watermarks* have an origin of their own. An input that is idle or has completed leaves the min; one
 * that wakes behind the output is left out until it has caught up, its events may be late. When the
 * last active input turns idle, the greatest W of the inputs that have not completed is emitted if it
 * is greater, then *idle*.
 *
 * *Completion*: when every input has completed, W = +∞, then complete; the first error passes at once.
 *
 * *State.* One W per input. O(log inputs) a watermark. It never waits and never queues: inputs are read as they come.
 *
 * @param streams at least one; each brings its own `watermark`. A `UnionConfig` may stand first
 * @throws TypeError where there is no stream. Down the stream: WatermarkOriginError when one input has
 *   watermarks of two origins
 * @example
 * union(web$.pipe(watermark({ timestamp: (e) => e.at })), app$.pipe(watermark({ timestamp: (e) => e.time })));
 */
export function union<A extends readonly unknown[]>(
  config: UnionConfig,
  ...streams: Streams<A>
): EventStream<A[number]>;
export function union<A extends readonly unknown[]>(...streams: Streams<A>): EventStream<A[number]>;
export function union(
  first: UnionConfig | EventStream<unknown>,
  ...rest: readonly EventStream<unknown>[]
): EventStream<unknown> {
  const config = isObservable(first) ? {} : first;
  const streams = isObservable(first) ? [first, ...rest] : rest;
  if (streams.length === 0 || !streams.every((s) => isObservable(s))) {
    throw configError('union', 'streams', 'one or more observables of elements', streams);
  }
  const options = {
    operator: 'union',
    id: config.id,
    stats: config.stats,
    settings: { inputs: streams.length },
    onResume: 'ignore',
  } as const;
  /* Inputs are subscribed last to first; here the first is to come first, as in `merge`. */
  return stageOperator([...streams].reverse(), options, (out) => new Passing(out));
}

/** Events pass; the shell does the rest. */
class Passing implements Logic {
  readonly stats: Stats = newStats();

  constructor(private readonly out: Emitter<unknown>) {}

  event(e: EventElement<unknown>): void {
    this.stats.in++;
    this.stats.accepted++;
    this.out.emit(e);
  }

  advance(): void {}

  waiting(): number {
    return 0;
  }

  save(): ReadonlyMap<string, unknown> {
    return new Map();
  }

  restore(): void {}
}
