/** Wrong designs, each one small mistake away from a right one; the simulator must find every one of them. */
import { map } from 'rxjs';
import {
  type Checkpoint,
  type Commit,
  count,
  dedupe,
  type EventElement,
  eventTimeWindow,
  idempotentSink,
  isElement,
  type Source,
  type Store,
  StoreError,
  session,
  sum,
  watermark,
} from 'tidemark';
import { fileStore } from 'tidemark/files';
import { memoryStore } from 'tidemark/memory';
import { type FaultRates, faultKinds, type World } from 'tidemark/testing';
import { resultOf } from '#lib/element.js';
import { Coordinator } from '#lib/job/checkpoint/coordinator.js';
import { Roster } from '#lib/job/checkpoint/roster.js';
import { Timers } from '#lib/job/runtime.js';
import { Deliveries } from '#lib/job/sinks/deliveries.js';
import { Eager } from '#lib/job/sinks/eager.js';
import { Outbox } from '#lib/job/sinks/outbox.js';
import type { OutboxTarget } from '#lib/ports.js';
import { Stage } from '#lib/stage.js';
import { WatermarkState } from '#lib/watermarkState.js';
import { changedClass, drained, eager } from '../endings.js';
import type { Click } from '../inputs.js';
import {
  absurdClock,
  downtime,
  pairs,
  sessionsElsewhere,
  slowSide,
  slowSink,
} from '../moreTopologies.js';
import type { Parts, Topology } from '../parts.js';
import { mainShape, replacingSessions, twoSinks } from '../topologies.js';
import { slowly, tampered } from './stages.js';
import {
  added,
  mapStore,
  plainStore,
  type Rules,
  withCheckpoints,
  withTables,
  writeRows,
} from './stores.js';

export interface Wrong {
  readonly topology: Topology;
  readonly parts?: Parts;
  /** Puts the mistake into a state machine; gives what takes it out. */
  readonly patch?: () => () => void;
  readonly faults?: FaultRates;
}

/** What can happen to a job on servers. */
export const faults: FaultRates = Object.fromEntries(
  faultKinds.map((kind) => [kind, kind === 'stalled' ? 0.02 : 0.06]),
);
const crashes: FaultRates = { 'crash before': 0.06, 'crash after': 0.06 };
/** What the last write of a job needs to be followed by another run. */
const crashesAfter: FaultRates = { 'crash after': 0.3 };

/* The store as a process sees it: what the process does wrong in using it. */
function client(
  change: (commit: Commit, store: Store) => ReturnType<ReturnType<Store['checkpoints']>['commit']>,
): Parts {
  return {
    client: (store) =>
      withCheckpoints(store, () => ({ commit: (commit) => change(commit, store) })),
  };
}

/* A store with a rule less. */
const without = (rules: Rules): Parts => ({
  main: { open: ({ clock }) => plainStore(clock, rules) },
});

/* The same mistake under a name of a method. */
function patched(
  prototype: object,
  method: string,
  wrong: (right: (...args: any[]) => any) => (...args: any[]) => any,
) {
  return () => {
    const target = prototype as Record<string, (...args: any[]) => any>;
    const right = target[method];
    if (right === undefined) throw new TypeError(`there is no ${method} to put a mistake into`);
    target[method] = wrong(right);
    return () => {
      target[method] = right;
    };
  };
}

const forgets = (id: string, place = 'first'): Parts => ({
  stages: { [place]: () => tampered({ id, restored: () => undefined }) },
});

/** Data in depth, changed where `change` gives something. */
function deep(data: unknown, change: (value: unknown) => unknown): unknown {
  const own = change(data);
  if (own !== undefined) return own;
  if (Array.isArray(data)) return data.map((x) => deep(x, change));
  if (data instanceof Map) return new Map([...data].map(([k, v]) => [k, deep(v, change)]));
  if (typeof data !== 'object' || data === null || Object.getPrototypeOf(data) !== Object.prototype)
    return data;
  return Object.fromEntries(Object.entries(data).map(([k, v]) => [k, deep(v, change)]));
}

