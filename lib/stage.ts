/** What every stateful operator shares: one time per input, barriers, restore, status; pure, without RxJS. */
import { type Chunks, chunkOf, type Data } from './chunks.js';
import {
  type Barrier,
  barrierAt,
  type Element,
  nextOrigin,
  type Restore,
  restoreWith,
  type Status,
  statusOf,
  type Watermark,
  watermarkAt,
} from './element.js';
import { InputTime, type SavedInput } from './inputTime.js';
import type { Logic } from './logic.js';
import type { Membership } from './membership.js';
import { type Settings, sameSettings } from './settings.js';
import { Settling } from './settling.js';
import { copyStats, restoreStats } from './stats.js';
import { registering, takeBack } from './takeBack.js';
import { type OnResume, Valve } from './valve.js';

interface Down {
  next(e: Element<any>): void;
  complete(): void;
  readonly closed: boolean;
}

export interface StageConfig {
  readonly operator: string;
  readonly id?: string | undefined;
  readonly inputs: number;
  /** What an input does that wakes behind the output. @default 'hold' */
  readonly onResume?: OnResume | undefined;
  /** What the meaning of the state depends on (sizes, bounds): state of other settings is refused. */
  readonly settings?: Settings | undefined;
  /** Runs what comes of a promise as a turn of its own. */
  readonly turn?: ((task: () => void) => void) | undefined;
}

const SHELL = 'shell';

/**
 * The shell around a `Logic`: checks that each input has one origin and that its time rises, joins
 * the inputs by the valve, aligns barriers by a counter per n, gives state back on
 * restore, and lets *idle* pass only when nothing waits. One input passes its watermarks on
 * unchanged; several make watermarks of an origin of their own.
 */
export class Stage {
  private readonly inputs: InputTime[];
  private readonly valve: Valve;
  private readonly origin: number;
  private readonly aligned = new Map<number, number>();
  private lastBarrier = 0;
  private membership: Membership | undefined;
  private outW = -Infinity;
  private outIdle = false;
  private ended = false;
  /** Only in a job, around a logic that works on after its turn. */
  private settling: Settling | undefined;
  private pending = { inside: 0, behind: 0 };

  constructor(
    private readonly config: StageConfig,
    private readonly logic: Logic,
    private readonly down: Down,
  ) {
    this.inputs = Array.from({ length: config.inputs }, () => new InputTime(config.operator));
    this.valve = new Valve(config.onResume ?? 'hold');
    for (let i = 0; i < config.inputs; i++) this.valve.add();
    this.origin = config.inputs > 1 ? nextOrigin() : 0;
  }

  next(e: Element<any>, input: number): void {
    if (this.settling?.waiting) this.settling.queue(() => this.take(e, input));
    else this.take(e, input);
  }

  complete(input: number): void {
    if (this.settling?.waiting) this.settling.queue(() => this.end(input));
    else this.end(input);
  }

  private take(e: Element<any>, input: number): void {
    switch (e.kind) {
      case 'event':
        this.logic.event(e, input);
        return;
      case 'watermark':
        this.watermark(e, input);
        return;
      case 'status':
        this.status(e, input);
        return;
      case 'barrier':
        this.barrier(e);
        return;
      case 'restore':
        this.restore(e);
    }
  }

  private end(input: number): void {
    const time = this.inputs[input];
    if (time === undefined || time.completed) return;
    time.completed = true;
    this.rise(input, Infinity, time.origin ?? 0);
    if (this.down.closed || !this.inputs.every((i) => i.completed)) return;
    this.settled(() => {
      this.finish();
      this.down.complete();
    });
  }

  /** Downstream wants no more: a job must not wait for this operator longer than for what it has begun. */
  leave(): void {
    if (this.settling === undefined) this.finish();
    else this.logic.whenSettled?.(() => this.finish());
  }

  private finish(): void {
    this.membership?.finished(() => this.save(), this.logic.sink?.takeRows());
  }

  /** The state as it would be in a snapshot. */
  save(): Chunks {
    const chunks = new Map<string, Data>(this.logic.save());
    chunks.set(SHELL, {
      inputs: this.inputs.map((i) => i.save()),
      valve: this.valve.save(),
      outW: this.outW,
      outIdle: this.outIdle,
      stats: copyStats(this.logic.stats),
      settings: this.config.settings ?? {},
    });
    return chunks;
  }

