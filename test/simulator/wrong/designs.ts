/** Wrong designs, each one small mistake away from a right one; the simulator must find every one of them. */

import { memoryStore } from 'tidemark/memory';
import { changedClass, drained, eager } from '../endings.js';
import { sessionsElsewhere } from '../moreTopologies.js';
import { mainShape, twoSinks } from '../topologies.js';
import { crashes, crashesAfter, type Designs, files, without } from './design.js';
import { operators } from './operators.js';
import { restores } from './restores.js';
import { runs } from './runs.js';
import { sinks } from './sinks.js';
import { mapStore, plainStore } from './stores.js';
import { writes } from './writes.js';

/** By what is wrong with them. */
export const designs: Designs = { ...writes, ...restores, ...runs, ...operators, ...sinks };

/** The designs that the stores of wrong ones are made of, with nothing wrong. */
export const controls: Designs = {
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
