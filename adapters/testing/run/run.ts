/** A running event-time test: its lanes, its letters, and the judgement at its end. */
import { isObservable, Observable, type Observer, Subject, Subscription } from 'rxjs';
import { type Duration, durationOption } from '../../../lib/duration.js';
import { configError } from '../../../lib/errors.js';
import { failureOf, MarbleError } from '../report/failure.js';
import type { Fact, SceneLane } from '../report/scene.js';
import type { Message, Values } from '../script/message.js';
import { parseMarbles, scriptError } from '../script/notation.js';
import type { Script } from '../script/script.js';
import { epochOption } from '../script/times.js';
import { siteOf } from '../site.js';
import { CounterLane, type Counters } from './counters.js';
import { type CurrentTest, type MatcherCall, shared, throwing } from './current.js';
import { DoorLane } from './door.js';
import { claimsOf, factsClaim, type Written } from './expectations.js';
import { type Claim, Lane } from './lane.js';
import { play } from './player.js';
import { Recording } from './recording.js';
import { relay, scribe } from './relay.js';
import { RxExpectations, type Within } from './rx.js';
import { MarbleScheduler } from './scheduler.js';
import { TestLetters } from './testLetters.js';
import type { Expectation, RecordingDoor, TestOptions, TestTools } from './tools.js';

/** So often may a script be subscribed before it counts as repeated for ever. */
const MOST_REPEATS = 100;
/** A source that gives so much in one frame has no end. */
const MOST_AT_ONCE = 1_000_000;

export class Run implements CurrentTest {
  readonly scheduler: MarbleScheduler;
  readonly clock: number;
  private readonly epoch: number;
  private readonly unit: Duration;
  private readonly lanes: Lane[] = [];
  private readonly inputs: { readonly head: string; readonly received: Message[] }[] = [];
  private readonly blocks: { readonly head: string; readonly claim: Claim }[] = [];
  private readonly letters = new TestLetters();
  private readonly heads = new Map<string, number>();
  private rx: RxExpectations | undefined;
  private judged = false;

  constructor(private readonly options: TestOptions) {
    const { epoch, clock, unit = 1, maxActions } = options;
    this.epoch = epochOption('eventTimeTest', epoch);
    this.clock = epochOption('eventTimeTest', clock, 'clock');
    durationOption('eventTimeTest', 'unit', unit, 'positive');
    this.unit = unit;
    this.scheduler = new MarbleScheduler({
      clock: this.clock,
      ...(maxActions !== undefined && { maxActions }),
    });
    this.scheduler.onFrameEnd = (frame) => this.sample(frame);
  }

  tools(within: Within): TestTools {
    const rx = new RxExpectations(this.scheduler, within);
    this.rx = rx;
    return {
      stream: (...written) => this.cold(...written),
      source: (...written) => this.cold(...written),
      hot: (...written) => this.hot(...written),
      expectStream: (actual, name) => this.expectation(...this.watch('expectStream', actual, name)),
      record: (actual, name) => this.record(actual, name),
      door: (name) => this.door(name),
      counters: (name) => this.counters(name),
      scheduler: this.scheduler,
      rx: rx.helpers(),
    };
  }

  expectMarbles(actual: unknown, call: MatcherCall): void {
    const [lane, subscription] = this.watch('toEmitMarbles', actual);
    const { marbles, values = {}, site } = call;
    const error = 'error' in call ? call.error : scriptError;
    this.claim(lane, { marbles, values, error, site }, subscription);
  }

  expectFacts(actual: unknown, facts: readonly Fact[], site: Error): void {
    this.watch('toEmitFacts', actual)[0].claims.push(factsClaim(facts, site));
  }

