/** `idempotentSink`: writes each value as a row of a keyed table, so that a replay changes nothing. */
import { asyncScheduler, type OperatorFunction, type SchedulerLike, Subscription } from 'rxjs';
import { DELIVERIES, type DeliveryKind } from '../lib/delivery.js';
import type { Door, Poison } from '../lib/doors.js';
import { type Duration, durationOption } from '../lib/duration.js';
import { type Element, isElement, type WindowBounds } from '../lib/element.js';
import { BackpressureError, configError } from '../lib/errors.js';
import { writeOnce } from '../lib/job/sinks/once.js';
import type { Key } from '../lib/key.js';
import { combineInputs, type Handlers, type Output, type Turn } from '../lib/operate.js';
import type { Row, SinkStore } from '../lib/ports.js';
import { Retry, type Timing } from '../lib/retry.js';
import type { PendingRow } from '../lib/rowBatch.js';
import { type Ack, SinkState, type SinkStats } from '../lib/sinkState.js';
import { type SinkWriting, writeBatch } from '../lib/sinkWriter.js';
import { type BreakerConfig, type RetryConfig, sinkWriting } from '../lib/sinkWriting.js';
import { Stage } from '../lib/stage.js';
import type { StatsDoor } from '../lib/stats.js';

export interface IdempotentSinkConfig<T> {
  /** The table: of an adapter, or your own `SinkStore`. */
  readonly store: SinkStore;
  /** The key of a row; a tuple for a key of several columns. */
  readonly key: (value: T) => Key;
  /** The columns besides the key. @default the value itself, less the table's key columns */
  readonly row?: (value: T) => Row;
  /**
   * What makes a row newer than another; before the event's `revision`, which is used where absent. With
   * `(r) => [generation, r.pane.index]` a backfill of a higher generation goes above rows of late panes.
   */
  readonly version?: (value: T) => number | readonly number[];
  /** The key that a replaced window's row has, where the value is neither a window result nor a join of one. */
  readonly replaces?: (value: T, window: WindowBounds) => Key;
  /** How often a row takes effect, and what that costs; see docs/delivery.md. @default 'effectivelyOnce' */
  readonly delivery?: DeliveryKind;
  /**
   * How long rows stay, in event time: those older than W by more are deleted, and not written when
   * they come; so are tombstones of deletes. Longer than the spans of the joins before. @default for ever
   */
  readonly retention?: Duration;
  /** Rows that may wait outside a job, where nothing can hold the source back. @default 10_000 */
  readonly maxPending?: number;
  /** The most rows in one write, where no checkpoint carries them. @default 1000 */
  readonly batch?: number;
  /** What follows a connection fault. */
  readonly retry?: RetryConfig;
  /** When a store that fails again and again is left alone. */
  readonly breaker?: BreakerConfig;
  /** Gets values that gave no row, and rows that the store refuses for good. */
  readonly poison?: Door<Poison<any>>;
  /** Waits between tries. @default asyncScheduler */
  readonly scheduler?: SchedulerLike;
  /** Names the state in a job's checkpoint. */
  readonly id?: string;
  /** Gets the live counters of each subscription. */
  readonly stats?: StatsDoor<SinkStats>;
}

interface Checked<T> extends IdempotentSinkConfig<T> {
  readonly most: number;
  readonly retentionMs: number | undefined;
  readonly writing: SinkWriting;
}

/**
 * Upserts by key and emits one `Ack` per durable batch.
 *
 * ```text
 * arrivals           a@4[rev 0]  a@4[rev 1]  a@4[rev 0]  W9
 * idempotentSink      ·          Ack(1 row)   ·          ·
 * table, key a       rev 0       rev 1       rev 1       rev 1
 * ```
 * Rows are ordered by (`version`, else `revision`; timestamp): a lower one never overwrites; of two
 * equal ones the later wins, counted `conflicts` if the content differs. `op: '-'` deletes; a result
 * that replaces others deletes their rows.
 *
 * *Delivery.* In a bare pipe rows are written as they come, one batch at a time: at least once, and
 * once in effect by the order above. In a job, with `delivery`
 * - `'effectivelyOnce'`: exactly-once effect. Rows are written with the checkpoint where both are of one
 *   store (A); else they travel in the checkpoint and are applied after it (O): each is written twice.
 * - `'atLeastOnce'`: rows are written as they come and a barrier waits for them (E): the least latency;
 *   after a failure the table converges, if key and version determine the row.
 * - `'atMostOnce'`: rows are written once, after the checkpoint; what fails is counted and lost.
 *
 * Prices and what happens at a crash stand in docs/delivery.md.
 *
 * *State.* Rows that are not durable yet, one per key; more than `maxPending` outside a job is a
 * `BackpressureError`.
 *
 * *Completion.* Completes when everything is durable. A connection fault is retried, then an error.
 *
 * @throws TypeError on a wrong option, at construction
 * @example
 * const acks$ = metrics$.pipe(
 *   idempotentSink({ store: table, key: (r) => [r.window.start, r.key], row: (r) => r.value }),
 * );
 */
