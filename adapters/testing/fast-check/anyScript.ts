/** Whole scripts by chance: disorder, watermarks, idleness, barriers and ends, as a stream could have them. */
import fc from 'fast-check';
import { type Duration, durationOption } from '../../../lib/duration.js';
import { configError } from '../../../lib/errors.js';
import type { Instant } from '../../../lib/instant.js';
import { Script } from '../script/script.js';
import { epochOption } from '../script/times.js';
import { type Draft, ScriptWriter, type Step } from './scriptWriter.js';

/** Options of `anyScript`. */
export interface AnyScriptOptions<T> {
  /** The values of the events. @default one of the letters a, b, c, d */
  readonly values?: fc.Arbitrary<T>;
  /** How many steps at most, besides the end. @default 20 */
  readonly maxSteps?: number;
  /** How far an event may be behind the newest before it, and W is behind that. @default 10 */
  readonly outOfOrderness?: Duration;
  /** Whether there are also events at or before W. @default false */
  readonly late?: boolean;
  /** Whether the stream turns idle and active. @default true */
  readonly statuses?: boolean;
  /** @default true */
  readonly barriers?: boolean;
  /** The splits of the events, declared first: for a pipeline that begins with `watermark`. @default none */
  readonly splits?: readonly string[];
  /** How the script may end; `'open'`: not at all. @default ['complete'] */
  readonly ends?: readonly Draft['end'][];
  /** Event times are about this. @default 0 */
  readonly epoch?: Instant;
}

/**
 * Gives valid scripts for a whole pipeline.
 *
 * ```text
 * a@-3  W-14  (b@-3 c@-9)  barrier  idle  active  a@6  W-7  7ms  (W∞ |)
 * ```
 *
 * Events are at most `outOfOrderness` behind the newest before them, in times on both sides of the
 * epoch. Watermarks rise, stand at or below `newest − outOfOrderness − 1`, and no event is at or before
 * them but with `late`. An idle stream sends no event and no finite watermark before it is active again.
 * Shrinks to few steps, to times at 0 from the epoch, to one message a frame without pauses.
 *
 * @throws TypeError for a wrong option
 *
 * @example
 * const once = dedupe({ key: (v: string) => v, within: 5 });
 * fc.assert(
 *   fc.property(anyScript({ late: true }), (script) => {
 *     eventTimeTest(({ stream, record, flush }) => {
 *       const one = record(stream(script).pipe(once));
 *       const two = record(stream(script).pipe(once, once));
 *       flush();
 *       expect(String(two)).toBe(String(one));
 *     })();
 *   }),
 * );
 */
export function anyScript<T = string>(options: AnyScriptOptions<T> = {}): fc.Arbitrary<Script<T>> {
  const boundMs = check(options);
  const { maxSteps = 20, splits, ends = ['complete'] } = options;
  const epoch = epochOption('anyScript', options.epoch);
  const far = 3 * boundMs + 5;
  return fc
    .record({
      steps: fc.array(anyStep(options, boundMs), { maxLength: maxSteps, size: 'max' }),
      start: fc.integer({ min: -far, max: far }),
      end: fc.constantFrom(...ends),
      finished: fc.boolean(),
      endTogether: fc.boolean(),
    })
    .map((draft) => {
      const messages = new ScriptWriter(draft, boundMs, epoch).write(splits);
      return Script.of<T>(messages, { epoch });
    });
}

function anyStep<T>(o: AnyScriptOptions<T>, boundMs: number): fc.Arbitrary<Step> {
  const { late = false, statuses = true, barriers = true, splits } = o;
  const value: fc.Arbitrary<unknown> = o.values ?? fc.constantFrom('a', 'b', 'c', 'd');
  const split = splits === undefined ? fc.constant(undefined) : fc.constantFrom(...splits);
  const nothing = { value: fc.constant(undefined), split: fc.constant(undefined) };
  const step = (kind: Step['kind'], min: number, max: number, more = nothing as object) =>
    fc.record({
      kind: fc.constant(kind),
      by: fc.integer({ min, max }),
      together: fc.integer({ min: 0, max: 3 }).map((n) => n === 3),
      ...nothing,
      ...more,
    }) as fc.Arbitrary<Step>;
  return fc.oneof(
    { weight: 8, arbitrary: step('event', -boundMs, 2 * boundMs + 2, { value, split }) },
    { weight: 4, arbitrary: step('watermark', 0, boundMs) },
    { weight: late ? 3 : 0, arbitrary: step('late', 0, boundMs, { value, split }) },
    { weight: statuses ? 2 : 0, arbitrary: step('status', 0, 0) },
    { weight: barriers ? 1 : 0, arbitrary: step('barrier', 0, 0) },
    { weight: 1, arbitrary: step('pause', 1, 20) },
  );
}

function check<T>(o: AnyScriptOptions<T>): number {
  const { maxSteps = 20, outOfOrderness = 10, splits, ends = ['complete'] } = o;
  const demand = (option: string, rule: string, got: unknown, holds: boolean): void => {
    if (!holds) throw configError('anyScript', option, rule, got);
  };
  const whole = Number.isSafeInteger(maxSteps) && maxSteps >= 0;
  demand('maxSteps', 'an integer >= 0', maxSteps, whole);
  const arbitrary = o.values === undefined || o.values instanceof fc.Arbitrary;
  demand('values', 'an arbitrary', o.values, arbitrary);
  const strings = splits?.every((s) => typeof s === 'string') === true && splits.length > 0;
  demand('splits', 'a list of names', splits, splits === undefined || strings);
  const known = ends.every((end) => ['complete', 'error', 'open'].includes(end)) && ends.length > 0;
  demand('ends', "a list of 'complete', 'error' and 'open'", ends, known);
  return durationOption('anyScript', 'outOfOrderness', outOfOrderness, 'nonNegative');
}
