/** The parts that the pipelines of these programs share: rows into time, each id once, counts on the way. */
import { type MonoTypeOperatorFunction, type OperatorFunction, pipe, tap } from 'rxjs';
import {
  type Ack,
  count,
  type DedupeBefore,
  type Duration,
  dedupe,
  type Element,
  eventTimeWindow,
  formatInstant,
  type Invalid,
  idempotentSink,
  type Late,
  type SinkStore,
  type Stats,
  sum,
  type WindowAssigner,
  watermark,
} from 'tidemark';
import type { UserEvent } from './rows.js';
import type { Input, InputName, Rejected } from './sources.js';
import { nothing } from './summary.js';

/** Where rows go that the pipeline leaves out; a row as it was read, and its line. */
export interface PipelineDoors {
  readonly rejected: (row: Rejected) => void;
  readonly late: (row: LateRow) => void;
}

export interface LateRow {
  readonly input: InputName;
  readonly line: number;
  readonly watermark: string;
  readonly row: object;
}

/** The live counters of the operators by name, and the watermark of the events. */
export class Meters {
  watermark = -Infinity;
  private readonly live = new Map<string, Readonly<Stats>>();

  /** A stats door that files the counters under a name. */
  of(name: string): (live: Readonly<Stats>) => void {
    return (live) => this.live.set(name, live);
  }

  get<S extends object = Stats>(name: string): S {
    return (this.live.get(name) ?? { ...nothing, live: 0, fired: 0 }) as S;
  }
}

interface Timed {
  readonly event_time: number;
}

/** Rows become events in time; one that is ahead of the clock is rejected with its line. */
export function inTime<T extends Timed>(
  id: string,
  input: Input<T>,
  c: {
    readonly outOfOrderness: Duration;
    readonly maxFutureSkew: Duration;
    readonly meters: Meters;
    readonly doors: PipelineDoors;
  },
): OperatorFunction<Element<T>, Element<T>> {
  const { outOfOrderness, maxFutureSkew, meters, doors } = c;
  const invalid = ({ reason, value }: Invalid<T>) => {
    const text = JSON.stringify(shown(value));
    doors.rejected({ input: input.name, line: input.line(), kind: 'invalid', reason, text });
  };
  const timestamp = (row: T) => row.event_time;
  const stats = meters.of(id);
  return watermark<T>({ id, timestamp, outOfOrderness, maxFutureSkew, invalid, stats });
}

/** Remembers the last finite watermark that passes, for the eye. */
export function watched<T>(meters: Meters): MonoTypeOperatorFunction<Element<T>> {
  return tap((e) => {
    if (e.kind === 'watermark' && e.timestamp < Infinity) meters.watermark = e.timestamp;
  });
}

/** The first event of each `event_id`; what is too late for the windows behind it leaves here. */
export function once(
  id: string,
  input: Input<UserEvent>,
  c: {
    readonly within?: Duration;
    readonly before?: DedupeBefore;
    readonly meters: Meters;
    readonly doors: PipelineDoors;
  },
): OperatorFunction<Element<UserEvent>, Element<UserEvent>> {
  const { within, before, meters, doors } = c;
  const key = (e: UserEvent) => e.event_id;
  const late = lateDoor(input, doors);
  return dedupe<UserEvent>({ id, key, within, before, late, stats: meters.of(id) });
}

/** A `late` door that writes the row as it was read. */
export function lateDoor<T extends Timed>(
  input: Input<T>,
  doors: PipelineDoors,
): (late: Pick<Late<T>, 'value' | 'watermark'>) => void {
  return ({ value, watermark: w }) => {
    const row = shown(value);
    doors.late({ input: input.name, line: input.line(), watermark: formatInstant(w), row });
  };
}

function shown<T extends Timed>(row: T): object {
  return { ...row, event_time: formatInstant(row.event_time) };
}

/** Count and sum per user of some windows, into a table. */
export function countsInto(
  store: SinkStore,
  c: {
    readonly id: string;
    readonly window: WindowAssigner;
    readonly allowedLateness?: Duration;
    readonly meters: Meters;
    readonly poison: (poison: { readonly error: unknown }) => void;
  },
): OperatorFunction<Element<UserEvent>, Ack> {
  const { id, window, allowedLateness = 0, meters, poison } = c;
  return pipe(
    eventTimeWindow({
      id,
      key: (e: UserEvent) => e.user_id,
      window,
      allowedLateness,
      aggregate: { count: count(), sum: sum((e) => e.value) },
      stats: meters.of(id),
    }),
    idempotentSink({
      id: `${id}.out`,
      store,
      key: (r) => [r.window.start, r.key],
      row: (r) => ({ window_end: r.window.end, ...r.value }),
      poison,
      stats: meters.of(`${id}.out`),
    }),
  );
}