export function idempotentSink<T>(
  config: IdempotentSinkConfig<T>,
): OperatorFunction<Element<T>, Ack> {
  const checked = check(config);
  return (source) =>
    combineInputs<Ack>([source], (out, turn) => new SinkRun(checked, out, turn).handlers());
}

function check<T>(config: IdempotentSinkConfig<T>): Checked<T> {
  const name = 'idempotentSink';
  const { store, key, row, maxPending = 10_000 } = config;
  if (typeof store?.upsert !== 'function') throw configError(name, 'store', 'a SinkStore', store);
  if (typeof key !== 'function') throw configError(name, 'key', 'a function', key);
  if (row !== undefined && typeof row !== 'function') {
    throw configError(name, 'row', 'a function', row);
  }
  const { delivery = 'effectivelyOnce' } = config;
  if (!DELIVERIES.includes(delivery)) {
    throw configError(name, 'delivery', `one of ${DELIVERIES.join(', ')}`, delivery);
  }
  if (!(Number.isInteger(maxPending) && maxPending > 0)) {
    throw configError(name, 'maxPending', 'an integer > 0', maxPending);
  }
  const { retention } = config;
  if (retention !== undefined && store.expire === undefined) {
    throw configError(name, 'retention', 'left out for a store that cannot expire rows', retention);
  }
  const retentionMs =
    retention === undefined ? undefined : durationOption(name, 'retention', retention, 'positive');
  return { ...config, retentionMs, most: maxPending, writing: sinkWriting(name, config) };
}

/* One subscription: the stage gives rows to the state, and the state's rows are written in turns. */
class SinkRun<T> {
  private readonly state: SinkState<T>;
  private readonly timers = new Subscription();
  private readonly retry: Retry;
  private writing = false;
  private ended = false;

  constructor(
    private readonly config: Checked<T>,
    private readonly out: Output<Ack>,
    private readonly turn: Turn,
  ) {
    const { key, row, version, replaces, store, poison } = config;
    const { keyColumns } = store;
    const { writing, delivery, retentionMs } = config;
    const rules = { key, row, version, replaces, keyColumns };
    this.state = new SinkState<T>({ rules, store, poison, writing, delivery, retentionMs }, (ack) =>
      this.ack(ack),
    );
    const { retry } = config.writing;
    const once = { attempts: 1, breaker: { after: Infinity, cooldownMs: 0 } };
    const rule = delivery === 'atMostOnce' ? { ...retry, ...once } : retry;
    this.retry = new Retry(rule, this.timing(), (retry) => this.state.tried(retry));
  }

  handlers(): Handlers {
    const { id } = this.config;
    const end = () => this.end();
    const stage = new Stage(
      { operator: 'idempotentSink', id, inputs: 1, turn: this.turn },
      this.state,
      {
        next: () => {},
        complete: end,
        closed: false,
      },
    );
    this.config.stats?.(this.state.stats);
    return {
      next: (e, input) => {
        if (!isElement(e)) {
          throw new TypeError('idempotentSink: needs elements; put watermark() before it');
        }
        stage.next(e, input);
        if (e.kind === 'event' && !this.state.inJob) this.kick();
      },
      complete: (input) => stage.complete(input),
      dispose: () => {
        this.timers.unsubscribe();
        stage.leave();
      },
    };
  }

  /* Outside a job: write what waits, after this turn, so that one turn's rows are one batch. */
  private kick(): void {
    const { pending } = this.state;
    if (pending > this.config.most) throw new BackpressureError('idempotentSink', pending);
    if (this.writing) return;
    this.writing = true;
    Promise.resolve()
      .then(() => this.write())
      .catch((thrown) => this.turn(() => this.out.error(thrown)));
  }

  private async write(): Promise<void> {
    const { store, writing } = this.config;
    const refused = (rows: readonly any[], error: unknown) =>
      this.turn(() => this.state.refused(rows, error));
    const lost = (rows: number) => this.turn(() => this.state.lost(rows));
    const send = (rows: readonly PendingRow[]) => store.upsert(rows);
    while (this.state.waitingRows > 0 && !this.out.closed) {
      const rows = this.state.take(writing.size);
      const result =
        this.config.delivery === 'atMostOnce'
          ? await writeOnce({ retry: this.retry, store, sink: { refused, lost } }, rows)
          : await writeBatch({ retry: this.retry, send, refused }, rows);
      this.turn(() => this.state.durable(result));
    }
    this.writing = false;
    this.turn(() => this.finish());
  }

  private timing(): Timing {
    const { scheduler = asyncScheduler } = this.config;
    return {
      now: () => scheduler.now(),
      after: (ms, fn) => {
        const timer = scheduler.schedule(() => fn(), ms);
        this.timers.add(timer);
        return () => {
          this.timers.remove(timer);
          timer.unsubscribe();
        };
      },
    };
  }

  private ack(ack: Ack): void {
    this.turn(() => {
      if (ack.rows > 0) this.out.next(ack);
      this.finish();
    });
  }

  private end(): void {
    this.ended = true;
    this.finish();
  }

  /* Complete only when nothing waits, is being written, or is with the job. */
  private finish(): void {
    if (this.ended && !this.writing && this.state.pending === 0) this.out.complete();
  }
}
