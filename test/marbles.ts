/** Event-time marble tests over RxJS's TestScheduler: streams and doors, frame by frame. */
import { Observable, Subscription } from 'rxjs';
import { TestScheduler } from 'rxjs/testing';
import type { Element } from '../lib/element.js';
import { failure, Report } from './marbleReport.js';
import {
  elementOf,
  type Got,
  gotOf,
  type Lane,
  type Mark,
  meets,
  parseMarbles,
  type Values,
} from './notation.js';

/** What `#` in a script sends, and what `#` in an expectation means, unless told otherwise. */
export const scriptError = new Error('# of the script');

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

export interface EventTimeTest {
  /** A cold stream of elements: `a@1 W4 |`. A letter is its own value unless `values` has it. */
  stream<T = string>(marbles: string, values?: Named<T>, error?: unknown): Observable<Element<T>>;
  /** A cold stream of bare values: `a b |`. */
  source<T = string>(marbles: string, values?: Named<T>, error?: unknown): Observable<T>;
  /** Subscribes at frame 0. `!` in the expectation unsubscribes at the beginning of its frame. */
  expectStream(actual: Observable<unknown>): Expectation;
  door(): RecordingDoor;
  /** Lets all virtual time pass now, so that the test can look at what came. */
  flush(): void;
  readonly scheduler: TestScheduler;
}

/**
 * A test body for `it(...)`. One token is one arrival frame of 1 ms; the clock starts at `startAt`.
 * A stream or door without expectation fails the test, and so does a test without any.
 *
 * @example
 * it('forgets a at 5', eventTimeTest(({ stream, expectStream }) => {
 *   const out$ = stream('a@1 a@2 W5 |').pipe(dedupe({ key: (v) => v, within: 4 }));
 *   expectStream(out$).toBe('a@1 · W5 (W∞ |)');
 * }));
 */
export function eventTimeTest(body: (t: EventTimeTest) => void, startAt = 0): () => void {
  return () => {
    const scheduler = new TestScheduler(() => {});
    scheduler.now = () => startAt + scheduler.frame;
    scheduler.run(() => {
      const run = new Run(scheduler);
      body(run.tools());
      scheduler.flush();
      run.check();
    });
  };
}

class Run {
  private readonly lanes: ReceivedLane[] = [];
  private readonly values: Record<string, unknown> = {};

  constructor(private readonly scheduler: TestScheduler) {}

  tools(): EventTimeTest {
    return {
      stream: (text, values, error) => this.script(text, values, error),
      source: (text, values, error) => this.script(text, values, error),
      expectStream: (actual) => this.watch(actual),
      door: () => this.door(),
      flush: () => this.scheduler.flush(),
      scheduler: this.scheduler,
    };
  }

  check(): void {
    if (this.lanes.length === 0) throw new Error('marbles: the test expects nothing');
    for (const lane of this.lanes) lane.check(this.values);
  }

  private script(text: string, values: Values = {}, error: unknown = scriptError): Observable<any> {
    const lane = parseMarbles(text);
    Object.assign(this.values, values);
    return new Observable((out) => {
      for (const [frame, marks] of lane) {
        out.add(this.scheduler.schedule(() => marks.forEach(send), frame));
      }
      function send(mark: Mark): void {
        if (mark.kind === 'complete') out.complete();
        else if (mark.kind === 'error') out.error(error);
        else out.next(elementOf(mark, values));
      }
    });
  }

  private watch(actual: Observable<unknown>): Expectation {
    const lane = this.lane('a stream');
    const subscription = new Subscription();
    this.scheduler.schedule(() => {
      subscription.add(
        actual.subscribe({
          next: (x) => lane.add(gotOf(x)),
          error: (error) => lane.add({ kind: 'error', error }),
          complete: () => lane.add({ kind: 'complete' }),
        }),
      );
    });
    const stopAt = (frame: number): void => {
      this.scheduler.schedule(() => subscription.unsubscribe(), frame);
    };
    return { toBe: (...wanted) => lane.expect(wanted, stopAt) };
  }

  private door(): RecordingDoor {
    const lane = this.lane('a door');
    const items: any[] = [];
    const take = (thing: any): void => {
      items.push(thing);
      const { value, timestamp } = thing;
      lane.add(
        timed(timestamp) ? { kind: 'event', value, at: timestamp } : { kind: 'value', value },
      );
    };
    return Object.assign(take, { items, toBe: (...wanted: Wanted) => lane.expect(wanted) });
  }

  private lane(what: string): ReceivedLane {
    const lane = new ReceivedLane(what, () => this.scheduler.frame);
    this.lanes.push(lane);
    return lane;
  }
}

function timed(timestamp: unknown): boolean {
  return typeof timestamp === 'number' && !Number.isNaN(timestamp);
}

type Wanted = Parameters<Expectation['toBe']>;

/** What one stream or door gave, by frame, and what it should have given. */
class ReceivedLane {
  private readonly got = new Map<number, Got[]>();
  private wanted: { lane: Lane<Mark>; values: Values; error: unknown; site: Error } | undefined;
  private readonly made = new Error();

  constructor(
    private readonly what: string,
    private readonly frame: () => number,
  ) {}

  add(got: Got): void {
    const frame = this.frame();
    const here = this.got.get(frame);
    if (here === undefined) this.got.set(frame, [got]);
    else here.push(got);
  }

  expect([text, values = {}, error = scriptError]: Wanted, stopAt?: (frame: number) => void): void {
    const lane = new Map<number, readonly Mark[]>();
    for (const [frame, marks] of parseMarbles(text)) {
      if (marks.some((m) => m.kind === 'unsubscribe')) stopAt?.(frame);
      lane.set(
        frame,
        marks.filter((m) => m.kind !== 'unsubscribe'),
      );
    }
    this.wanted = { lane, values, error, site: new Error() };
  }

  check(scripted: Values): void {
    if (this.wanted === undefined) {
      throw failure(`marbles: ${this.what} has no expectation; call toBe(...)`, this.made);
    }
    const { lane, error, site } = this.wanted;
    const values = { ...scripted, ...this.wanted.values };
    const frames = [...new Set([...lane.keys(), ...this.got.keys()])].sort((a, b) => a - b);
    const report = new Report(values);
    for (const frame of frames) {
      const marks = lane.get(frame) ?? [];
      const gots = this.got.get(frame) ?? [];
      const pairs = gots.map((got, i) => {
        const mark = marks[i];
        return mark !== undefined && meets(mark, got, values, error) ? mark : got;
      });
      const same = gots.length === marks.length && pairs.every((p, i) => p === marks[i]);
      report.column(frame, marks, pairs, same);
    }
    if (report.differs) throw failure(`${this.what} differs\n${report.text()}`, site);
  }
}