/* A row of a join, and a note that it has met another, as if it had not. */
function unmet(x: unknown): unknown {
  if (!Array.isArray(x)) return undefined;
  if (x.length === 1 && typeof x[0] === 'number') return [-1];
  return x.length >= 5 && x[3] === true ? [...x.slice(0, 3), false, ...x.slice(4)] : undefined;
}

function positionsShifted(by: number): Parts {
  return {
    source: <T>(source: Source<T>): Source<T> => ({
      ...source,
      open(position, out) {
        let split = '';
        const reader = source.open(position, {
          ...out,
          event: (value, from) => {
            split = from ?? '';
            out.event(value, from);
          },
          declare: (splits) => out.declare(splits),
          finished: () => out.finished(),
          failed: (thrown) => out.failed(thrown),
        });
        return {
          position: () => {
            const at = reader.position() as Record<string, number>;
            return split === '' ? at : { ...at, [split]: (at[split] as number) + by };
          },
          pause: () => reader.pause(),
          resume: () => reader.resume(),
          close: () => reader.close(),
        };
      },
    }),
  };
}

/* Sources that do not say which splits they have, once they go on from a position. */
function undeclared(): Parts['source'] {
  return (source) => ({
    ...source,
    open: (position, out) =>
      source.open(position, {
        event: (value, split) => out.event(value, split),
        declare: (splits) => position === undefined && out.declare(splits),
        finished: () => out.finished(),
        failed: (thrown) => out.failed(thrown),
      }),
  });
}

const connectionLost = (thrown: unknown) =>
  thrown instanceof StoreError && thrown.kind === 'connection';

const files = (wrong: (fs: any) => any): Parts => ({
  main: {
    perProcess: true,
    open: ({ files: fs, clock }) => fileStore({ dir: '/data', fs: wrong(fs), clock }),
  },
});

/** A file system that says that it has done what it has not. */
const lying = (fs: any, method: string) => ({ ...fs, [method]: async () => {} });

