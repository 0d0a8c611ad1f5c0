/** Wrong designs of rows that are written beside the checkpoints: outboxes and eager sinks. */

import { idempotentSink } from 'tidemark';
import { Deliveries } from '#lib/job/sinks/deliveries.js';
import { Eager } from '#lib/job/sinks/eager.js';
import { Outbox } from '#lib/job/sinks/outbox.js';
import type { OutboxTarget } from '#lib/ports.js';
import { changedClass, eager } from '../endings.js';
import { sessionsElsewhere } from '../moreTopologies.js';
import { replacingSessions, twoSinks } from '../topologies.js';
import { type Designs, patched } from './design.js';
import { mapStore, withTables } from './stores.js';

export const sinks: Designs = {
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
};
