/** Three jobs to be simulated: the shape of the main job, sessions that replace rows, and two sinks of one stream. */
import { share } from 'rxjs';
import {
  count,
  dedupe,
  eventTimeWindow,
  idempotentSink,
  intervalJoin,
  type Store,
  session,
  sum,
  type Task,
  tumbling,
  watermark,
} from 'tidemark';
import type { World } from 'tidemark/testing';
import { BOUND, type Click, clicks, type Profile, profiles } from './inputs.js';
import { joined, REACH, rowsOf, SIZE, sessions, unique, WITHIN, windows } from './oracles.js';
import {
  jobOf,
  memory,
  operator,
  otherOf,
  type Parts,
  sourceOf,
  stage,
  storeOf,
  type Topology,
} from './parts.js';

const key = ['start', 'user'];
const columns = { start: 'int8', user: 'text', n: 'int8', total: 'int8' };
const countTable = { key, columns };
const sessionTable = { key, columns: { ...columns, end: 'int8' } };
const planned = { key, columns: { ...columns, plan: 'text' } };

const click = {
  timestamp: (c: Click) => c.at,
  outOfOrderness: BOUND - 1,
};

/** dedupe → tumbling windows → left join → sink of class A. */
export const mainShape: Topology = (seed, parts = {}) => ({
  seed,
  stores: { main: parts.main ?? memory },
  input: {
    clicks: { splits: clicks({ seed, count: 26, users: 2, pace: 1, splits: 1 + (seed % 3) }) },
    profiles: { splits: profiles({ seed, count: 14, users: 2, splits: 1 + (seed % 2) }) },
  },
  job: (world) => {
    const store = storeOf(world, parts);
    return jobOf(world, parts, {
      checkpoints: store.checkpoints(),
      maxDrift: 200,
      topology: (t) => mainTopology(t, world, { ...parts, client: () => store }),
    });
  },
  oracle: (read) => ({ out: joined(read) }),
});

function mainTopology(t: Task, world: World, parts: Parts): void {
  const right = t
    .source(sourceOf<Profile>(world, 'profiles', parts))
    .pipe(watermark({ id: 'profile.time', timestamp: (p) => p.at, outOfOrderness: BOUND - 1 }));
  t.sink(
    t.source(sourceOf<Click>(world, 'clicks', parts)).pipe(
      world.fallible(),
      stage(parts, 'first', world),
      operator(parts, 'time', watermark<Click>)({ id: 'time', ...click }),
      operator(parts, 'once', dedupe<Click>)({ id: 'once', key: (c) => c.id, within: WITHIN }),
      operator(parts, 'windows', perUser)({ id: 'windows' }),
      operator(parts, 'plan', withPlan)({ id: 'plan', right }),
      operator(
        parts,
        'out',
        idempotentSink<any>,
      )({
        id: 'out',
        store: storeOf(world, parts).table('out', planned),
        key: (r: any) => [r.left.window.start, r.left.key],
        row: (r: any) => ({ ...r.left.value, plan: r.right?.plan ?? null }),
      }),
    ),
  );
}

const perUser = ({ id }: { id: string }) =>
  eventTimeWindow({
    id,
    key: (c: Click) => c.user,
    window: tumbling(SIZE),
    aggregate: { n: count(), total: sum((c: Click) => c.value) },
  });

const withPlan = ({ id, right }: { id: string; right: any }) =>
  intervalJoin<any, Profile, string, 'left'>(right, {
    id,
    leftKey: (w) => w.key,
    rightKey: (p) => p.user,
    lower: -REACH,
    upper: REACH,
    type: 'left',
    lateBy: 'own',
  });

const GAP = 20;
const DISORDER = 120;

/** Sessions without a bound: a late event merges sessions that have fired, and their rows are replaced. */
export const replacingSessions: Topology = (seed, parts = {}) => ({
  seed,
  stores: { main: parts.main ?? memory, other: parts.other ?? memory },
  input: {
    clicks: {
      splits: clicks({ seed, count: 24, users: 1, pace: 1, splits: 2, maxDelay: DISORDER }),
    },
  },
  job: (world) => {
    const store = storeOf(world, parts);
    const home = parts.elsewhere ? otherOf(world, parts) : store;
    const table = home.table('sessions', sessionTable);
    return jobOf(world, parts, {
      checkpoints: store.checkpoints(),
      everyEvents: 4,
      topology: (t) => sessionTopology(t, world, { parts, table }),
    });
  },
  // which sessions have fired depends on the order of reads: only the end is the same for all
  compare: 'end',
  oracle: (read) => ({
    sessions: sessions(unique(Object.values(read.events<Click>('clicks')).flat()), GAP),
  }),
});

function sessionTopology(
  t: Task,
  world: World,
  { parts, table }: { parts: Parts; table: ReturnType<Store['table']> },
): void {
  t.sink(
    t.source(sourceOf<Click>(world, 'clicks', parts)).pipe(
      world.fallible(),
      stage(parts, 'first', world),
      operator(parts, 'time', watermark<Click>)({ id: 'time', timestamp: click.timestamp }),
      operator(parts, 'once', dedupe<Click>)({ id: 'once', key: (c) => c.id, within: 10_000 }),
      stage(parts, 'middle', world),
      operator(parts, 'windows', perSession)({ id: 'windows' }),
      stage(parts, 'last', world),
      operator(
        parts,
        'out',
        idempotentSink<any>,
      )({
        id: 'out',
        store: table,
        key: (r: any) => [r.window.start, r.key],
        row: (r: any) => ({ end: r.window.end, ...r.value }),
      }),
    ),
  );
}

const perSession = ({ id }: { id: string }) =>
  eventTimeWindow({
    id,
    key: (c: Click) => c.user,
    window: session(GAP),
    allowedLateness: 10_000,
    aggregate: { n: count(), total: sum((c: Click) => c.value) },
  });

/** One stream, counted into a table beside the checkpoints (class A), and into one elsewhere (class O). */
export const twoSinks: Topology = (seed, parts = {}) => ({
  seed,
  stores: { main: parts.main ?? memory, other: parts.other ?? memory },
  input: {
    clicks: { splits: clicks({ seed, count: 24, users: 2, pace: 1, splits: 1 + (seed % 3) }) },
  },
  job: (world) => {
    const store = storeOf(world, parts);
    const row = (r: any) => r.value;
    const key = (r: any) => [r.window.start, r.key];
    return jobOf(world, parts, {
      checkpoints: store.checkpoints(),
      topology: (t) => {
        const counted = t
          .source(sourceOf<Click>(world, 'clicks', parts))
          .pipe(
            operator(parts, 'time', watermark<Click>)({ id: 'time', ...click }),
            operator(
              parts,
              'once',
              dedupe<Click>,
            )({ id: 'once', key: (c) => c.id, within: WITHIN }),
            operator(parts, 'windows', perUser)({ id: 'windows' }),
            share(),
          );
        const other = otherOf(world, parts);
        const home = parts.elsewhere ? other : store;
        const tables = { one: home.table('one', countTable), two: other.table('two', countTable) };
        for (const name of ['one', 'two'] as const) {
          const sink = operator(parts, name, idempotentSink<any>);
          const before = stage(parts, `before ${name}`, world);
          const own = { id: name, store: tables[name], key, row, ...parts.sink?.(name, world) };
          t.sink(counted.pipe(world.fallible(), before, sink(own)));
        }
      },
    });
  },
  oracle: (read) => {
    const rows = rowsOf(windows(read, 'clicks'));
    return { one: rows, two: rows };
  },
});