/** By what is wrong with them. */
export const designs: Readonly<Record<string, Wrong>> = {
  'positions are written first, rows after them': {
    topology: mainShape,
    parts: client(async (commit, store) => {
      const answer = await store.checkpoints().commit({ ...commit, rows: [] });
      await writeRows(commit);
      return answer;
    }),
  },
  'a commit is acknowledged before it is flushed': {
    topology: twoSinks,
    parts: client(async (commit, store) => {
      store
        .checkpoints()
        .commit(commit)
        .catch(() => {});
      return { outcome: 'ok', results: [] };
    }),
  },
  'rows are added to what is there': {
    topology: twoSinks,
    parts: client(async (commit, store) => {
      await writeRows(commit, added);
      return store.checkpoints().commit({ ...commit, rows: [] });
    }),
  },
  'rows that depend on the order of reads are written before the checkpoint': {
    topology: replacingSessions,
    parts: client(async (commit, store) => {
      await writeRows(commit);
      return store.checkpoints().commit({ ...commit, rows: [] });
    }),
  },
  'the epoch is checked before the write, not inside it': {
    topology: mainShape,
    parts: {
      ...without({ fenced: false }),
      client: (store) =>
        withCheckpoints(store, (right) => ({
          async commit(commit) {
            const { epoch } = await right.lastCommitted(commit.job, commit.task);
            return epoch === commit.epoch ? right.commit(commit) : { outcome: 'fenced' };
          },
        })),
    },
  },
  'no owner is fenced': { topology: mainShape, parts: without({ fenced: false }) },
  'a new owner gets the epoch of the old one': {
    topology: mainShape,
    parts: without({ raised: false }),
  },
  'the store takes an n that it has had': {
    topology: mainShape,
    parts: without({ ordered: false, gapless: false }),
  },
  'a commit after a gap is taken': {
    topology: mainShape,
    parts: {
      main: { open: ({ clock }) => plainStore(clock, { gapless: false }), loses: 2 },
    },
    faults: { ...crashes, 'server restart': 0.1 },
  },
  'a commit is repeated blindly, and the store does not look at n': {
    topology: twoSinks,
    parts: { ...without({ ordered: false, gapless: false }), ...client(again) },
  },
  'the generation before the newest is restored': {
    topology: twoSinks,
    parts: without({ newest: false }),
  },
  'state that did not change is not kept': {
    topology: mainShape,
    // no run goes on from what is left: it need not be tried often
    parts: { ...without({ kept: false }), job: { restart: { delay: 100, attempts: 2 } } },
  },
  'a lost answer is taken for yes': {
    topology: twoSinks,
    parts: client(async (commit, store) => {
      try {
        return await store.checkpoints().commit(commit);
      } catch (thrown) {
        if (connectionLost(thrown)) return { outcome: 'ok', results: [] };
        throw thrown;
      }
    }),
  },
  'the log is not synced': { topology: twoSinks, parts: files(noSync), faults: crashes },
  'the directory is not synced': {
    topology: twoSinks,
    parts: files((fs) => lying(fs, 'syncDir')),
    faults: crashes,
  },
  'the watermark is not restored': { topology: mainShape, parts: forgets('time') },
  'what was seen is not restored': { topology: mainShape, parts: forgets('once') },
  'open windows are not restored': { topology: mainShape, parts: forgets('windows') },
  'rows of a join are not restored': { topology: pairs, parts: forgets('plan', 'right') },
  'what has met in a join is not in the snapshot': {
    topology: pairs,
    parts: {
      stages: {
        right: () =>
          tampered({
            id: 'plan',
            restored: (chunks) => deep(chunks, unmet) as typeof chunks,
          }),
      },
    },
  },
  'a quiet split stays idle after a downtime': {
    topology: downtime,
    faults: { 'crash before': 0.1, 'crash after': 0.1 },
    patch: () => {
      const undo = [
        patched(
          WatermarkState.prototype,
          'save',
          (right) =>
            function (this: any) {
              const idle = this.splits
                .save()
                .map((_: unknown, i: number) => this.valve.state[i] === 1);
              return new Map([...right.call(this), ['idle', idle]]);
            },
        )(),
        patched(
          WatermarkState.prototype,
          'restore',
          (right) =>
            function (this: any, chunks: any) {
              right.call(this, chunks);
              for (const [i, idle] of (chunks.get('idle') ?? []).entries())
                if (idle) this.valve.idle(i);
            },
        )(),
      ];
      return () => {
        for (const take of undo) take();
      };
    },
  },
  'splits are neither kept nor declared after a restore': {
    topology: downtime,
    faults: { 'crash before': 0.1, 'crash after': 0.1 },
    parts: {
      source: undeclared() as NonNullable<Parts['source']>,
      stages: {
        first: () =>
          tampered({
            id: 'time',
            restored: (chunks) => {
              const time = chunks.get('time') as { splits: unknown[] };
              return new Map([...chunks, ['time', { ...time, splits: [], empty: true }]]);
            },
          }),
      },
    },
  },
  'rows of a declined checkpoint are dropped': {
    topology: slowSink,
    patch: patched(Roster.prototype, 'carry', () => () => {}),
  },
  'one alignment counter serves all checkpoints': {
    topology: slowSide,
    patch: patched(
      Stage.prototype,
      'barrier',
      (right) =>
        function (this: any, e: any) {
          if (e.n > this.lastBarrier && this.inputs.length > 1) {
            const sum = [...this.aligned.values()].reduce((a: number, b: number) => a + b, 0);
            this.aligned.clear();
            this.aligned.set(e.n, sum);
          }
          right.call(this, e);
        },
    ),
  },
  'a barrier overtakes what an asynchronous stage holds': {
    topology: slowSide,
    parts: { stages: { right: (world) => slowly(world, true) } },
  },
  'the number of a declined checkpoint is used again': {
    topology: slowSink,
    patch: patched(
      Coordinator.prototype,
      'decline',
      (right) =>
        function (this: any, n: number) {
          if (this.aligning?.n === n) this.last--;
          right.call(this, n);
        },
    ),
  },
  'one absurd clock moves time for all': {
    topology: absurdClock,
    parts: {
      operators: { time: (options) => watermark<Click>({ ...options, maxFutureSkew: Infinity }) },
    },
  },
  'an id is remembered a little too long': {
    topology: mainShape,
    parts: { operators: { once: (o) => dedupe<Click>({ ...o, within: o.within + 1 }) } },
  },
  'an id is forgotten too soon': {
    topology: mainShape,
    parts: { operators: { once: (o) => dedupe<Click>({ ...o, within: o.within - 90 }) } },
  },
  'positions are one too far': { topology: mainShape, parts: positionsShifted(1) },
  'positions are one behind': { topology: mainShape, parts: positionsShifted(-1) },
  'a replay does not delete what it replaces': {
    topology: replacingSessions,
    parts: {
      client: (store, world: World) =>
        withCheckpoints(store, (right) => ({
          commit: (commit) =>
            right.commit(
              world.process === 1 ? commit : { ...commit, rows: withoutDeletes(commit) },
            ),
        })),
    },
  },
  'a merged session replaces nothing': {
    topology: replacingSessions,
    parts: {
      stages: {
        last: () =>
          map((e: any) => {
            if (!isElement(e) || e.kind !== 'event' || e.replaces === undefined) return e;
            const { value, timestamp, revision } = e as EventElement<any>;
            return resultOf(value, timestamp, revision ?? [], undefined);
          }),
      },
    },
  },
  'sessions do not merge across a gap of just its length': {
    topology: replacingSessions,
    parts: {
      operators: {
        windows: ({ id }) =>
          eventTimeWindow({
            id,
            key: (c: Click) => c.user,
            window: session(19),
            allowedLateness: 10_000,
            aggregate: { n: count(), total: sum((c: Click) => c.value) },
          }),
      },
    },
  },
  'a restart keeps a timer of the run before': {
    topology: twoSinks,
    patch: patched(Timers.prototype, 'end', () => () => {}),
  },
  'rows leave the outbox before they are applied': {
    topology: twoSinks,
    patch: patched(
      Outbox.prototype,
      'pieces',
      () =>
        function (this: any, n: number) {
          const held = this.held.filter((one: any) => one.n <= n && !one.durable);
          return new Map(held.flatMap(({ pieces = [] }: any) => [...pieces]));
        },
    ),
  },
  'rows of an outbox are written before their commit': {
    topology: twoSinks,
    patch: patched(
      Outbox.prototype,
      'take',
      () =>
        function (this: any, n: number, rows: readonly unknown[]) {
          if (rows.length > 0) this.hold({ n, rows, pieces: undefined, durable: true });
          this.pump();
        },
    ),
  },
  'rows of an outbox are not applied after a restart': {
    topology: twoSinks,
    patch: patched(Outbox.prototype, 'restore', () => () => {}),
  },
  'a job ends before its outbox is empty': {
    topology: twoSinks,
    patch: patched(Outbox.prototype, 'idle', () => async () => {}),
  },
  'a late answer of an outbox brings a deleted row back': {
    topology: sessionsElsewhere,
    parts: { other: { open: () => mapStore({ ordered: false }) } },
  },
  'rows of an outbox do not wait for those before them': {
    topology: sessionsElsewhere,
    parts: {
      other: { open: () => mapStore({ ordered: false }) },
      otherClient: (store) =>
        withTables(store, ({ outbox }) => ({
          outbox: {
            fence: (...args) => (outbox as OutboxTarget).fence(...args),
            async apply(batch) {
              (outbox as OutboxTarget).apply(batch).catch(() => {});
              return { outcome: 'ok', result: { written: 0, ignored: 0, conflicts: 0 } };
            },
          },
        })),
    },
  },
  'the rows that an outbox holds are not handed over when the class of its sink has changed': {
    topology: changedClass,
    patch: patched(
      Deliveries.prototype,
      'add',
      (right) =>
        function (this: any, id: string, sink: any, saved: unknown) {
          return right.call(this, id, sink, sink.delivery === 'atLeastOnce' ? undefined : saved);
        },
    ),
  },
  'an eager sink lets a barrier pass before its rows are written': {
    topology: eager,
    patch: patched(Eager.prototype, 'settle', () => (then: () => void) => then()),
  },
  'an eager sink has a version that does not tell which row is newer': {
    topology: eager,
    parts: { operators: { out: (o) => idempotentSink<any>({ ...o, version: () => 0 }) } },
  },
  'sessions that merge are written as they come': {
    topology: replacingSessions,
    parts: {
      operators: {
        out: (o) =>
          idempotentSink<any>({
            ...o,
            delivery: 'atLeastOnce',
            version: (r: any) => r.value.n,
          }),
      },
    },
  },
  'a drained end is taken for an ordinary checkpoint': {
    topology: drained,
    parts: restoring((checkpoint) => ({
      ...checkpoint,
      drained: false,
      positions: new Map(
        [...checkpoint.positions].map(([source, saved]) => [
          source,
          { ...(saved as object), finished: false },
        ]),
      ),
    })),
    faults: crashesAfter,
  },
  'a job that was drained opens windows again that have fired': {
    topology: drained,
    parts: { job: { migrate: { reopen: 0 } } },
    faults: crashesAfter,
  },
  'the last rows are not committed': {
    topology: twoSinks,
    parts: client((commit, store) =>
      store.checkpoints().commit(commit.drained ? { ...commit, rows: [] } : commit),
    ),
  },
};

