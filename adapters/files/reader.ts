/** The running reader of a line source: emits between resume and pause, yields to others, knows its position. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Reader, SourceOutput } from '../../lib/ports.js';
import { DamagedInputError } from './bytes.js';
import {
  clip,
  type Decoded,
  isBlank,
  type JsonObject,
  parseLine,
  type RejectedLine,
} from './gate.js';
import type { LineProblem } from './lines.js';

/** Lines as they come, one at a time; whoever has text to read fills this. */
export interface Lines {
  /** The line last taken. */
  readonly text: string;
  readonly problem: LineProblem | undefined;
  /** Its number, from 1; before the first, that of the position. */
  readonly line: number;
  /** Takes the next line; false when there is none at hand. */
  next(): boolean;
  /** Waits for more lines; false when there will be none. Rejects with `DamagedInputError` at damage. */
  more(): Promise<boolean>;
  /** Plain data from which the lines after the one last taken can be read again. */
  position(): unknown;
  close(): Promise<void>;
}

/** What has been read so far: `lines` counts neither empty lines nor those after the position. */
export interface LineCounts {
  readonly lines: number;
  readonly malformed: number;
  readonly invalid: number;
}

/** Where a line source stands; plain data. */
export interface LinePosition extends LineCounts {
  /** Which input this is a position of. */
  readonly input: string;
  readonly at: unknown;
  readonly finished: boolean;
  /** Why the input ended before its time. */
  readonly damage?: Damage | undefined;
}

/** An input that could be read up to a line and no further. */
export interface Damage {
  readonly input: string;
  /** The last whole line before the damage. */
  readonly line: number;
  readonly reason: string;
}

export interface LineReaderConfig<T> {
  readonly input: string;
  readonly lines: Lines;
  readonly decode: (object: JsonObject, line: number) => Decoded<T>;
  readonly rejected: ((row: RejectedLine) => void) | undefined;
  readonly damaged: ((damage: Damage) => void) | undefined;
  readonly counts: { lines: number; malformed: number; invalid: number };
  /** Of a position at the end: nothing is read again, the end is told again. */
  readonly finished: boolean;
  readonly damage: Damage | undefined;
}

const BURST_LINES = 1000;
const BURST_MS = 5;
const LOOK_AT_CLOCK = 16;

export class LineReader<T> implements Reader {
  private wanted = false;
  private running = false;
  private closed = false;
  /** All has been read, and whether the end has been told. */
  private finished: boolean;
  private told = false;
  private damage: Damage | undefined;

  constructor(
    private readonly config: LineReaderConfig<T>,
    private readonly out: SourceOutput<T>,
  ) {
    this.finished = config.finished;
    this.damage = config.damage;
  }

  position(): LinePosition {
    const { input, lines, counts } = this.config;
    const { finished, damage } = this;
    return { input, at: lines.position(), ...counts, finished, damage };
  }

  pause(): void {
    this.wanted = false;
  }

  resume(): void {
    this.wanted = true;
    if (this.running || this.closed || this.told) return;
    this.running = true;
    setImmediate(() => this.run());
  }

  async close(): Promise<void> {
    this.wanted = false;
    this.closed = true;
    await this.config.lines.close();
  }

  private get going(): boolean {
    return this.wanted && !this.closed;
  }

  private async run(): Promise<void> {
    try {
      while (this.going) {
        if (!this.burst() && this.going && !(await this.more())) break;
        await nextTurn();
      }
    } catch (thrown) {
      this.wanted = false;
      if (!this.closed) this.out.failed(thrown);
    }
    this.running = false;
    if (this.going) this.resume();
  }

  /* True when lines are left, or may be: it stopped for the others' sake, or because it was told to. */
  private burst(): boolean {
    if (this.finished) return false;
    const { lines } = this.config;
    const until = performance.now() + BURST_MS;
    for (let n = 1; this.going; n++) {
      if (!lines.next()) return false;
      this.take(lines);
      if (n === BURST_LINES || (n % LOOK_AT_CLOCK === 0 && performance.now() > until)) break;
    }
    return true;
  }

  private take(lines: Lines): void {
    const { counts, decode } = this.config;
    if (lines.problem === undefined && isBlank(lines.text)) return;
    counts.lines++;
    const parsed = parseLine(lines.text, lines.problem);
    if (!('object' in parsed)) {
      this.reject(parsed.kind, parsed.reason);
      return;
    }
    const decoded = decode(parsed.object, lines.line);
    if ('ok' in decoded) this.out.event(decoded.ok);
    else this.reject('invalid', decoded.invalid);
  }

  private reject(kind: RejectedLine['kind'], reason: string): void {
    const { lines, counts, rejected } = this.config;
    counts[kind]++;
    rejected?.({ line: lines.line, kind, reason, text: clip(lines.text) });
  }

  /* The end is told only when wanted: a source that is paused says nothing. */
  private async more(): Promise<boolean> {
    try {
      if (!this.finished && (await this.config.lines.more())) return true;
    } catch (thrown) {
      if (!(thrown instanceof DamagedInputError)) throw thrown;
      const { input, lines } = this.config;
      this.damage = { input, line: lines.line, reason: thrown.message };
      return true;
    }
    if (!this.going) return true;
    this.finish();
    return false;
  }

  private finish(): void {
    const { damage } = this;
    this.finished = true;
    this.told = true;
    if (damage !== undefined && this.config.damaged === undefined) {
      const { input, line, reason } = damage;
      this.out.failed(new Error(`${input} is damaged after line ${line}: ${reason}`));
      return;
    }
    if (damage !== undefined) this.config.damaged?.(damage);
    this.out.finished();
  }
}
