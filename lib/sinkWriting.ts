/** How a user says what follows when a sink's store is away; checked, with its defaults. */
import { type Duration, durationOption } from './duration.js';
import { configError } from './errors.js';
import type { SinkWriting } from './sinkWriter.js';

/** What follows a connection fault: the same rows are sent again, in order, and nothing overtakes them. */
export interface RetryConfig {
  /** Failures in a row after which the error goes down the stream; in a job `restart.outage` bounds them instead. @default 5 */
  readonly attempts?: number;
  /** The longest wait before the second try; it doubles with each, and is drawn from 0 up to there. @default '100ms' */
  readonly delay?: Duration;
  /** Where the wait stops growing; at least 0. @default '5s', or `delay` where that is longer */
  readonly maxDelay?: Duration;
  /** How long an answer may take before it counts as lost. @default '30s' */
  readonly timeout?: Duration;
}

/** After `after` failures in a row nothing is sent for `cooldown`; then one try decides. */
export interface BreakerConfig {
  /** At least 1; `Infinity`: it never stops sending. @default 10 */
  readonly after?: number;
  /** Above 0. @default '10s' */
  readonly cooldown?: Duration;
}

export interface WritingConfig {
  readonly batch?: number | undefined;
  readonly retry?: RetryConfig | undefined;
  readonly breaker?: BreakerConfig | undefined;
}

/** Checks what a user gave. @throws TypeError */
export function sinkWriting(operator: string, config: WritingConfig): SinkWriting {
  const { batch = 1000, retry = {}, breaker = {} } = config;
  const { attempts = 5, delay = '100ms', maxDelay, timeout = '30s' } = retry;
  const { after = 10, cooldown = '10s' } = breaker;
  const counts = { batch, 'retry.attempts': attempts, 'breaker.after': after };
  for (const [option, n] of Object.entries(counts)) {
    const whole = Number.isInteger(n) || (n === Infinity && option !== 'batch');
    if (!(whole && n > 0)) throw configError(operator, option, 'an integer > 0', n);
  }
  const delayMs = durationOption(operator, 'retry.delay', delay, 'nonNegative');
  const longest = maxDelay ?? Math.max(5000, delayMs);
  return {
    size: batch,
    retry: {
      attempts,
      delayMs,
      maxDelayMs: durationOption(operator, 'retry.maxDelay', longest, 'nonNegative'),
      timeoutMs: durationOption(operator, 'retry.timeout', timeout, 'positive'),
      breaker: {
        after,
        cooldownMs: durationOption(operator, 'breaker.cooldown', cooldown, 'positive'),
      },
    },
  };
}