  /** Judges every expectation. @throws MarbleError where one was forgotten, or does not hold */
  check(): void {
    this.judged = true;
    const rx = this.rx?.lanes ?? [];
    if (this.lanes.length === 0 && (this.rx?.size ?? 0) === 0) {
      throw new MarbleError('marbles: the test expects nothing; call expectStream(…)', '', '');
    }
    for (const { head, claim } of this.blocks) this.claimByHead(head, claim);
    const forgotten = this.lanes.find((lane) => lane.forgotten) ?? this.rx?.forgotten;
    if (forgotten !== undefined) throw forgottenError(forgotten);
    for (const lane of this.lanes) if (lane instanceof CounterLane) lane.refuseUnknown();
    const { values } = this.letters;
    for (const { claims } of this.lanes) for (const c of claims) this.letters.refuseAmbiguous(c);
    const own = this.lanes.flatMap((lane) => lane.scene(values));
    const inputs = this.inputs.filter(({ received }) => received.length > 0);
    const lanes: readonly SceneLane[] = [...inputs, ...own, ...rx];
    const failure = failureOf({ lanes, values, epoch: this.epoch });
    const count = lanes.filter(({ site }) => site !== undefined).length;
    const assert = this.options.assert ?? shared().assert ?? throwing;
    for (let i = 1; i < count; i++) assert(undefined);
    assert(failure);
  }

  private sample(frame: number): void {
    for (const lane of this.lanes) if (lane instanceof CounterLane) lane.sample(frame);
  }

  private read(
    script: string | Script<any>,
    values: Values,
    given: readonly [error?: unknown],
  ): readonly Message[] {
    const error = errorOf(given);
    const { epoch, unit } = this;
    const text = typeof script === 'string';
    const messages = text
      ? parseMarbles(script, { epoch, unit, values, error, sent: true })
      : script.messages;
    this.letters.add(messages, text ? values : { ...script.values, ...values });
    return messages;
  }

  private cold(script: string | Script<any>, values: Values = {}, ...error: [error?: unknown]) {
    const messages = this.read(script, values, error);
    const input = this.input();
    let times = 0;
    return new Observable<any>((out) => {
      times++;
      const shown = times === 1 ? input : undefined;
      const send = (m: Message) => this.send(m, out, shown);
      out.add(play(this.scheduler, messages, send, times <= MOST_REPEATS));
    });
  }

  private hot(script: string | Script<any>, values: Values = {}, ...error: [error?: unknown]) {
    const messages = this.read(script, values, error);
    const input = this.input();
    const subject = new Subject<any>();
    this.scheduler.atStart(() => {
      play(this.scheduler, messages, (m) => this.send(m, subject, input));
    });
    return subject.asObservable();
  }

  private send(m: Message, out: Observer<any>, shown?: Message[]): void {
    shown?.push({ ...m, frame: this.scheduler.frame });
    relay(m, out);
  }

  private watch(owner: string, actual: unknown, name = 'out'): [Lane, Subscription] {
    if (!isObservable(actual)) throw configError(owner, 'actual', 'an Observable', actual);
    const kind = owner === 'record' ? 'recording' : 'stream';
    const lane = this.lane(new Lane(this.head(name), kind));
    const subscription = new Subscription();
    const { scheduler } = this;
    const { received } = lane;
    const take = (m: Message): void => {
      received.push(m);
      if (received.at(-MOST_AT_ONCE)?.frame !== m.frame) return;
      subscription.unsubscribe();
      scheduler.fail(endlessError(lane.head, m.frame));
    };
    // known before it is subscribed, so that a source that never returns can be stopped
    const held = new Observable((out) => {
      subscription.add(out);
      return actual.subscribe(out);
    });
    scheduler.schedule(() => {
      if (!subscription.closed) held.subscribe(scribe(scheduler, take));
    });
    return [lane, subscription];
  }

  private expectation(lane: Lane, subscription?: Subscription): Expectation {
    const toBe: Expectation['toBe'] = (marbles, values = {}, ...error: [error?: unknown]) => {
      const written = { marbles, values, error: errorOf(error), site: siteOf(toBe) };
      this.claim(lane, written, subscription);
    };
    const toEmit: Expectation['toEmit'] = (facts) => {
      this.refuseJudged();
      lane.claims.push(factsClaim(facts, siteOf(toEmit)));
    };
    return { toBe, toEmit };
  }

