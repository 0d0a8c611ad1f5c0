/** What a job promises before it has run: as its sinks say, which only a built topology has. */
import { classOf, guaranteeOf, type SinkClass } from '../../lib/delivery.js';
import { restoreWith } from '../../lib/element.js';
import type { Member, Membership } from '../../lib/membership.js';
import type { Settings } from './config.js';
import { build } from './topology.js';

/** Builds the topology once more, and asks for its sinks; nothing is read and nothing is written. */
export function promiseOf({ job, store, runtime, topology }: Settings): string {
  const { sources, sinks } = build(job, topology);
  const classes: SinkClass[] = [];
  const failed = (thrown: unknown): never => {
    throw thrown;
  };
  const subscriptions = sinks.map((acks$) => acks$.subscribe({ error: failed }));
  const register = ({ id, sink }: Member): Membership => {
    const { transaction } = store;
    if (sink !== undefined) classes.push(classOf(job, id ?? '', { sink, transaction }));
    const clock = { now: runtime.now, running: runtime.now };
    const [restored, nothing] = [undefined, () => {}];
    return { restored, finished: nothing, advanced: nothing, pending: nothing, clock };
  };
  for (const { feed } of sources) feed.next(restoreWith(register));
  for (const s of subscriptions) s.unsubscribe();
  return guaranteeOf(classes);
}
