/** Jobs whose sinks or ends are of another kind: eager rows, a sink that changes its class, a job that is drained. */
import {
  count,
  dedupe,
  eventTimeWindow,
  idempotentSink,
  type Job,
  JobError,
  sum,
  tumbling,
  watermark,
} from 'tidemark';
import type { SimulatedJob, World } from 'tidemark/testing';
import { BOUND, type Click, clicks } from './inputs.js';
import { counts, rowsOf, SIZE, unique, WITHIN, windows } from './oracles.js';
import { jobOf, memory, operator, sourceOf, storeOf, type Topology } from './parts.js';
import { mainShape, replacingSessions, twoSinks } from './topologies.js';

const table = {
  key: ['start', 'user'],
  columns: { start: 'int8', user: 'text', n: 'int8', total: 'int8' },
};
const DISORDER = 120;

const perUser = (allowedLateness: number) =>
  eventTimeWindow({
    id: 'windows',
    key: (c: Click) => c.user,
    window: tumbling(SIZE),
    allowedLateness,
    aggregate: { n: count(), total: sum((c: Click) => c.value) },
  });

const key = (r: any) => [r.window.start, r.key];
const row = (r: any) => r.value;

/**
 * Rows are written before their checkpoint (class E), by windows that fire again for each late event:
 * of two rows of one window that with more events is newer, in whatever order they were read.
 */
export const eager: Topology = (seed, parts = {}) => ({
  seed,
  stores: { main: parts.main ?? memory },
  input: {
    clicks: {
      splits: clicks({ seed, count: 14, users: 2, pace: 1, splits: 2, maxDelay: DISORDER }),
    },
  },
  job: (world) => {
    const store = storeOf(world, parts);
    return jobOf(world, parts, {
      checkpoints: store.checkpoints(),
      everyEvents: 6,
      topology: (t) => {
        const out = operator(parts, 'out', idempotentSink<any>);
        const newest = { delivery: 'atLeastOnce', version: (r: any) => r.value.n } as const;
        t.sink(
          t
            .source(sourceOf<Click>(world, 'clicks', parts))
            .pipe(
              watermark({ id: 'time', timestamp: (c) => c.at }),
              dedupe({ id: 'once', key: (c) => c.id, within: 10_000 }),
              perUser(10_000),
              out({ id: 'out', store: store.table('out', table), key, row, ...newest }),
            ),
        );
      },
    });
  },
  // what is there before its checkpoint depends on when a process ends
  compare: 'end',
  oracle: (read) => ({
    out: rowsOf(counts(unique(Object.values(read.events<Click>('clicks')).flat()))),
  }),
});

/** Of two sinks one is of class O in every other process, and of class E in those between. */
export const changedClass: Topology = (seed, parts = {}) =>
  twoSinks(seed, {
    ...parts,
    sink: (id, { process }) =>
      id === 'two' && process % 2 === 0 ? { delivery: 'atLeastOnce' } : {},
  });

/** A job that is told to end while there is input left, which it takes for its end. */
export const drained: Topology = (seed, parts = {}) => ({
  seed,
  stores: { main: parts.main ?? memory },
  input: { clicks: { splits: clicks({ seed, count: 40, users: 2, pace: 1, splits: 2 }) } },
  job: (world) => {
    const store = storeOf(world, parts);
    const right = jobOf(world, parts, {
      checkpoints: store.checkpoints(),
      topology: (t) => {
        const out = operator(parts, 'out', idempotentSink<any>);
        t.sink(
          t
            .source(sourceOf<Click>(world, 'clicks', parts))
            .pipe(
              watermark({ id: 'time', timestamp: (c) => c.at, outOfOrderness: BOUND - 1 }),
              dedupe({ id: 'once', key: (c) => c.id, within: WITHIN }),
              perUser(0),
              out({ id: 'out', store: store.table('out', table), key, row }),
            ),
        );
      },
    });
    return drainedAt(right, 20 + (seed % 30), world);
  },
  oracle: (read) => ({ out: rowsOf(windows(read, 'clicks')) }),
});

/* What finds that it was drained before has nothing to do. */
function drainedAt(job: Job, ms: number, { clock }: World): SimulatedJob {
  return {
    async run() {
      const running = job.run();
      const timer = clock.schedule(() => {
        job.drain().catch(() => {});
      }, ms);
      try {
        return await running;
      } catch (thrown) {
        if (thrown instanceof JobError && thrown.message.includes('is final')) return 'drained';
        throw thrown;
      } finally {
        timer.unsubscribe();
      }
    },
  };
}

/** Every job whose crash points are tried by command: sinks of class A, of A and O, and of E. */
export const topologies = { mainShape, replacingSessions, twoSinks, eager };
