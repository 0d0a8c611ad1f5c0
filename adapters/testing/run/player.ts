/** Sends a script: only its next message is ever pending, so long scripts cost nothing in advance. */
import type { SchedulerAction, Subscription } from 'rxjs';
import type { Message } from '../script/message.js';
import type { MarbleScheduler } from './scheduler.js';

/**
 * Sends the messages from the present frame on. In each frame they stand where the script was
 * started, as if all had been scheduled then: so two scripts meet in the order of their subscriptions.
 * With `counts`, each of them says that time has an end.
 */
export function play(
  scheduler: MarbleScheduler,
  messages: readonly Message[],
  send: (message: Message) => void,
  counts = true,
): Subscription {
  let next = 0;
  function frame(this: SchedulerAction<void>): void {
    const now = messages[next]?.frame as number;
    if (counts) scheduler.progress();
    for (; messages[next]?.frame === now && !this.closed; next++) send(messages[next] as Message);
    const later = messages[next]?.frame;
    if (later !== undefined) this.schedule(undefined, later - now);
  }
  return scheduler.scheduleAs(scheduler.nextOrder(), frame, messages[0]?.frame ?? Infinity);
}
