/** The project `join`: every event with every profile of its user at most fifteen minutes away. */
import { idempotentSink, intervalJoin, type JoinStats, type Stats } from 'tidemark';
import { inTime, lateDoor, once, watched } from '../main/parts.js';
import type { Context, Pipeline, Program } from '../main/program.js';
import { eventsInput, profilesInput } from '../main/sources.js';
import { inputCounts } from '../main/summary.js';
import type { ProjectOptions } from './options.js';

const OUT_OF_ORDERNESS = '10m';

const joinTable = {
  key: ['event_id', 'profile_time', 'plan'],
  columns: {
    event_id: 'text',
    user_id: 'text',
    event_time: 'timestamptz',
    value: 'float8',
    profile_time: 'timestamptz',
    plan: 'text',
  },
};

export function joinProgram(options: ProjectOptions): Program {
  return {
    name: 'join',
    options,
    tables: [{ name: options.table, config: joinTable, path: options.out }],
    build: (context) => build(options, context),
  };
}

function build(options: ProjectOptions, context: Context): Pipeline {
  const { meters, doors, poison, inputDoors, tables } = context;
  const eventsIn = eventsInput(options, inputDoors);
  const profilesIn = profilesInput(options, inputDoors);
  const time = {
    outOfOrderness: OUT_OF_ORDERNESS,
    maxFutureSkew: options.maxFutureSkewMs,
    meters,
    doors,
  } as const;
  const [table] = tables;
  if (table === undefined) throw new Error('no table');
  return {
    inputs: [eventsIn, profilesIn],
    topology(t) {
      const profiles = t.source(profilesIn.source).pipe(inTime('p.time', profilesIn, time));
      const events = t
        .source(eventsIn.source)
        .pipe(
          inTime('e.time', eventsIn, time),
          watched(meters),
          once('e.once', eventsIn, { meters, doors }),
        );
      t.sink(
        events.pipe(
          intervalJoin(profiles, {
            id: 'profile',
            leftKey: (e) => e.user_id,
            rightKey: (p) => p.user_id,
            lower: '-15m',
            upper: '15m',
            lateBy: 'own',
            late: (l) => {
              if (l.side === 'right') lateDoor(profilesIn, doors)(l);
            },
            stats: meters.of('profile'),
          }),
          idempotentSink({
            id: 'out',
            store: table,
            key: ({ left, right }) => [left.event_id, right.event_time, right.plan],
            row: ({ left: { user_id, event_time, value } }) => ({ user_id, event_time, value }),
            poison,
            stats: meters.of('out'),
          }),
        ),
      );
    },
    counts(read) {
      const ids = meters.get<Stats>('e.once');
      const join = meters.get<JoinStats>('profile');
      return {
        events: inputCounts(read('events'), meters.get<Stats>('e.time'), ids, join.left ?? {}),
        profiles: inputCounts(read('profiles'), meters.get<Stats>('p.time'), join.right ?? {}),
        windows: 0,
        peak: { joinRows: join.peak, windows: 0, dedupeKeys: ids.peak },
      };
    },
  };
}
