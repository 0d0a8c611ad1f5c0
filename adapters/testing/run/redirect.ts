/** RxJS's own schedulers in virtual time: `delay`, `timer` and `debounceTime` without a scheduler argument. */
import {
  asapScheduler,
  asyncScheduler,
  queueScheduler,
  type SchedulerAction,
  type SchedulerLike,
  type Subscription,
} from 'rxjs';
import type { MarbleScheduler } from './scheduler.js';

type Schedule = <T>(
  work: (this: SchedulerAction<T>, state?: T) => void,
  delay?: number,
  state?: T,
) => Subscription;

/** Points them at `scheduler`; gives what points them back. Of one frame, `asap` comes first. */
export function redirect(scheduler: MarbleScheduler): () => void {
  const virtual: Schedule = (work, delay, state) => scheduler.schedule(work, delay, state);
  const asap: Schedule = (work, delay = 0, state) =>
    delay > 0 ? virtual(work, delay, state) : scheduler.scheduleFirst(work, 0, state);
  const atOnce: Schedule = queueScheduler.schedule.bind(queueScheduler);
  const queue: Schedule = (work, delay = 0, state) =>
    delay > 0 ? virtual(work, delay, state) : atOnce(work, 0, state);
  const back = [
    point(asyncScheduler, scheduler, virtual),
    point(asapScheduler, scheduler, asap),
    point(queueScheduler, scheduler, queue),
  ];
  return () => {
    for (const restore of back) restore();
  };
}

const names = ['schedule', 'now'] as const;

function point(real: SchedulerLike, virtual: SchedulerLike, schedule: Schedule): () => void {
  const before = names.map((name) => Object.getOwnPropertyDescriptor(real, name));
  Object.assign(real, { schedule, now: () => virtual.now() });
  return () => {
    for (const [i, name] of names.entries()) {
      const own = before[i];
      if (own === undefined) Reflect.deleteProperty(real, name);
      else Object.defineProperty(real, name, own);
    }
  };
}