  /** Takes saved state back; as if nothing had happened. */
  load(chunks: Chunks, kept = false): void {
    const shell = chunkOf<ShellState>(chunks, SHELL);
    sameSettings(this.config, shell.settings, kept);
    for (const [i, saved] of shell.inputs.entries()) this.inputs[i]?.load(saved);
    this.valve.load(shell.valve);
    this.outW = shell.outW;
    this.outIdle = shell.outIdle;
    this.logic.restore(chunks);
    restoreStats(this.logic.stats, shell.stats);
  }

  private watermark(e: Watermark, input: number): void {
    const time = this.inputs[input];
    if (time?.accepts(e)) this.rise(input, e.timestamp, e.origin);
  }

  private rise(input: number, w: number, origin: number): void {
    const time = this.inputs[input];
    if (time === undefined || w <= time.w) return;
    time.w = w;
    this.logic.side?.(input, w);
    if (w === Infinity) this.valve.finish(input);
    else this.valve.advance(input, w);
    this.release(this.inputs.length > 1 ? this.origin : origin);
  }

  /* Results first, then W, then status: a watermark leaves after everything that it released. */
  private release(origin: number): void {
    const w = this.valve.watermark;
    if (w > this.outW) {
      this.outW = w;
      this.logic.advance(w);
      const out = this.logic.outgoing?.(w) ?? w;
      if (!this.down.closed && out > -Infinity) this.down.next(watermarkAt(out, origin));
      if (w === Infinity) this.ended = true;
    }
    this.passStatus();
  }

  private status(e: Status, input: number): void {
    if (e.status === 'idle') this.valve.idle(input);
    else this.valve.active(input);
    const time = this.inputs[input];
    if (time) time.idle = e.status === 'idle';
    this.release(this.inputs.length > 1 ? this.origin : (time?.origin ?? 0));
  }

  private passStatus(): void {
    if (this.ended || this.down.closed) return;
    const idle = this.valve.status === 'idle' && (this.outIdle || this.logic.waiting() === 0);
    if (idle === this.outIdle) return;
    this.outIdle = idle;
    this.down.next(statusOf(idle ? 'idle' : 'active'));
  }

  private barrier(e: Barrier): void {
    if (e.n <= this.lastBarrier) return;
    const seen = (this.aligned.get(e.n) ?? 0) + 1;
    this.aligned.set(e.n, seen);
    if (seen < this.inputs.filter((i) => !i.completed).length) return;
    for (const n of this.aligned.keys()) if (n <= e.n) this.aligned.delete(n);
    this.lastBarrier = e.n;
    this.settled(() => {
      const rows = this.membership === undefined ? undefined : this.logic.sink?.takeRows();
      if (this.config.id !== undefined) e.report(this.config.id, () => this.save(), rows);
      this.down.next(barrierAt(e.n, e.report));
    });
  }

  private settled(then: () => void): void {
    if (this.settling === undefined) then();
    else this.settling.after(() => this.down.closed || then());
  }

  private count(change: Partial<typeof this.pending>): void {
    this.pending = { ...this.pending, ...change };
    this.membership?.pending(this.pending.inside + this.pending.behind);
  }

  private join(membership: Membership): void {
    this.membership = membership;
    const { turn = (task) => task() } = this.config;
    const { logic } = this;
    if (logic.whenSettled !== undefined) {
      const settled = (then: () => void) => logic.whenSettled?.(then);
      this.settling = new Settling(settled, turn, (behind) => this.count({ behind }));
    }
    logic.joined?.({ ...membership, pending: (inside) => this.count({ inside }) });
  }

  private restore(e: Restore): void {
    if (this.membership !== undefined) return;
    const { id, operator } = this.config;
    const { stats, sink } = this.logic;
    const membership = e.register({ id, operator, stats, ...(sink && { sink }) });
    this.join(membership);
    takeBack(membership, {
      ...{ operator, id },
      load: (chunks, kept) => this.load(chunks, kept),
      save: () => this.save(),
      refused: () => this.down.next(registering(e)),
    });
    this.down.next(restoreWith(e.register));
  }
}

interface ShellState {
  readonly inputs: readonly SavedInput[];
  readonly valve: Data;
  readonly outW: number;
  readonly outIdle: boolean;
  readonly stats: Data;
  readonly settings: Settings;
}
