/** `intervalJoin`: joins two event streams by key and distance in event time. Memory: the rows of one span of event time. */
import type { Observable, OperatorFunction } from 'rxjs';
import type { Door } from '../lib/doors.js';
import { type Duration, durationOption } from '../lib/duration.js';
import type { Element } from '../lib/element.js';
import { configError } from '../lib/errors.js';
import type { JoinInvalid, JoinLate, JoinSettings, JoinType } from '../lib/joinSide.js';
import { type Joined, JoinState, type JoinStats } from '../lib/joinState.js';
import type { Key } from '../lib/key.js';
import { stageOperator } from '../lib/operate.js';
import type { StatsDoor } from '../lib/stats.js';

/** Which rows meet, and what becomes of those that meet none. */
export interface IntervalJoinConfig<L, R, K extends Key, J extends JoinType = 'inner'> {
  /** The key of a left row; rows meet only where keys are equal. */
  readonly leftKey: (left: L) => K;
  /** The key of a right row. */
  readonly rightKey: (right: R) => K;
  /** Least distance `right.timestamp − left.timestamp`; may be negative. */
  readonly lower: Duration;
  /** Greatest distance; `lower <= upper`. */
  readonly upper: Duration;
  /** `'left'` also gives each left row that met none, with `right: undefined`. @default 'inner' */
  readonly type?: J | undefined;
  /** Which of the bounds belong to the interval. @default '[]' */
  readonly bounds?: '[]' | '[)' | '(]' | '()' | undefined;
  /** How far behind W a row is still taken; rows live, and outer rows wait, so much longer. @default 0 */
  readonly allowedLateness?: Duration | undefined;
  /**
   * `'join'`: a row is late by the joined W. `'own'`: by the W of its own side; stricter, and the
   * result does not depend on how the two inputs interleave. @default 'join'
   */
  readonly lateBy?: 'join' | 'own' | undefined;
  /** Gets late rows, with their side. */
  readonly late?: Door<JoinLate<L, R>> | undefined;
  /** Gets rows without a valid key. Without this door a key function that throws errors the stream. */
  readonly invalid?: Door<JoinInvalid<L, R>> | undefined;
  /** Names the state in checkpoints; a job needs it. */
  readonly id?: string | undefined;
  /** Told once per subscription with its live counters. */
  readonly stats?: StatsDoor<JoinStats> | undefined;
}

/**
 * Joins each left row with the right rows of its key in `[left + lower, left + upper]` of event time.
 * A pair leaves when the second of the two arrives, with the later timestamp of the two.
 *
 * ```text
 * left                                 a@1  ·     b@5  ·   W9  ·         |
 * right                                ·    x@2   ·    W4  ·   W9        |
 * intervalJoin(lower: 0, upper: 2)     ·    ax@2  ·    ·   W4  W9        (W∞ |)
 * the same, type: 'left'               ·    ax@2  ·    ·   W2  (b@5 W7)  (W∞ |)
 * ```
 *
 * *Late events.* With d = `allowedLateness`, a row with `timestamp + d <= W` leaves by `late` and does
 * not join; W is the least of both sides'.
 *
 * *Watermarks* leave as W − h, an origin of its own: h = d for an inner join, `max(upper, 0) + d` for a
 * left one, whose outer rows wait so long. So no result is late downstream. A side that is quiet holds
 * time: it nearly always wants `idleTimeout`.
 *
 * *Completion.* When both sides have completed, all outer rows leave, then W∞.
 *
 * *State.* A left row is freed when W reaches its timestamp + `max(upper, 0) + d`, a right row at
 * + `max(−lower, 0) + d`; a left row of a left join that has met none is emitted then, with its own
 * timestamp, in order of time. Pairs of one arrival leave in (timestamp, arrival) order. O(1 + matches)
 * amortised per row. Results carry `revision`: left's, then right's (its timestamp where it has none);
 * and what the left row `replaces`; no split.
 *
 * @param right the other side; it needs a `watermark` of its own
 * @throws TypeError when an option is wrong or a bound is missing. Down the stream: RetractionError
 *   when a withdrawal arrives, UserFunctionError when a door throws, or a key function does and there
 *   is no `invalid` door
 * @example
 * clicks$.pipe(
 *   intervalJoin(orders$, {
 *     leftKey: (c) => c.user, rightKey: (o) => o.user, lower: 0, upper: '15m', type: 'left',
 *   }),
 * );
 */
export function intervalJoin<L, R, K extends Key, J extends JoinType = 'inner'>(
  right: Observable<Element<R>>,
  config: IntervalJoinConfig<L, R, K, J>,
): OperatorFunction<Element<L>, Element<Joined<L, R, J>>> {
  const settings = settingsOf(config);
  const { operator, lowerMs, upperMs, bounds, type, latenessMs, lateBy } = settings;
  const saved = {
    lower: lowerMs,
    upper: upperMs,
    bounds,
    type,
    lateBy,
    allowedLateness: latenessMs,
  };
  const options = { operator, id: config.id, stats: config.stats, settings: saved };
  return (left) =>
    stageOperator<Joined<L, R, J>>(
      [left, right],
      options,
      (out) => new JoinState<L, R>(settings, out),
    );
}

function settingsOf<L, R, K extends Key, J extends JoinType>(
  config: IntervalJoinConfig<L, R, K, J>,
): JoinSettings<L, R> {
  const operator = 'intervalJoin';
  const { leftKey, rightKey, late, invalid, lower, upper, allowedLateness = 0 } = config;
  for (const [name, fn] of Object.entries({ leftKey, rightKey })) {
    if (typeof fn !== 'function') throw configError(operator, name, 'a function', fn);
  }
  const lowerMs = durationOption(operator, 'lower', lower, 'signed');
  const upperMs = durationOption(operator, 'upper', upper, 'signed');
  if (lowerMs > upperMs) throw configError(operator, 'lower', 'at most `upper`', lower);
  const latenessMs = durationOption(operator, 'allowedLateness', allowedLateness, 'nonNegative');
  const type = oneOf('type', config.type ?? 'inner', ['inner', 'left'], notBuilt);
  const bounds = oneOf('bounds', config.bounds ?? '[]', ['[]', '[)', '(]', '()']);
  const lateBy = oneOf('lateBy', config.lateBy ?? 'join', ['join', 'own']);
  const checked = { lowerMs, upperMs, latenessMs, type, bounds, lateBy };
  return { operator, leftKey, rightKey, late, invalid, ...checked };
}

const notBuilt = 'right, full, semi and anti joins are not built yet';

function oneOf<T extends string>(
  option: string,
  got: string,
  allowed: readonly T[],
  hint?: string,
): T {
  const found = allowed.find((one) => one === got);
  if (found !== undefined) return found;
  const rule = allowed.map((one) => `'${one}'`).join(' or ');
  throw configError('intervalJoin', option, rule, got, hint);
}
