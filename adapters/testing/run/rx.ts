/** RxJS's own helpers of `TestScheduler.run`, with assertions that are made and reported. */
import type { Observable } from 'rxjs';
import type { RunHelpers } from 'rxjs/testing';
import type { SceneLane } from '../report/scene.js';
import type { Message } from '../script/message.js';
import { siteOf, siteOutside } from '../site.js';
import type { MarbleScheduler } from './scheduler.js';

/** Calls RxJS in its run mode, in which its notation has its new meaning. */
export type Within = <R>(use: (helpers: RunHelpers) => R) => R;

interface Pending {
  readonly head: string;
  readonly made: Error;
  site?: Error;
  /** Present where the expectation gave an error, `undefined` and `''` included. */
  error?: { readonly value: unknown };
}

/** What RxJS's helpers expect; RxJS compares in the order in which the expectations were made. */
export class RxExpectations {
  /** What came of the comparisons. */
  readonly lanes: SceneLane[] = [];
  private pending: Pending[] = [];

  constructor(
    scheduler: MarbleScheduler,
    private readonly within: Within,
  ) {
    scheduler.assertDeepEqual = (actual, expected) => this.compare(actual, expected);
  }

  /** How many expectations there are, met or not. */
  get size(): number {
    return this.lanes.length + this.pending.length;
  }

  /** An expectation without `toBe`, or undefined. */
  get forgotten(): { readonly head: string; readonly made: Error } | undefined {
    return this.pending.find(({ site }) => site === undefined);
  }

  helpers(): RunHelpers {
    return {
      cold: (...args: [string, any?, any?]) => this.within(({ cold }) => cold(...args)),
      hot: (...args: [string, any?, any?]) => this.within(({ hot }) => hot(...args)),
      time: (marbles) => this.within(({ time }) => time(marbles)),
      flush: () => this.within(({ flush }) => flush()),
      animate: (marbles) => this.within(({ animate }) => animate(marbles)),
      expectObservable: (actual, subscription = null) => this.observable(actual, subscription),
      expectSubscriptions: (logs) => {
        const pending = this.expect('rx subscriptions');
        const made = this.within(({ expectSubscriptions }) => expectSubscriptions(logs));
        const toBe = (marbles: string | string[]): void => {
          pending.site = siteOf(toBe);
          this.within(() => made.toBe(marbles));
        };
        return { toBe };
      },
    };
  }

  private observable<T>(
    actual: Observable<T>,
    subscription: string | null,
  ): ReturnType<RunHelpers['expectObservable']> {
    const pending = this.expect('rx');
    const made = this.within((h) => h.expectObservable(actual, subscription));
    const toBe = (marbles: string, values?: unknown, ...error: [error?: unknown]): void => {
      pending.site = siteOf(toBe);
      if (error.length > 0) pending.error = { value: error[0] };
      this.within(() => made.toBe(marbles, values, error[0]));
    };
    const toEqual = (other: Observable<any>): void => {
      pending.site = siteOf(toEqual);
      this.within(() => (made as { toEqual(x: unknown): void }).toEqual(other));
    };
    return { toBe, toEqual };
  }

  private expect(head: string): Pending {
    const pending = { head, made: siteOutside() };
    this.pending.push(pending);
    return pending;
  }

  private compare(actual: readonly any[], expected: readonly any[]): void {
    const done = this.pending.find(({ site }) => site !== undefined);
    if (done === undefined) return;
    this.pending = this.pending.filter((p) => p !== done);
    const { head, site, error } = done;
    const wanted = messagesOf(expected).map((m) =>
      m.kind === 'error' && error !== undefined ? { ...m, error: error.value } : m,
    );
    this.lanes.push({
      head,
      received: messagesOf(actual),
      expected: wanted,
      ...(site && { site }),
    });
  }
}

/* RxJS's test messages, or its logs of subscriptions: `^` and `!`. */
function messagesOf(list: readonly any[]): Message[] {
  return list
    .flatMap((x, i): Message[] => {
      if ('subscribedFrame' in x) return logOf(x, i);
      const { frame, notification } = x;
      if (notification.kind === 'N') return [{ kind: 'value', frame, value: notification.value }];
      if (notification.kind === 'C') return [{ kind: 'complete', frame }];
      return [{ kind: 'error', frame, error: notification.error }];
    })
    .sort((a, b) => a.frame - b.frame);
}

/* `^` and `!` of the first, `^2` and `!2` of the second: which ends when matters. */
function logOf(log: { subscribedFrame: number; unsubscribedFrame: number }, i: number): Message[] {
  const n = i === 0 ? '' : `${i + 1}`;
  const at = (name: string, frame: number): Message[] =>
    Number.isFinite(frame) ? [{ kind: 'value', frame, name, value: name }] : [];
  return [...at(`^${n}`, log.subscribedFrame), ...at(`!${n}`, log.unsubscribedFrame)];
}
