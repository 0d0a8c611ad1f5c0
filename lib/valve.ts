/**
 * One watermark out of many: the least of the inputs that count. After Flink's StatusWatermarkValve,
 * with FLINK-38477 avoided (a finished input never lends its +∞ to an idle one). State: O(inputs).
 */
import type { Data } from './chunks.js';
import { MinTree } from './minTree.js';

/** What an input that wakes behind the output does: it is left out until it catches up, or it holds time. */
export type OnResume = 'ignore' | 'hold';

const ACTIVE = 0;
const IDLE = 1;
const FINISHED = 2;

/**
 * ```text
 * input a    W3  ·   W9  ·     ·
 * input b    ·   W5  ·   idle  finished
 * watermark  ·   W3  W5  W9    ·
 * ```
 * An input *counts* while it is active and not left out. A resume by itself moves nothing.
 */
export class Valve {
  /** The joined watermark; never falls. −∞ until every counting input has one. */
  watermark = -Infinity;
  private readonly w: number[] = [];
  private readonly state: number[] = [];
  private readonly left: boolean[] = [];
  private readonly tree = new MinTree();
  private active_ = 0;
  private finished = 0;

  constructor(private readonly policy: OnResume) {}

  get size(): number {
    return this.w.length;
  }

  /** `'idle'` when no input is active; a valve without inputs is active. */
  get status(): 'idle' | 'active' {
    return this.active_ === 0 && this.w.length > 0 ? 'idle' : 'active';
  }

  get allFinished(): boolean {
    return this.finished === this.w.length && this.w.length > 0;
  }

  /** Adds an active input that counts from now on; behind the output it holds time, never lowers it. */
  add(w = -Infinity): number {
    const i = this.w.length;
    this.w.push(w);
    this.state.push(ACTIVE);
    this.left.push(false);
    this.active_++;
    this.tree.set(i, w);
    return i;
  }

  /** W of input i; that of an idle or finished input is ignored. */
  advance(i: number, w: number): void {
    if (this.state[i] !== ACTIVE || w <= (this.w[i] as number)) return;
    this.w[i] = w;
    if (this.left[i]) {
      if (w < this.watermark) return;
      this.left[i] = false;
    }
    this.tree.set(i, w);
    this.retake();
  }

  idle(i: number): void {
    if (this.state[i] !== ACTIVE) return;
    this.leave(i, IDLE);
  }

  active(i: number): void {
    if (this.state[i] !== IDLE) return;
    this.state[i] = ACTIVE;
    this.active_++;
    const w = this.w[i] as number;
    this.left[i] = this.policy === 'ignore' && w < this.watermark;
    if (!this.left[i]) this.tree.set(i, w);
  }

  /** Input i may have a backlog: it is active and counts, whatever the policy. */
  count(i: number): void {
    if (this.state[i] === FINISHED) return;
    this.active(i);
    this.left[i] = false;
    this.tree.set(i, this.w[i] as number);
  }

  /** Input i will give nothing more; when all have finished, W is +∞. */
  finish(i: number): void {
    if (this.state[i] === FINISHED) return;
    this.finished++;
    if (this.state[i] === ACTIVE) this.leave(i, FINISHED);
    else this.state[i] = FINISHED;
    if (this.allFinished) this.watermark = Infinity;
  }

  /** W of input i, and whether it is active; for `explain()`. */
  input(i: number): {
    readonly watermark: number;
    readonly status: 'active' | 'idle' | 'finished';
  } {
    const names = ['active', 'idle', 'finished'] as const;
    return { watermark: this.w[i] as number, status: names[this.state[i] as 0 | 1 | 2] };
  }

  save(): Data {
    return {
      watermark: this.watermark,
      w: [...this.w],
      state: [...this.state],
      left: [...this.left],
    };
  }

  load(data: Data): void {
    const saved = data as { watermark: number; w: number[]; state: number[]; left: boolean[] };
    this.watermark = saved.watermark;
    this.active_ = 0;
    this.finished = 0;
    for (const [i, w] of saved.w.entries()) {
      this.w[i] = w;
      this.state[i] = saved.state[i] as number;
      this.left[i] = saved.left[i] as boolean;
      if (this.state[i] === ACTIVE) this.active_++;
      if (this.state[i] === FINISHED) this.finished++;
      this.tree.set(i, this.counts(i) ? w : Infinity);
    }
  }

  private counts(i: number): boolean {
    return this.state[i] === ACTIVE && !this.left[i];
  }

  /* One that was left out moves nothing. The last active input to leave lends its place to the
     greatest W of those not finished. */
  private leave(i: number, to: number): void {
    const counted = this.counts(i);
    this.state[i] = to;
    this.left[i] = false;
    this.active_--;
    this.tree.set(i, Infinity);
    if (!counted) return;
    if (this.active_ > 0) this.retake();
    else this.rise(this.greatest());
  }

  private greatest(): number {
    let max = -Infinity;
    for (let i = 0; i < this.w.length; i++) {
      const w = this.w[i] as number;
      if (this.state[i] !== FINISHED && w > max) max = w;
    }
    return max;
  }

  private retake(): void {
    if (this.tree.least < Infinity) this.rise(this.tree.least);
  }

  private rise(w: number): void {
    if (w > this.watermark) this.watermark = w;
  }
}
