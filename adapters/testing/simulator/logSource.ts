/** A replayable source of several splits, read in another order each time it is opened. */
import type { Position, Reader, Source, SourceOutput } from '../../../lib/ports.js';
import { Chance } from '../disorder/chance.js';
import { type Failures, failureOf, later } from './failures.js';
import { type EventFault, eventFaultKinds } from './faults.js';
import type { Process } from './process.js';

/** The input of one source: what each of its splits holds, in order. */
export interface SimulatedInput<T = any> {
  readonly splits: Readonly<Record<string, readonly T[]>>;
  /** When a row can be read, ms after the simulation began; rising within a split. @default 0 */
  readonly arrives?: (row: T) => number;
  /** The longest time between two reads, ms. @default 3 */
  readonly gap?: number;
  /** Ends after the last row of each split; else it stays open. @default true */
  readonly ends?: boolean;
}

/** How far each split has been read. */
export type Offsets = Readonly<Record<string, number>>;

export interface LogSourceConfig<T> {
  readonly name: string;
  readonly input: SimulatedInput<T>;
  readonly process: Process;
  readonly seed: number;
  readonly failures: Failures;
}

/** Positions are the number of rows read, by split. */
export function logSource<T>(config: LogSourceConfig<T>): Source<T> {
  let opened = 0;
  return {
    name: config.name,
    open: (position, out) => {
      const purpose = `read ${config.name} ${config.process.number} ${++opened}`;
      return new LogReader(config, out, {
        offsets: (position ?? {}) as Offsets,
        chance: new Chance(config.seed, purpose),
      });
    },
    more: async (position) => {
      const at = (position ?? {}) as Offsets;
      return Object.entries(config.input.splits).some(([s, rows]) => rows.length > (at[s] ?? 0));
    },
  };
}

/** Which split comes next: any, one until it is empty, or each in turn. */
type Order = 'any' | 'one first' | 'in turn';
const orders: readonly Order[] = ['any', 'one first', 'in turn'];

class LogReader<T> implements Reader {
  private readonly at: Record<string, number>;
  private readonly chance: Chance;
  private readonly order: Order;
  private timer: { unsubscribe(): void } | undefined;
  private paused = true;
  private closed = false;
  private failed = false;
  private last = -1;
  /** A fault at one of the next calls. */
  private armed: EventFault | undefined;

  constructor(
    private readonly config: LogSourceConfig<T>,
    private readonly out: SourceOutput<T>,
    from: { readonly offsets: Offsets; readonly chance: Chance },
  ) {
    const names = Object.keys(config.input.splits);
    this.at = Object.fromEntries(names.map((name) => [name, from.offsets[name] ?? 0]));
    this.chance = from.chance;
    this.order = orders[this.chance.upTo(orders.length - 1)] as Order;
    config.process.readers++;
    out.declare(names);
  }

  position(): Position {
    this.throwsOnce('position throws');
    return { ...this.at };
  }

  pause(): void {
    this.throwsOnce('pause throws');
    this.paused = true;
    this.stopWaiting();
  }

  resume(): void {
    this.throwsOnce('resume throws');
    if (!this.paused || this.closed) return;
    this.paused = false;
    this.wait();
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    this.config.process.readers--;
    this.stopWaiting();
  }

  private stopWaiting(): void {
    this.timer?.unsubscribe();
    this.timer = undefined;
  }

  private wait(): void {
    if (this.paused || this.closed || this.failed || this.timer !== undefined) return;
    const { clock } = this.config.process;
    const now = clock.time.ms;
    const due = this.nextArrival();
    if (due === undefined && this.config.input.ends === false) return;
    const gap = this.chance.upTo(this.config.input.gap ?? 3);
    const delay = Math.max(gap, (due ?? now) - now);
    this.timer = clock.schedule(() => this.read(), delay);
  }

  private read(): void {
    this.timer = undefined;
    if (this.paused || this.closed) return;
    if (this.nextArrival() === undefined) {
      this.closed = true;
      this.config.process.readers--;
      this.out.finished();
      return;
    }
    this.readOne();
    this.wait();
  }

  private readOne(): void {
    if (this.paused || this.closed || this.failed) return;
    const split = this.pick();
    if (split === undefined) return;
    const { failures, process, input } = this.config;
    const fault = failures.next(process, eventFaultKinds);
    if (fault?.kind === 'failure before') {
      this.fail(fault);
      return;
    }
    if (fault?.kind.endsWith('throws')) this.armed = fault;
    const row = input.splits[split]?.[this.at[split] as number] as T;
    this.at[split] = (this.at[split] as number) + 1;
    this.out.event(row, split);
    if (fault?.kind !== 'failure after') return;
    const fail = () => this.fail(fault);
    later(process, fault.microtasks ?? 0, fail, () => this.readOne());
  }

  private fail(fault: EventFault): void {
    if (this.closed || this.failed) return;
    this.failed = true;
    this.stopWaiting();
    this.out.failed(failureOf(fault));
  }

  private throwsOnce(kind: EventFault['kind']): void {
    const { armed } = this;
    if (armed?.kind !== kind) return;
    this.armed = undefined;
    throw failureOf(armed);
  }

  /* When the next row of any split can be read; undefined where all have been. */
  private nextArrival(): number | undefined {
    let least: number | undefined;
    for (const [split, rows] of Object.entries(this.config.input.splits)) {
      const row = rows[this.at[split] as number];
      if (row === undefined) continue;
      const due = this.config.input.arrives?.(row) ?? 0;
      least = Math.min(least ?? Infinity, due);
    }
    return least;
  }

  private pick(): string | undefined {
    const { splits, arrives } = this.config.input;
    const now = this.config.process.clock.time.ms;
    const names = Object.keys(splits);
    const ready = names.filter((name) => {
      const row = splits[name]?.[this.at[name] as number];
      return row !== undefined && (arrives?.(row) ?? 0) <= now;
    });
    if (ready.length === 0) return undefined;
    const last = names[this.last] as string;
    if (this.order === 'one first' && ready.includes(last)) return last;
    const next = ready.find((name) => names.indexOf(name) > this.last) ?? (ready[0] as string);
    const split =
      this.order === 'in turn' ? next : (ready[this.chance.upTo(ready.length - 1)] as string);
    this.last = names.indexOf(split);
    return split;
  }
}
