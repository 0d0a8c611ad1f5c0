/** A disk with a cache before it: what was not synced may be lost, cut short or forgotten when the power goes. */
import type { Chance } from '../disorder/chance.js';

/**
 * How everything ends. `'killed'`: the process, and what it had written stays in the cache.
 * `'unsynced lost'`: the power, and with it all that was not synced. `'torn'`: the power, and of what
 * was not synced some is there: the first bytes of a write, the first of several renames.
 */
export type Crash = 'killed' | 'unsynced lost' | 'torn';

/** The bytes of one file, whatever it is called. */
export class DiskFile {
  data = new Uint8Array(0);
  private durable = new Uint8Array(0);
  /** Written before a sync that failed: still read, never written to the disk. */
  private dropped: readonly (readonly [from: number, to: number])[] = [];

  append(bytes: Uint8Array): void {
    this.set(this.data, bytes);
  }

  truncate(size: number): void {
    this.set(this.data.subarray(0, size));
  }

  sync(): void {
    this.durable = this.data.slice();
    for (const [from, to] of this.dropped) this.durable.fill(0, from, to);
  }

  /* As Linux does: the cache calls those pages clean, and later syncs pass over them. */
  failSync(): void {
    this.dropped = [...this.dropped, [this.durable.length, this.data.length]];
  }

  crash(how: Crash, chance: Chance): void {
    if (how === 'killed') return;
    if (how === 'torn') this.tear(chance);
    this.data = this.durable.slice();
    this.dropped = [];
  }

  private tear(chance: Chance): void {
    const { data, durable } = this;
    const kept = Math.min(data.length, durable.length);
    const some = kept + chance.upTo(data.length - kept);
    const cut =
      data.length < durable.length && chance.upTo(1) === 0 ? durable : data.slice(0, some);
    this.durable = cut.slice();
    for (const [from, to] of this.dropped) this.durable.fill(0, from, to);
    // a sector may be allotted and not yet written
    if (some > kept && chance.upTo(2) === 0) this.durable.fill(0, Math.max(kept, some - 16));
  }

  private set(...parts: readonly Uint8Array[]): void {
    const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of parts) {
      whole.set(part, at);
      at += part.length;
    }
    this.data = whole;
  }
}

type Change = readonly [path: string, file: DiskFile | undefined];

/** Names and the files that they stand for. */
export class Disk {
  readonly names = new Map<string, DiskFile>();
  private durable = new Map<string, DiskFile>();
  private unsynced: Change[][] = [];

  constructor(private readonly chance: Chance) {}

  /** Changes names in one step. */
  change(changes: readonly Change[]): void {
    this.unsynced.push([...changes]);
    enter(this.names, changes);
  }

  syncDir(dir: string): void {
    const inside = (step: readonly Change[]) => step.every(([path]) => parentOf(path) === dir);
    for (const step of this.unsynced) if (inside(step)) enter(this.durable, step);
    this.unsynced = this.unsynced.filter((step) => !inside(step));
  }

  crash(how: Crash): void {
    if (how !== 'killed') {
      const kept = how === 'torn' ? this.chance.upTo(this.unsynced.length) : 0;
      for (const step of this.unsynced.slice(0, kept)) enter(this.durable, step);
      this.unsynced = [];
      this.names.clear();
      for (const [path, file] of this.durable) this.names.set(path, file);
    }
    for (const file of new Set(this.names.values())) file.crash(how, this.chance);
  }
}

function enter(names: Map<string, DiskFile>, changes: readonly Change[]): void {
  for (const [path, file] of changes) {
    if (file === undefined) names.delete(path);
    else names.set(path, file);
  }
}

function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')));
}
