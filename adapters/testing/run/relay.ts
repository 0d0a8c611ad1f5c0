/** Messages into an observer, and what an observer gets as messages. */
import type { Observer } from 'rxjs';
import { type Message, messageOf, sentBy } from '../script/message.js';

/** Gives the observer what the message sends, or ends it. */
export function relay(m: Message, to: Observer<any>): void {
  if (m.kind === 'complete') to.complete();
  else if (m.kind === 'error') to.error(m.error);
  else to.next(sentBy(m));
}

/** An observer that takes down what it gets, in the frame in which it gets it. */
export function scribe(
  clock: { readonly frame: number },
  take: (m: Message) => void,
): Observer<unknown> {
  return {
    next: (x) => take(messageOf(x, clock.frame)),
    error: (error) => take({ kind: 'error', frame: clock.frame, error }),
    complete: () => take({ kind: 'complete', frame: clock.frame }),
  };
}
