/**
 * Reads captured state in slices of bounded size: the first in the barrier's own turn, so that small
 * states are done with it, the rest in turns of their own. Until all is read nothing may change: the
 * gate is held, and what else would move an operator waits here. Memory: the pages to read, and what waits.
 */

import type { Chunks } from '../../chunks.js';
import { encode } from '../../codec.js';
import { CodecError, messageOf, show } from '../../errors.js';
import type { JobClock } from '../../membership.js';
import { type Captured, isPage, type Page } from '../../page.js';
import type { Runtime } from '../runtime.js';

/** What one turn reads: no more than this, and one page. */
const TURN_ROWS = 2000;
const TURN_BYTES = 2 ** 18;

interface Unread {
  readonly operator: string;
  readonly chunk: string;
  readonly page: Page;
}

export interface ReadingConfig {
  /** Calls `fn` in a turn of its own. */
  readonly later: (fn: () => void) => void;
  /** A reading that took more than one turn is over. */
  readonly done: () => void;
  readonly failed: (thrown: unknown) => void;
}

export class Reading {
  private queue: Unread[] = [];
  private next = 0;
  private waiting: (() => void)[] = [];
  private scheduled = false;
  private ended = false;

  constructor(private readonly config: ReadingConfig) {}

  /** Whether there is something left to read. */
  get busy(): boolean {
    return this.next < this.queue.length;
  }

  /** Takes state as it is now; its pages are read by `read`. @throws CodecError naming operator and chunk */
  take(operator: string, chunks: Chunks): Captured {
    const captured = new Map<string, Uint8Array | Page>();
    for (const [chunk, data] of chunks) {
      if (!isPage(data)) {
        captured.set(
          chunk,
          written(operator, chunk, () => encode(data)),
        );
        continue;
      }
      captured.set(chunk, data);
      if (!data.isRead) this.queue.push({ operator, chunk, page: data });
    }
    return captured;
  }

  /** Reads a slice now and the others later; nothing where one is to come. */
  read(): void {
    if (this.scheduled || this.ended) return;
    try {
      this.slice();
    } catch (thrown) {
      this.end();
      this.config.failed(thrown);
      return;
    }
    if (!this.busy) return;
    this.scheduled = true;
    this.config.later(() => {
      this.scheduled = false;
      this.read();
      if (this.busy || this.ended) return;
      this.config.done();
      this.wake();
    });
  }

  /** Calls `fn` as soon as nothing is being read: now, or later. */
  whenRead(fn: () => void): void {
    if (this.busy) this.waiting.push(fn);
    else fn();
  }

  /** The clock of operators whose source has been held for so long: their timers wait while something is read. */
  clock(runtime: Runtime, heldMs: () => number): Required<JobClock> {
    return {
      now: () => runtime.now(),
      running: () => runtime.now() - heldMs(),
      after: (ms, fn) => this.timer(runtime, ms, fn),
    };
  }

  /** A timer that waits where it falls due while something is read; gives what cancels it. */
  timer(runtime: Runtime, ms: number, fn: () => void): () => void {
    let cancelled = false;
    const run = () => cancelled || fn();
    const cancel = runtime.after(ms, () => this.whenRead(run));
    return () => {
      cancelled = true;
      cancel();
    };
  }

  /** The run is over: nothing is read, and nothing that waits is called. */
  end(): void {
    this.ended = true;
    this.queue = [];
    this.waiting = [];
  }

  private slice(): void {
    let rows = 0;
    let bytes = 0;
    while (this.busy && rows < TURN_ROWS && bytes < TURN_BYTES) {
      const { operator, chunk, page } = this.queue[this.next++] as Unread;
      if (page.isRead) continue;
      bytes += written(operator, chunk, () => page.bytes()).length;
      rows += page.rows;
    }
    if (this.busy) return;
    this.queue = [];
    this.next = 0;
  }

  private wake(): void {
    while (!this.busy && this.waiting.length > 0) this.waiting.shift()?.();
  }
}

function written(operator: string, chunk: string, bytes: () => Uint8Array): Uint8Array {
  try {
    return bytes();
  } catch (thrown) {
    if (!(thrown instanceof CodecError)) throw thrown;
    const what = `the state of ${show(operator)}, chunk ${show(chunk)}`;
    const detail = messageOf(thrown).replace(/^codec: /, '');
    throw new CodecError(`${what}: ${detail}`, { cause: thrown });
  }
}
