/** The main job's pipeline: per-user windows of events, joined with a plan, upserted into a table. */
import { share } from 'rxjs';
import {
  count,
  eventTimeWindow,
  idempotentSink,
  intervalJoin,
  max,
  mean,
  min,
  sliding,
  sum,
  type TableStore,
  type Task,
  tumbling,
} from 'tidemark';
import type { MainOptions } from './options.js';
import {
  countsInto,
  inTime,
  lateDoor,
  type Meters,
  once,
  type PipelineDoors,
  watched,
} from './parts.js';
import type { Profile, UserEvent } from './rows.js';
import type { Input } from './sources.js';

export interface MainPipeline {
  readonly options: MainOptions;
  readonly events: Input<UserEvent>;
  readonly profiles: Input<Profile>;
  readonly table: TableStore;
  /** The table of the sliding windows, where they are asked for. */
  readonly sliding: TableStore | undefined;
  readonly meters: Meters;
  readonly doors: PipelineDoors;
  readonly poison: (poison: { readonly error: unknown }) => void;
}

/** The columns of the result, in the words of Postgres; the first two of the key are those of every window table. */
export const mainTable = {
  key: ['window_start', 'user_id'],
  audit: 'last_updated',
  columns: {
    window_start: 'timestamptz',
    window_end: 'timestamptz',
    user_id: 'text',
    count: 'int8',
    sum: 'float8',
    min: 'float8',
    max: 'float8',
    mean: 'float8',
    plan: 'text',
  },
};

/** Count and sum of windows per user. */
export const countTable = {
  key: ['window_start', 'user_id'],
  columns: {
    window_start: 'timestamptz',
    window_end: 'timestamptz',
    user_id: 'text',
    count: 'int8',
    sum: 'float8',
  },
};

const value = (e: UserEvent) => e.value;
const user = (e: UserEvent) => e.user_id;

/**
 * Events into windows, each window with the newest plan around its last instant, each row into the
 * table; beside it, from the same stream, the sliding windows.
 */
export function mainTopology(p: MainPipeline): (t: Task) => void {
  const { options: o, meters, doors, poison } = p;
  const { outOfOrdernessMs: outOfOrderness, maxFutureSkewMs: maxFutureSkew } = o;
  const allowedLateness = o.allowedLatenessMs;
  const window = tumbling(o.sizeMs);
  const time = { outOfOrderness, maxFutureSkew, meters, doors };
  // a late first must not be remembered after its windows are gone: so dedupe knows them
  const within = Math.max(outOfOrderness, o.sizeMs + allowedLateness);
  const before = { window, allowedLateness };
  return (t) => {
    const profiles = t.source(p.profiles.source).pipe(inTime('p.time', p.profiles, time));
    const events = t
      .source(p.events.source)
      .pipe(
        inTime('e.time', p.events, time),
        watched(meters),
        once('e.once', p.events, { within, before, meters, doors }),
        share(),
      );
    t.sink(
      events.pipe(
        eventTimeWindow({
          id: 'per-user',
          key: user,
          window,
          allowedLateness,
          aggregate: {
            count: count(),
            sum: sum(value),
            min: min(value),
            max: max(value),
            mean: mean(value),
          },
          stats: meters.of('per-user'),
        }),
        intervalJoin(profiles, {
          id: 'plan',
          leftKey: (w) => w.key,
          rightKey: (profile) => profile.user_id,
          lower: -o.withinMs,
          upper: o.withinMs,
          type: 'left',
          lateBy: 'own',
          allowedLateness,
          late: (l) => {
            if (l.side === 'right') lateDoor(p.profiles, doors)(l);
          },
          stats: meters.of('plan'),
        }),
        idempotentSink({
          id: 'out',
          store: p.table,
          key: ({ left }) => [left.window.start, left.key],
          row: ({ left, right }) => ({
            window_end: left.window.end,
            ...left.value,
            plan: right?.plan ?? null,
          }),
          poison,
          stats: meters.of('out'),
        }),
      ),
    );
    if (p.sliding !== undefined) {
      const beside = { id: 'sliding', window: sliding('30s', '10s'), allowedLateness };
      t.sink(events.pipe(countsInto(p.sliding, { ...beside, meters, poison })));
    }
  };
}
