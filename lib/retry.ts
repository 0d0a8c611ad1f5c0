/**
 * Sends again what a store did not answer: back-off with full jitter (Brooker, "Exponential Backoff
 * And Jitter", AWS 2015) and a circuit breaker (Nygard, "Release It!", 2007), one of each per sink.
 */
import { type BackOff, backOff } from './backOff.js';
import { messageOf, StoreError } from './errors.js';
import { isConnectionFault } from './storeFault.js';

/** Clock and timers, as whoever runs the sink gives them. */
export interface Timing {
  now(): number;
  /** Calls `fn` after `ms`; gives what cancels it. */
  after(ms: number, fn: () => void): () => void;
}

/** What follows a connection fault; the wait is drawn from 0 to that of the back-off. */
export interface RetryRule extends BackOff {
  /** Failures in a row after which the error is final. */
  readonly attempts: number;
  /** For how long the store may be away before the error is final: at that moment, whatever is waited for. @default Infinity */
  readonly outageMs?: number;
  /** How long an answer may take before the same rows are sent again. */
  readonly timeoutMs: number;
  readonly breaker: {
    /** Failures in a row after which nothing is sent for `cooldownMs`; then one trial. */
    readonly after: number;
    readonly cooldownMs: number;
  };
}

/** `open`: nothing is sent; `trial`: one try decides. */
export type Breaker = 'closed' | 'open' | 'trial';

/** State: a few numbers. */
export class Retry {
  breaker: Breaker = 'closed';
  /** Tries that failed, all in all. */
  failures = 0;
  /** Why the last try failed; undefined after one that did not. */
  failure: string | undefined;
  private inRow = 0;
  private awaySince: number | undefined;
  private chance: (() => number) | undefined;

  constructor(
    readonly rule: RetryRule,
    private readonly timing: Timing,
    /** `breaker`, `failures` or `failure` is another. */
    private readonly changed: (retry: Retry) => void = () => {},
  ) {}

  /**
   * Calls `send` until the store answers.
   * @throws the last connection fault when a limit is reached, and at once whatever else is thrown
   */
  async run<T>(send: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        const answer = await this.inTime(send);
        this.answered();
        return answer;
      } catch (thrown) {
        if (!isConnectionFault(thrown)) {
          this.answered();
          throw thrown;
        }
        this.failed(thrown);
        await this.pause(thrown, thrown.retryAfterMs);
      }
    }
  }

  /** Calls `send` once. @throws StoreError of kind `'connection'` where no answer comes in time */
  inTime<T>(send: () => Promise<T>): Promise<T> {
    const timeoutMs = Math.min(this.rule.timeoutMs, this.leftMs());
    return new Promise((resolve, reject) => {
      const why = `the store gave no answer within ${Math.round(timeoutMs)} ms`;
      const late = () => reject(new StoreError('connection', why));
      const cancel = timeoutMs === Infinity ? () => {} : this.timing.after(timeoutMs, late);
      // a store that throws instead of rejecting is a fault of its own, and ends there too
      const sent = Promise.resolve().then(send);
      sent.then(resolve, reject).finally(cancel);
    });
  }

  private answered(): void {
    if (this.failure === undefined && this.breaker === 'closed') return;
    this.inRow = 0;
    this.awaySince = undefined;
    this.failure = undefined;
    this.breaker = 'closed';
    this.changed(this);
  }

  private failed(thrown: unknown): void {
    const { attempts, outageMs = Infinity, breaker } = this.rule;
    this.awaySince ??= this.timing.now();
    this.failures++;
    this.inRow++;
    this.failure = messageOf(thrown);
    const final = this.inRow >= attempts || this.timing.now() - this.awaySince >= outageMs;
    if (this.inRow >= breaker.after) this.breaker = 'open';
    this.changed(this);
    if (final) throw thrown;
  }

  /* A try that begins in an outage ends with it. */
  private leftMs(): number {
    if (this.awaySince === undefined) return Infinity;
    return this.awaySince + (this.rule.outageMs ?? Infinity) - this.timing.now();
  }

  private async pause(thrown: unknown, atLeast = 0): Promise<void> {
    const { breaker } = this.rule;
    const open = this.breaker === 'open';
    const own = open ? breaker.cooldownMs : this.draw() * backOff(this.rule, this.inRow);
    const ms = Math.max(own, atLeast);
    const left = this.leftMs();
    await new Promise<void>((resolve) => this.timing.after(Math.min(ms, left), resolve));
    if (ms >= left) throw thrown;
    if (!open) return;
    this.breaker = 'trial';
    this.changed(this);
  }

  /* Seeded by the instant of the first failure: owners that failed together part, and virtual time repeats itself. */
  private draw(): number {
    this.chance ??= mulberry32(this.timing.now() * 2654435761);
    return this.chance();
  }
}

/* mulberry32 by Tommy Ettinger (public domain): 32 bits of state, numbers in [0, 1). */
function mulberry32(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
