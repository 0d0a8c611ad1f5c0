/** Virtual time over a heap: RxJS's TestScheduler without its sort per action. Holds an entry per pending action. */
import { type SchedulerAction, Subscription } from 'rxjs';
import { TestScheduler } from 'rxjs/testing';
import { type Entry, Heap } from './heap.js';

type Work<T> = (this: SchedulerAction<T>, state?: T) => void;

/** Adds to an order: after (or before) everything of its frame that was scheduled the ordinary way. */
const FIRST = -(2 ** 52);

/* One object however often it is scheduled again: RxJS's VirtualAction nests one in the other. */
class Action<T> extends Subscription implements SchedulerAction<T> {
  entry: Entry<Action<any>> | undefined;
  state: T | undefined;

  constructor(
    private readonly scheduler: MarbleScheduler,
    private readonly work: Work<T>,
    private readonly order: number | undefined,
  ) {
    super();
  }

  schedule(state?: T, delay = 0): Subscription {
    if (this.closed) return this;
    this.cancel();
    if (!Number.isFinite(delay)) return this;
    this.state = state;
    this.entry = this.scheduler.enqueue(this, delay, this.order);
    return this;
  }

  run(): void {
    this.entry = undefined;
    try {
      this.work.call(this, this.state);
    } catch (thrown) {
      this.unsubscribe();
      throw thrown;
    }
  }

  override unsubscribe(): void {
    this.cancel();
    super.unsubscribe();
  }

  private cancel(): void {
    if (this.entry !== undefined) this.scheduler.cancel(this.entry);
    this.entry = undefined;
  }
}

/** Options of a `MarbleScheduler`. */
export interface SchedulerOptions {
  /** What `now()` shows at frame 0, ms. @default 0 */
  readonly clock?: number;
  /** Actions without a message of a script between them, before time counts as endless. @default 100,000 */
  readonly maxActions?: number;
  /** Called with the equals of RxJS's own helpers. */
  readonly compare?: (actual: any, expected: any) => void;
}

/**
 * RxJS's TestScheduler for long tests: 100,000 pending actions cost what a heap costs. An action that
 * throws does not take the others with it: they run, and `flush` throws afterwards.
 *
 * @example
 * const scheduler = new MarbleScheduler();
 * scheduler.schedule(() => seen.push(scheduler.now()), 5);
 * scheduler.flush();  // seen: [5]
 */
export class MarbleScheduler extends TestScheduler {
  /**
   * Set while time is driven from outside: `flush()` then does nothing.
   * @internal
   */
  held = false;
  /**
   * Told when time is about to leave a frame.
   * @internal
   */
  onFrameEnd: ((frame: number) => void) | undefined;
  private readonly heap = new Heap<Action<any>>();
  private readonly maxActions: number;
  private starts: (() => void)[] = [];
  private errors: unknown[] = [];
  private last = 0;
  private idle = 0;
  private entered = 0;

  constructor(options: SchedulerOptions = {}) {
    super(options.compare ?? (() => {}));
    const { clock = 0, maxActions = 100_000 } = options;
    this.maxActions = maxActions;
    this.now = () => clock + this.frame;
  }

  override schedule<T>(work: Work<T>, delay = 0, state?: T): Subscription {
    return new Action(this, work, undefined).schedule(state, delay);
  }

  /**
   * As `schedule`, but of one frame it runs where `order` says: a number that `nextOrder` gave.
   * @internal
   */
  scheduleAs<T>(order: number, work: Work<T>, delay = 0, state?: T): Subscription {
    return new Action(this, work, order).schedule(state, delay);
  }

  /**
   * As `schedule`, but of its frame it runs before what was scheduled the ordinary way.
   * @internal
   */
  scheduleFirst<T>(work: Work<T>, delay = 0, state?: T): Subscription {
    return new Action(this, work, FIRST).schedule(state, delay);
  }

  /**
   * The place in a frame of what is scheduled now.
   * @internal
   */
  nextOrder(): number {
    return ++this.last;
  }

  /**
   * Runs `task` when time begins to pass, after what was scheduled before.
   * @internal
   */
  atStart(task: () => void): void {
    this.starts.push(task);
  }

  /**
   * A script has sent a message: time is not endless.
   * @internal
   */
  progress(): void {
    this.idle = 0;
  }

  /** The frame of the next action. */
  get nextFrame(): number | undefined {
    this.start();
    return this.heap.peek()?.frame;
  }

  /** Runs the next action if it is due by `frame`. What it throws is kept for `settle`. */
  step(frame = Infinity): boolean {
    const next = this.nextFrame;
    if (next === undefined || next > frame) return false;
    const action = this.heap.pop()?.action;
    this.enter(next);
    try {
      action?.run();
    } catch (thrown) {
      this.errors.push(thrown);
    }
    return true;
  }

  /** Runs all actions, also those that they schedule. @throws what an action threw */
  override flush(): void {
    if (this.held) return;
    while (this.step());
    this.settle();
  }

  /** Ends the frame, throws what actions threw, and compares what RxJS's own helpers expect. */
  settle(): void {
    this.onFrameEnd?.(this.frame);
    const errors = this.errors.splice(0);
    if (errors.length > 1) {
      const first = errors[0] instanceof Error ? errors[0].message : String(errors[0]);
      throw new AggregateError(errors, `${errors.length} actions threw; the first: ${first}`);
    }
    if (errors.length === 1) throw errors[0];
    super.flush();
  }

  /**
   * Keeps an error for `settle`.
   * @internal
   */
  fail(thrown: unknown): void {
    this.errors.push(thrown);
  }

  /** Cancels everything. */
  clear(): void {
    for (const action of this.heap.clear()) action.unsubscribe();
  }

  /** @internal */
  enqueue(action: Action<any>, delay: number, place: number | undefined): Entry<Action<any>> {
    const turn = ++this.last;
    const order = place === FIRST ? FIRST + turn : (place ?? turn);
    const entry = { frame: this.frame + Math.max(delay, 0), order, action };
    this.heap.push(entry);
    return entry;
  }

  /** @internal */
  cancel(entry: Entry<Action<any>>): void {
    if (entry.action !== undefined) this.heap.cancel(entry);
  }

  private start(): void {
    for (const hot of this.hotObservables.splice(0)) hot.setup();
    for (const task of this.starts.splice(0)) task();
  }

  private enter(frame: number): void {
    if (frame > this.entered) {
      this.onFrameEnd?.(this.entered);
      this.entered = frame;
      this.frame = frame;
    }
    this.count();
  }

  /**
   * Counts an action. @throws Error when there were too many without a message of a script
   * @internal
   */
  count(): void {
    if (++this.idle <= this.maxActions) return;
    this.clear();
    throw new Error(
      `marbles: ${this.maxActions} actions ran since a script last sent something, and virtual time is at ${this.frame}ms; ` +
        'a timer, repeat or retry seems to have no end: unsubscribe with `!` in the expectation, or end it with take() or takeUntil()',
    );
  }
}
