/** A wrong design, and what the designs are made of. */
import type { Commit, Store } from 'tidemark';
import { fileStore } from 'tidemark/files';
import { eventFaultKinds, type FaultRates } from 'tidemark/testing';
import type { Parts, Topology } from '../parts.js';
import { plainStore, type Rules, withCheckpoints } from './stores.js';

export interface Wrong {
  readonly topology: Topology;
  readonly parts?: Parts;
  /** Puts the mistake into a state machine; gives what takes it out. */
  readonly patch?: () => () => void;
  readonly faults?: FaultRates;
}

export const crashes: FaultRates = { 'crash before': 0.06, 'crash after': 0.06 };

/** What only the job itself notices. */
export const failures: FaultRates = Object.fromEntries(eventFaultKinds.map((kind) => [kind, 0.04]));
/** What the last write of a job needs to be followed by another run. */
export const crashesAfter: FaultRates = { 'crash after': 0.3 };

/* The store as a process sees it: what the process does wrong in using it. */
export function client(
  change: (commit: Commit, store: Store) => ReturnType<ReturnType<Store['checkpoints']>['commit']>,
): Parts {
  return {
    client: (store) =>
      withCheckpoints(store, () => ({ commit: (commit) => change(commit, store) })),
  };
}

/* A store with a rule less. */
export const without = (rules: Rules): Parts => ({
  main: { open: ({ clock }) => plainStore(clock, rules) },
});

/* The same mistake under a name of a method. */
export function patched(
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

export const files = (wrong: (fs: any) => any): Parts => ({
  main: {
    perProcess: true,
    open: ({ files: fs, clock }) => fileStore({ dir: '/data', fs: wrong(fs), clock }),
  },
});

/** By what is wrong with them. */
export type Designs = Readonly<Record<string, Wrong>>;
