/** Wrong designs of operators. */

import { map } from 'rxjs';
import {
  count,
  dedupe,
  type EventElement,
  eventTimeWindow,
  isElement,
  session,
  sum,
  watermark,
} from 'tidemark';
import { resultOf } from '#lib/element.js';
import type { Click } from '../inputs.js';
import { absurdClock } from '../moreTopologies.js';
import { mainShape, replacingSessions } from '../topologies.js';
import type { Designs } from './design.js';

export const operators: Designs = {
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
};
