/** Jobs that show what the three others do not: slow stages, pairs of a join, a quiet split, an absurd clock. */
import {
  count,
  dedupe,
  eventTimeWindow,
  idempotentSink,
  intervalJoin,
  sum,
  tumbling,
  watermark,
} from 'tidemark';
import { memoryStore } from 'tidemark/memory';
import {
  BOUND,
  type Click,
  chance,
  clicks,
  type Profile,
  profiles,
  type Splits,
} from './inputs.js';
import { REACH, windows } from './oracles.js';
import { jobOf, operator, type Parts, sourceOf, stage, storeOf, type Topology } from './parts.js';
import { replacingSessions, twoSinks } from './topologies.js';
import { slowly } from './wrong/stages.js';

const impatient = { timeout: '300ms' } as const;

/** Two sinks, one of which sees each barrier late: checkpoints are declined. */
export const slowSink: Topology = (seed, parts = {}) =>
  twoSinks(seed, {
    ...parts,
    stages: { 'before two': (world) => slowly(world), ...parts.stages },
    job: impatient,
  });

/** Each click with each profile near it, or with none: a row of its own. */
export const pairs: Topology = (seed, parts = {}) => ({
  seed,
  stores: { main: parts.main ?? (({ clock }) => memoryStore({ clock })) },
  input: {
    clicks: { splits: clicks({ seed, count: 20, users: 2, pace: 2, splits: 2 }) },
    profiles: { splits: profiles({ seed, count: 12, users: 2, splits: 1 }) },
  },
  job: (world) => {
    const store = storeOf(world, parts);
    const table = store.table('pairs', { key: ['id', 'plan'] });
    return jobOf(world, parts, {
      checkpoints: store.checkpoints(),
      everyEvents: 4,
      topology(t) {
        const outOfOrderness = BOUND - 1;
        const right = t
          .source(sourceOf<Profile>(world, 'profiles', parts))
          .pipe(
            watermark<Profile>({ id: 'profile.time', timestamp: (p) => p.at, outOfOrderness }),
            stage(parts, 'right', world),
          );
        t.sink(
          t.source(sourceOf<Click>(world, 'clicks', parts)).pipe(
            stage(parts, 'first', world),
            watermark<Click>({ id: 'time', timestamp: (c) => c.at, outOfOrderness }),
            dedupe({ id: 'once', key: (c) => c.id, within: 10_000 }),
            intervalJoin<Click, Profile, string, 'left'>(right, {
              id: 'plan',
              leftKey: (c) => c.user,
              rightKey: (p) => p.user,
              lower: -REACH,
              upper: REACH,
              type: 'left',
              lateBy: 'own',
            }),
            idempotentSink({
              id: 'out',
              store: table,
              key: ({ left, right }) => [left.id, right?.plan ?? 'none'],
              row: ({ left }) => ({ at: left.at }),
            }),
          ),
        );
      },
    });
  },
  compare: 'end',
  oracle(read) {
    const all = Object.values(read.events<Profile>('profiles')).flat();
    const own = new Map(
      Object.values(read.events<Click>('clicks'))
        .flat()
        .map((c) => [c.id, c]),
    );
    return {
      pairs: [...own.values()].flatMap(({ id, user, at }) => {
        const near = all.filter((p) => p.user === user && Math.abs(p.at - at) <= REACH);
        const plans = near.length === 0 ? ['none'] : near.map((p) => p.plan);
        return plans.map((plan) => ({ id, plan, at }));
      }),
    };
  },
});

/** A join one side of which comes late. */
export const slowSide: Topology = (seed, parts = {}) =>
  pairs(seed, {
    ...parts,
    stages: { right: (world) => slowly(world), ...parts.stages },
    // no checkpoint is asked for while one is under way: after a decline there is new input before the next
    job: { ...impatient, every: '10s' },
  });

/** Sessions whose table is not where the checkpoints are. */
export const sessionsElsewhere: Topology = (seed, parts = {}) =>
  replacingSessions(seed, { ...parts, elsewhere: true });

/** Two sinks of class O behind one stream. */
export const sinksElsewhere: Topology = (seed, parts = {}) =>
  twoSinks(seed, { ...parts, elsewhere: true });