/* What a new owner gets of a checkpoint. */
function restoring(change: (checkpoint: Checkpoint) => Checkpoint): Parts {
  return {
    client: (store) =>
      withCheckpoints(store, (right) => ({
        async acquire(...args) {
          const owned = await right.acquire(...args);
          const { checkpoint } = owned;
          return { ...owned, checkpoint: checkpoint && change(checkpoint) };
        },
      })),
  };
}

/* Sent again without asking what became of it. */
async function again(commit: Commit, store: Store) {
  for (;;) {
    try {
      return await store.checkpoints().commit(commit);
    } catch (thrown) {
      if (!connectionLost(thrown)) throw thrown;
    }
  }
}

function withoutDeletes({ rows }: Commit): Commit['rows'] {
  return rows.map((own) => ({ ...own, rows: own.rows.filter((row) => row.op !== 'delete') }));
}

function noSync(fs: any) {
  return {
    ...fs,
    open: async (path: string) => ({ ...(await fs.open(path)), sync: async () => {} }),
  };
}

/** The designs that the stores of wrong ones are made of, with nothing wrong. */
export const controls: Readonly<Record<string, Wrong>> = {
  'a store with all its rules': { topology: mainShape, parts: without({}) },
  'files that do what they say': { topology: twoSinks, parts: files((fs) => fs), faults: crashes },
  'a server that loses what it has not synced': {
    topology: mainShape,
    parts: { main: { open: ({ clock }) => plainStore(clock), loses: 2 } },
    faults: { ...crashes, 'server restart': 0.1 },
  },
  'maps behind an outbox': {
    topology: sessionsElsewhere,
    parts: { other: { open: () => mapStore() } },
  },
  'a sink that changes its class': { topology: changedClass },
  'rows that are written as they come': { topology: eager },
  'a job that is drained': { topology: drained, faults: crashesAfter },
  'a store in memory': {
    topology: twoSinks,
    parts: { main: { open: ({ clock }) => memoryStore({ clock }) } },
  },
};
