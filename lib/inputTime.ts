/** What one input of an operator has said of time: its watermark, whose it is, and whether it is idle. */
import type { Watermark } from './element.js';
import { WatermarkOriginError } from './errors.js';

export interface SavedInput {
  readonly w: number;
  readonly idle: boolean;
}

export class InputTime {
  w = -Infinity;
  idle = false;
  completed = false;
  origin: number | undefined;

  constructor(private readonly operator: string) {}

  /** Whether this watermark raises W. Equal ones and finite ones of an idle input are ignored. */
  accepts(e: Watermark): boolean {
    if (e.origin !== 0) {
      this.origin ??= e.origin;
      if (e.origin !== this.origin) {
        throw new WatermarkOriginError(this.operator, 'watermarks of two origins met in one input');
      }
    }
    if (this.idle && e.timestamp !== Infinity) return false;
    if (e.timestamp < this.w) {
      throw new WatermarkOriginError(
        this.operator,
        `a watermark went back from ${this.w} to ${e.timestamp}`,
      );
    }
    return e.timestamp > this.w;
  }

  save(): SavedInput {
    return { w: this.w, idle: this.idle };
  }

  load(saved: SavedInput): void {
    this.w = saved.w;
    this.idle = saved.idle;
  }
}
