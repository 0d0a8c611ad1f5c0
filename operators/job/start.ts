/** One run of a topology, from its building to its end. */
import type { TaskRunConfig } from '../../lib/job/taskConfig.js';
import { TaskRun } from '../../lib/job/taskRun.js';
import type { JobConfig } from './config.js';
import { build } from './topology.js';
import { watchUnhandled } from './unhandled.js';

/** Builds the pipelines anew, and runs them. @throws what a wrong topology throws */
export function start(
  settings: Omit<TaskRunConfig, 'sources' | 'mark'>,
  topology: JobConfig['topology'],
): TaskRun {
  const { sources, sinks } = build(settings.job, topology);
  const run = new TaskRun({ ...settings, sources, mark: randomMark() });
  const watch = watchUnhandled((thrown) => run.fail(thrown));
  const subscriptions = sinks.map((acks$) => acks$.subscribe({ error: (e) => run.fail(e) }));
  const end = () => {
    watch.end();
    for (const s of subscriptions) s.unsubscribe();
  };
  run.outcome.then(end, end);
  run.start();
  return run;
}

/* An integer of 48 bits. */
function randomMark(): number {
  const [high = 0, low = 0] = globalThis.crypto.getRandomValues(new Uint32Array(2));
  return (high % 2 ** 16) * 2 ** 32 + low;
}
