/** Event-time marble tests over RxJS's TestScheduler: streams and doors, frame by frame. */
import { Observable, Subscription } from 'rxjs';
import { TestScheduler } from 'rxjs/testing';
import type { Element } from '../../lib/element.js';
import { type Instant, toInstant } from '../../lib/instant.js';
import { failureOf, MarbleError } from './failure.js';
import { type Message, messageOf, sentBy, type Values, valued } from './message.js';
import { parseMarbles, scriptError } from './notation.js';
import type { Scene } from './scene.js';

type Named<T> = Readonly<Record<string, T>>;

export interface Expectation {
  /** `error`: the error that `#` stands for; a string names its class, a RegExp its message. */
  toBe(marbles: string, values?: Values, error?: unknown): void;
}

/** A side door that remembers what came, and when. */
export interface RecordingDoor extends Expectation {
  (thing: any): void;
  /** Everything that came, in order; complete after `flush()`. */
  readonly items: readonly any[];
}

export interface TestOptions {
  /** Where the event times written in marbles begin. @default 0 */
  readonly epoch?: Instant;
  /** What the arrival clock shows at frame 0. @default 0 */
  readonly clock?: Instant;
}

export interface EventTimeTest {
  /** A cold stream of elements: `a@1 W4 |`. A letter is its own value unless `values` has it. */
  stream<T = string>(marbles: string, values?: Named<T>, error?: unknown): Observable<Element<T>>;
  /** A cold stream of bare values: `a b |`. */
  source<T = string>(marbles: string, values?: Named<T>, error?: unknown): Observable<T>;
  /** Subscribes at frame 0. `!` in the expectation unsubscribes at the beginning of its frame. */
  expectStream(actual: Observable<unknown>): Expectation;
  door(name?: string): RecordingDoor;
  /** Lets all virtual time pass now, so that the test can look at what came. */
  flush(): void;
  readonly scheduler: TestScheduler;
}

/**
 * A test body for `it(...)`. One token is one arrival frame of 1 ms.
 * A stream or door without expectation fails the test, and so does a test without any.
 *
 * @example
 * it('forgets a at 5', eventTimeTest(({ stream, expectStream }) => {
 *   const out$ = stream('a@1 a@2 W5 |').pipe(dedupe({ key: (v) => v, within: 4 }));
 *   expectStream(out$).toBe('a@1 · W5 (W∞ |)');
 * }));
 */
export function eventTimeTest(
  body: (t: EventTimeTest) => void,
  options: TestOptions = {},
): () => void {
  return () => {
    const clock = instantOption('clock', options.clock ?? 0);
    const scheduler = new TestScheduler(() => {});
    scheduler.now = () => clock + scheduler.frame;
    scheduler.run(() => {
      const run = new Run(scheduler, instantOption('epoch', options.epoch ?? 0));
      body(run.tools());
      scheduler.flush();
      run.check();
    });
  };
}

function instantOption(option: string, given: Instant): number {
  const ms = toInstant(given);
  if (typeof ms === 'number') return ms;
  throw new TypeError(`eventTimeTest: \`${option}\` must be an instant; got ${String(given)}`);
}

class Lane {
  readonly received: Message[] = [];
  wanted: { messages: readonly Message[]; values: Values; site: Error } | undefined;
  readonly made = new Error('no expectation');

  constructor(readonly head: string) {}
}

class Run {
  private readonly lanes: Lane[] = [];
  private readonly values: Record<string, unknown> = {};

  constructor(
    private readonly scheduler: TestScheduler,
    private readonly epoch: number,
  ) {}

  tools(): EventTimeTest {
    return {
      stream: (text, values, error) => this.script(text, values, error),
      source: (text, values, error) => this.script(text, values, error),
      expectStream: (actual) => this.watch(actual),
      door: (name) => this.door(name),
      flush: () => this.scheduler.flush(),
      scheduler: this.scheduler,
    };
  }

  check(): void {
    if (this.lanes.length === 0) throw new Error('marbles: the test expects nothing');
    for (const { head, wanted, made } of this.lanes) {
      if (wanted !== undefined) continue;
      throw new MarbleError(`marbles: ${head} has no expectation; call toBe(...)`, '', '', made);
    }
    const failure = failureOf(this.scene());
    if (failure !== undefined) throw failure;
  }

  private scene(): Scene {
    const lanes = this.lanes.map(({ head, received, wanted }) => ({
      head,
      received,
      expected: valued(wanted?.messages ?? [], { ...this.values, ...wanted?.values }),
      ...(wanted && { site: wanted.site, values: wanted.values }),
    }));
    return { lanes, values: this.values, epoch: this.epoch };
  }

  private script(text: string, values: Values = {}, error: unknown = scriptError): Observable<any> {
    const messages = parseMarbles(text, { epoch: this.epoch, values, error });
    Object.assign(this.values, values);
    return new Observable((out) => {
      for (const m of messages) out.add(this.scheduler.schedule(() => send(m), m.frame));
      function send(m: Message): void {
        if (m.kind === 'complete') out.complete();
        else if (m.kind === 'error') out.error(m.error);
        else out.next(sentBy(m));
      }
    });
  }

  private watch(actual: Observable<unknown>): Expectation {
    const lane = this.lane('a stream');
    const add = (m: Message): void => void lane.received.push(m);
    const subscription = new Subscription();
    this.scheduler.schedule(() => {
      subscription.add(
        actual.subscribe({
          next: (x) => add(messageOf(x, this.scheduler.frame)),
          error: (error) => add({ kind: 'error', frame: this.scheduler.frame, error }),
          complete: () => add({ kind: 'complete', frame: this.scheduler.frame }),
        }),
      );
    });
    return { toBe: this.expecting(lane, subscription) };
  }

  private door(name = 'a door'): RecordingDoor {
    const lane = this.lane(name);
    const items: any[] = [];
    const take = (thing: any): void => {
      items.push(thing);
      const { value, timestamp } = thing;
      const frame = this.scheduler.frame;
      const timed = typeof timestamp === 'number' && !Number.isNaN(timestamp);
      lane.received.push(
        timed ? { kind: 'event', frame, value, timestamp } : { kind: 'value', frame, value },
      );
    };
    return Object.assign(take, { items, toBe: this.expecting(lane) });
  }

  private expecting(lane: Lane, subscription?: Subscription): Expectation['toBe'] {
    const toBe: Expectation['toBe'] = (text, values = {}, error = scriptError) => {
      const site = new Error('expected here');
      Error.captureStackTrace(site, toBe);
      const all = parseMarbles(text, { epoch: this.epoch, error });
      for (const { kind, frame } of all) {
        if (kind !== 'unsubscribe') continue;
        this.scheduler.schedule(() => subscription?.unsubscribe(), frame);
      }
      const messages = all.filter((m) => m.kind !== 'unsubscribe');
      lane.wanted = { messages, values, site };
    };
    return toBe;
  }

  private lane(what: string): Lane {
    const lane = new Lane(what);
    this.lanes.push(lane);
    return lane;
  }
}
