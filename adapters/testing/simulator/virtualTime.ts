/** Virtual time: a heap of what is to happen, and the clock of a process that can die, freeze and be set wrong. */
import { type SchedulerAction, type SchedulerLike, Subscription } from 'rxjs';
import { type Entry, Heap } from '../run/heap.js';

type Happening = () => void;

/** Holds an entry per pending happening. */
export class VirtualTime {
  /** Milliseconds since the simulation began. */
  ms = 0;
  private readonly heap = new Heap<Happening>();
  private order = 0;

  after(ms: number, action: Happening): Entry<Happening> {
    const entry = { frame: this.ms + Math.max(0, ms), order: ++this.order, action };
    this.heap.push(entry);
    return entry;
  }

  cancel(entry: Entry<Happening>): void {
    if (entry.action !== undefined) this.heap.cancel(entry);
  }

  /** When something happens next; undefined where nothing will. */
  get next(): number | undefined {
    return this.heap.peek()?.frame;
  }

  /** Lets the next thing happen, and says whether there was one. */
  step(): boolean {
    const entry = this.heap.pop();
    if (entry === undefined) return false;
    const { action } = entry;
    entry.action = undefined;
    this.ms = entry.frame;
    action?.();
    return true;
  }
}

type Work = (this: SchedulerAction<any>, state?: any) => void;

/** The clock of one process. Its timers die with it, and wait while it is frozen. */
export class ProcessClock implements SchedulerLike {
  /** How wrong it is, ms. */
  skew = 0;
  private readonly timers = new Set<Timer>();

  constructor(
    readonly time: VirtualTime,
    private readonly startMs: number,
    /** Runs what is due now, later or never. */
    readonly run: (task: Happening) => void,
  ) {}

  now(): number {
    return this.startMs + this.time.ms + this.skew;
  }

  schedule<T>(
    work: (this: SchedulerAction<T>, state?: T) => void,
    delay = 0,
    state?: T,
  ): Subscription {
    return new Timer(this, work as Work).schedule(state, delay);
  }

  /** Timers that wait. */
  get pending(): number {
    return this.timers.size;
  }

  clear(): void {
    for (const timer of [...this.timers]) timer.unsubscribe();
  }

  /** @internal */
  add(timer: Timer): void {
    this.timers.add(timer);
  }

  /** @internal */
  remove(timer: Timer): void {
    this.timers.delete(timer);
  }
}

class Timer extends Subscription implements SchedulerAction<any> {
  private entry: Entry<Happening> | undefined;

  constructor(
    private readonly clock: ProcessClock,
    private readonly work: Work,
  ) {
    super();
  }

  schedule(state?: any, delay = 0): Subscription {
    if (this.closed || !Number.isFinite(delay)) return this;
    this.cancel();
    this.clock.add(this);
    this.entry = this.clock.time.after(delay, () => this.clock.run(() => this.fire(state)));
    return this;
  }

  override unsubscribe(): void {
    this.cancel();
    super.unsubscribe();
  }

  private fire(state: any): void {
    if (this.closed) return;
    this.clock.remove(this);
    this.entry = undefined;
    this.work.call(this, state);
  }

  private cancel(): void {
    this.clock.remove(this);
    if (this.entry !== undefined) this.clock.time.cancel(this.entry);
    this.entry = undefined;
  }
}
