/** Wrong designs of what a checkpoint keeps, and of what a run makes of it. */

import type { Checkpoint, Source } from 'tidemark';
import { WatermarkState } from '#lib/watermarkState.js';
import { drained } from '../endings.js';
import { downtime, pairs } from '../moreTopologies.js';
import type { Parts } from '../parts.js';
import { mainShape } from '../topologies.js';
import { crashesAfter, type Designs, patched } from './design.js';
import { tampered } from './stages.js';
import { withCheckpoints } from './stores.js';

const forgets = (id: string, place = 'first'): Parts => ({
  stages: { [place]: () => tampered({ id, restored: () => undefined }) },
});

export const restores: Designs = {
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
  'positions are one too far': { topology: mainShape, parts: positionsShifted(1) },
  'positions are one behind': { topology: mainShape, parts: positionsShifted(-1) },
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
};

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
