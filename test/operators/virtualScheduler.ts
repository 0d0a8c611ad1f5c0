/** A scheduler of RxJS over virtual time, for jobs. */
import { type SchedulerLike, Subscription } from 'rxjs';
import type { VirtualTime } from '../lib/virtualTime.js';

export function schedulerOf(time: VirtualTime): SchedulerLike {
  return {
    now: () => time.now(),
    schedule(work, delay = 0, state) {
      const action = new Subscription();
      action.add(time.after(delay, () => work.call(action as never, state as never)));
      return action;
    },
  };
}