  private claim(lane: Lane, written: Written, subscription?: Subscription): void {
    this.refuseJudged();
    const { epoch, unit } = this;
    const { known } = this.letters;
    const { own, others, ends } = claimsOf(written, { epoch, unit, known });
    lane.claims.push(...own);
    if (own.length === 0) lane.looked = true;
    for (const [head, claim] of others) this.blocks.push({ head, claim });
    for (const frame of ends) {
      this.scheduler.schedule(() => subscription?.unsubscribe(), frame - this.scheduler.frame);
    }
  }

  private record(actual: Observable<unknown>, name = 'recording'): Recording {
    const [lane] = this.watch('record', actual, name);
    return new Recording(lane, () => this.letters.values, this.epoch);
  }

  private door(name = 'door'): RecordingDoor {
    const lane = this.lane(new DoorLane(this.head(name)));
    const take = (thing: unknown): void => lane.take(thing, this.scheduler.frame);
    Object.defineProperty(take, 'items', { get: () => lane.items });
    Object.defineProperty(take, 'messages', { get: () => lane.messages });
    return Object.assign(take as RecordingDoor, this.expectation(lane));
  }

  private counters(name = 'counters'): Counters<any> {
    const lane = this.lane(new CounterLane(this.head(name)));
    const toBe = (marbles: string, field = 'live'): void => {
      const { epoch, unit } = this;
      const written = { marbles, values: {}, error: scriptError, site: siteOf(toBe) };
      const { own } = claimsOf(written, { epoch, unit, known: new Set() });
      for (const claim of own) lane.claim(claim, field);
    };
    return lane.door(toBe);
  }

  /* The lane of a block: a door, counters, or a field of the only counters. */
  private claimByHead(head: string, claim: Claim): void {
    const [name = '', field] = head.split(/\.(.*)/s);
    const lane = this.lanes.find((l) => l.head === head) ?? this.lanes.find((l) => l.head === name);
    const all = this.lanes.filter((l) => l instanceof CounterLane);
    if (lane instanceof CounterLane) lane.claim(claim, lane.head === head ? 'live' : (field ?? ''));
    else if (lane?.head === head) lane.claims.push(claim);
    else if (all.length === 1 && all[0]?.has(head)) all[0].claim(claim, head);
    else throw unknownHead(head, this.lanes, claim.site);
  }

  private input(): Message[] {
    const received: Message[] = [];
    this.inputs.push({ head: this.head('in'), received });
    return received;
  }

  /* What is expected after the end would never be compared. */
  private refuseJudged(): void {
    if (!this.judged) return;
    throw new Error(
      'marbles: the test has ended, so nothing compares this; await what it waits for',
    );
  }

  private lane<L extends Lane>(lane: L): L {
    this.refuseJudged();
    this.lanes.push(lane);
    return lane;
  }

  private head(name: string): string {
    const n = (this.heads.get(name) ?? 0) + 1;
    this.heads.set(name, n);
    return n === 1 ? name : `${name} ${n}`;
  }
}

function forgottenError({ head, made }: { readonly head: string; readonly made: Error }): Error {
  const text = `marbles: \`${head}\` has no expectation; call toBe(…) or toEmit(…)`;
  return new MarbleError(text, '', '', made);
}

function errorOf(given: readonly [error?: unknown]): unknown {
  return given.length > 0 ? given[0] : scriptError;
}

function endlessError(head: string, frame: number): Error {
  return new Error(
    `marbles: \`${head}\` got ${MOST_AT_ONCE} things in frame ${frame}; a source seems to have no end: end it with take()`,
  );
}

function unknownHead(head: string, lanes: readonly Lane[], site: Error): Error {
  const names = lanes.filter((l) => l.kind !== 'stream').map((l) => l.head);
  const text = `marbles: the block has a lane \`${head}\`, but no door, counters or recording has that name`;
  return new MarbleError(`${text}; there is: ${names.join(', ') || 'none'}`, '', '', site);
}