const IDLE = 400;
const QUIET = 1500;

/** Live input, read as it comes, of which one split is quiet for a while: a process that was away finds a backlog. */
export const downtime: Topology = (seed, parts = {}) => ({
  seed,
  stores: { main: parts.main ?? (({ clock }) => memoryStore({ clock })) },
  input: { clicks: { splits: live(seed), arrives: (c: Click) => c.at } },
  job: (world) => {
    const store = storeOf(world, parts);
    return jobOf(world, parts, {
      checkpoints: store.checkpoints(),
      every: 100,
      topology: (t) =>
        t.sink(
          t.source(sourceOf<Click>(world, 'clicks', parts)).pipe(
            stage(parts, 'first', world),
            watermark<Click>({
              id: 'time',
              timestamp: (c) => c.at,
              outOfOrderness: BOUND - 1,
              idleTimeout: IDLE,
              scheduler: world.clock,
            }),
            counted(parts),
            sinkInto(store),
          ),
        ),
    });
  },
  // when a quiet split turns idle depends on when it was read
  compare: 'end',
  oracle: (read) => ({ out: windows(read, 'clicks').map((row) => ({ ...row })) }),
});

function live(seed: number): Splits<Click> {
  const next = chance(seed);
  const quietFrom = 200 + next(1000);
  const of = (split: number) => {
    const rows: Click[] = [];
    for (let at = 10 + next(50); at < 4000; at += 10 + 10 * next(12)) {
      if (split === 1 && at > quietFrom && at < quietFrom + QUIET) continue;
      rows.push({ id: `${split}.${rows.length}`, user: `u${next(2)}`, at, value: 1 + next(9) });
    }
    return rows;
  };
  return { p0: of(0), p1: of(1) };
}

const ABSURD = 4_000_000_000_000;

/** One row of a clock that is far ahead. */
export const absurdClock: Topology = (seed, parts = {}) => {
  const right = clicks({ seed, count: 20, users: 2, pace: 1, splits: 2 });
  const absurd = { id: 'absurd', user: 'u0', at: ABSURD, value: 1 };
  const p0 = [...(right['p0'] ?? [])];
  p0.splice(5, 0, absurd);
  return {
    seed,
    stores: { main: parts.main ?? (({ clock }) => memoryStore({ clock })) },
    input: { clicks: { splits: { ...right, p0 } } },
    job: (world) => {
      const store = storeOf(world, parts);
      return jobOf(world, parts, {
        checkpoints: store.checkpoints(),
        topology: (t) =>
          t.sink(
            t.source(sourceOf<Click>(world, 'clicks', parts)).pipe(
              operator(
                parts,
                'time',
                watermark<Click>,
              )({
                id: 'time',
                timestamp: (c) => c.at,
                outOfOrderness: BOUND - 1,
                maxFutureSkew: '5m',
                scheduler: world.clock,
              }),
              dedupe({ id: 'once', key: (c) => c.id, within: 10_000 }),
              counted(parts),
              sinkInto(store),
            ),
          ),
      });
    },
    compare: 'end',
    oracle: (read) => {
      const splits = Object.entries(read.events<Click>('clicks'));
      const sane = splits.map(([name, rows]) => [name, rows.filter((c) => c.at < ABSURD)] as const);
      const without = { ...read, events: () => Object.fromEntries(sane) as never };
      return { out: windows(without, 'clicks').map((row) => ({ ...row })) };
    },
  };
};

const counted = (parts: Parts) =>
  operator(parts, 'windows', ({ id }: { id: string }) =>
    eventTimeWindow({
      id,
      key: (c: Click) => c.user,
      window: tumbling(100),
      aggregate: { n: count(), total: sum((c: Click) => c.value) },
    }),
  )({ id: 'windows' });

const sinkInto = (store: ReturnType<typeof storeOf>) =>
  idempotentSink<any>({
    id: 'out',
    store: store.table('out', { key: ['start', 'user'] }),
    key: (r) => [r.window.start, r.key],
    row: (r) => r.value,
  });

export const moreTopologies = {
  sessionsElsewhere,
  sinksElsewhere,
  slowSink,
  slowSide,
  pairs,
  downtime,
  absurdClock,
};
