/** Turns steps made by chance into a script that a stream could have: what may not stand there is left out or made right. */
import type { Message, Unframed } from '../script/message.js';
import { scriptError } from '../script/scriptError.js';

/** `by`: for an event, ms from the newest before it; late, behind W; a watermark, below the bound; a pause, its length. */
export interface Step {
  readonly kind: 'event' | 'late' | 'watermark' | 'status' | 'barrier' | 'pause';
  readonly by: number;
  readonly value: unknown;
  readonly split: string | undefined;
  /** In the frame of the message before it, also after a pause. */
  readonly together: boolean;
}

export interface Draft {
  readonly steps: readonly Step[];
  /** The time of the first event, from the epoch on. */
  readonly start: number;
  readonly end: 'complete' | 'error' | 'open';
  /** Whether W∞ stands before a completion. */
  readonly finished: boolean;
  /** Whether the end stands in the frame of the message before it. */
  readonly endTogether: boolean;
}

const WORD = /^[\p{L}_][\p{L}\p{N}_]*$/u;

/** The state of the stream while its script is written. */
export class ScriptWriter {
  private readonly messages: Message[] = [];
  private readonly names = new Map<unknown, string>();
  private frame = 0;
  private newest: number;
  private w = -Infinity;
  private idle = false;
  private seen = false;
  private barriers = 0;

  constructor(
    private readonly draft: Draft,
    private readonly boundMs: number,
    epoch: number,
  ) {
    this.newest = epoch + draft.start;
    const words = draft.steps.map((s) => s.value).filter((v) => typeof v === 'string');
    for (const word of words) if (WORD.test(word)) this.names.set(word, word);
  }

  write(splits: readonly string[] | undefined): Message[] {
    if (splits !== undefined) this.say({ kind: 'splits', splits }, false);
    for (const step of this.draft.steps) this.step(step);
    const { end, finished, endTogether } = this.draft;
    if (end === 'complete') {
      if (finished) this.say({ kind: 'watermark', timestamp: Infinity }, endTogether);
      this.say({ kind: 'complete' }, endTogether);
    } else if (end === 'error') this.say({ kind: 'error', error: scriptError }, endTogether);
    return this.messages;
  }

  private step(step: Step): void {
    const { kind, together } = step;
    const by = Math.abs(step.by);
    if (kind === 'event') this.event(this.newest + (this.seen ? step.by : 0), step);
    else if (kind === 'late' && Number.isFinite(this.w)) this.event(this.w - by, step);
    else if (kind === 'watermark') this.watermark(this.newest - this.boundMs - 1 - by, together);
    else if (kind === 'status') this.turn(together);
    else if (kind === 'barrier') this.say({ kind, n: ++this.barriers }, together);
    else if (kind === 'pause') this.frame += by;
  }

  private turn(together: boolean): void {
    this.idle = !this.idle;
    this.say({ kind: 'status', status: this.idle ? 'idle' : 'active' }, together);
  }

  /* An idle stream says that it is active before its event. */
  private event(timestamp: number, { value, split, together }: Step): void {
    if (this.idle) this.turn(together);
    this.seen = true;
    this.newest = Math.max(this.newest, timestamp);
    const name = this.nameOf(value);
    this.say(
      { kind: 'event', name, value, timestamp, ...(split !== undefined && { split }) },
      together,
    );
  }

  /* None before the first event, none that does not rise, none while idle. */
  private watermark(timestamp: number, together: boolean): void {
    if (!this.seen || this.idle || timestamp <= this.w) return;
    this.w = timestamp;
    this.say({ kind: 'watermark', timestamp }, together);
  }

  private say(message: Unframed, together: boolean): void {
    const last = this.messages.at(-1)?.frame;
    const frame = together ? (last ?? this.frame) : this.frame;
    this.messages.push({ frame, ...message } as Message);
    this.frame = frame + 1;
  }

  private nameOf(value: unknown): string {
    const known = this.names.get(value);
    if (known !== undefined) return known;
    const taken = new Set(this.names.values());
    let n = 1;
    while (taken.has(`v${n}`)) n++;
    this.names.set(value, `v${n}`);
    return `v${n}`;
  }
}
