/**
 * The files of an NDJSON sink. A part grows under a hidden name; the manifest says how much of it
 * counts, and that it is done: then, and not before, it is renamed. What a crash or a failed step
 * leaves behind is cut back to the manifest, and such a part is not appended to again: after a failed
 * sync nobody knows what of it is on the disk. Memory: one entry per open part and owner.
 */
import type { AppendPosition } from '../../lib/appendPosition.js';
import { StoreError, show } from '../../lib/errors.js';
import type { FileSystem } from '../../lib/log/fileSystem.js';
import { whyOf } from '../../lib/log/problem.js';
import type { Clock } from '../../lib/ports.js';
import {
  DamagedSinkError,
  HIDDEN,
  HOME,
  type Manifest,
  nameOf,
  type OpenPart,
  readManifest,
  writeManifest,
} from './sinkManifest.js';

/** When a part is done: at the end of the first batch at which one of these is reached. */
export interface RollLimits {
  readonly rows: number;
  readonly bytes: number;
  readonly everyMs: number;
}

export interface SinkFilesConfig {
  readonly fs: FileSystem;
  readonly dir: string;
  readonly clock: Clock;
  readonly roll: RollLimits;
  readonly maxOpen: number;
}

/** Whole lines for one partition. */
export interface PartLines {
  readonly bytes: Uint8Array;
  readonly rows: number;
}

export class SinkFiles {
  private readonly home: string;
  private unlock: (() => Promise<void>) | undefined;
  /** What is on the disk; undefined before the first look, and after a step that failed. */
  private held: Manifest | undefined;
  /** There is a manifest, or was. */
  private begun = false;

  constructor(private readonly config: SinkFilesConfig) {
    this.home = `${config.dir}/${HOME}`;
  }

  /** When the first open part has waited long enough; undefined where none waits. */
  get dueAt(): number | undefined {
    const { everyMs } = this.config.roll;
    const since = (this.held?.parts ?? []).map((part) => part.since);
    return since.length === 0 || everyMs === Infinity ? undefined : Math.min(...since) + everyMs;
  }

  /** The position of an owner. @throws StoreError, DamagedSinkError */
  async positionOf(owner: string): Promise<AppendPosition | undefined> {
    return (await this.attempt(() => this.current())).owners.get(owner);
  }

  /**
   * Appends lines, by partition, and keeps a position, in one step; then finishes parts that are done.
   * @throws StoreError, DamagedSinkError; then its outcome is unknown until the position is asked for
   */
  write(lines: ReadonlyMap<string, PartLines>, owner?: [string, AppendPosition]): Promise<void> {
    return this.attempt(async () => {
      const { seq, owners, parts } = await this.current();
      const open = new Map(parts.map((part) => [part.dir, part]));
      let next = seq;
      for (const [dir, some] of lines) {
        const part = open.get(dir) ?? this.newPart(dir, next++);
        await this.append(part, some.bytes);
        // those that were written last stand last
        open.delete(dir);
        const grown = { bytes: part.bytes + some.bytes.length, rows: part.rows + some.rows };
        open.set(dir, { ...part, ...grown });
      }
      const over = open.size - this.config.maxOpen;
      const marked = [...open.values()].map((part, i) => this.marked(part, i < over));
      await this.commit({
        seq: next,
        owners: owner === undefined ? owners : new Map([...owners, owner]),
        parts: marked,
      });
    });
  }

  /** Gives all open parts, or those that are due, their final names. */
  finish(which: 'all' | 'due'): Promise<void> {
    return this.attempt(async () => {
      const held = await this.current();
      const parts = held.parts.map((part) => this.marked(part, which === 'all'));
      if (parts.some((part) => part.closing)) await this.commit({ ...held, parts });
    });
  }

  /** Lets go of the directory. */
  async close(): Promise<void> {
    await this.unlock?.();
    this.unlock = undefined;
    this.held = undefined;
  }

  private newPart(dir: string, seq: number): OpenPart {
    const since = this.config.clock.now();
    return { dir, seq, bytes: 0, rows: 0, since, closing: false };
  }

  private marked(part: OpenPart, always: boolean): OpenPart {
    const { rows, bytes, everyMs } = this.config.roll;
    const old = this.config.clock.now() - part.since >= everyMs;
    return { ...part, closing: always || old || part.rows >= rows || part.bytes >= bytes };
  }

  private async append(part: OpenPart, bytes: Uint8Array): Promise<void> {
    const { fs } = this.config;
    const dir = this.dirOf(part);
    const path = this.hidden(part);
    const isNew = part.rows === 0;
    if (isNew && part.dir !== '') await fs.makeDir(dir);
    const file = await fs.open(path);
    try {
      if ((await file.size()) !== part.bytes) throw new Error(`${show(path)} was changed`);
      await file.append(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    if (isNew) await fs.syncDir(dir);
  }

  /* The one step that counts, and what follows from it: it may be done again after a crash. */
  private async commit(next: Manifest): Promise<void> {
    const { fs } = this.config;
    await writeManifest(fs, this.home, next);
    this.begun = true;
    const closing = next.parts.filter((part) => part.closing);
    for (const part of closing) {
      await this.refuseForeign(part);
      await fs.rename(this.hidden(part), this.final(part)).catch((thrown) => {
        // renamed before, and perhaps taken away since
        if ((thrown as { code?: unknown }).code !== 'ENOENT') throw thrown;
      });
    }
    for (const dir of new Set(closing.map((part) => this.dirOf(part)))) await fs.syncDir(dir);
    this.held = { ...next, parts: next.parts.filter((part) => !part.closing) };
  }

  private async current(): Promise<Manifest> {
    return this.held ?? this.recover();
  }

  private async recover(): Promise<Manifest> {
    const { fs, dir } = this.config;
    await fs.makeDir(this.home);
    this.unlock ??= await fs.lock(this.home);
    const found = await readManifest(fs, this.home);
    if (found === undefined) {
      if (this.begun) throw new DamagedSinkError(`${show(this.home)} is gone; restore it`);
      await this.refuseOthers();
    }
    const { seq, owners, parts } = found ?? { seq: 1, owners: new Map(), parts: [] };
    for (const part of parts) await this.cut(part);
    await this.commit({ seq, owners, parts: parts.map((part) => ({ ...part, closing: true })) });
    await this.sweep(dir);
    for (const name of await fs.list(dir)) if (name !== HOME) await this.sweep(`${dir}/${name}`);
    return this.held as Manifest;
  }

  /* Without a manifest, numbers would begin anew, and with them final names. */
  private async refuseOthers(): Promise<void> {
    const { fs, dir } = this.config;
    const others = (await fs.list(dir)).filter((name) => name !== HOME);
    if (others.length === 0) return;
    throw new DamagedSinkError(
      `${show(dir)} holds other files and no manifest; give an empty directory or a new one`,
    );
  }

  /* No two parts have one number: what stands there is not ours. */
  private async refuseForeign(part: OpenPart): Promise<void> {
    const names = await this.namesIn(this.dirOf(part));
    if (!names.includes(nameOf(part, true)) || !names.includes(nameOf(part, false))) return;
    throw new DamagedSinkError(
      `${show(this.final(part))} is there already, and is another's; move it away`,
    );
  }

  private async cut(part: OpenPart): Promise<void> {
    const { fs } = this.config;
    const path = this.hidden(part);
    const names = await this.namesIn(this.dirOf(part));
    if (!names.includes(nameOf(part, true))) {
      if (part.closing) return;
      throw new DamagedSinkError(
        `${show(path)} is gone, and ${part.rows} rows with it; restore it`,
      );
    }
    const file = await fs.open(path);
    try {
      const size = await file.size();
      if (size < part.bytes) {
        const detail = `${show(path)} has ${size} bytes instead of ${part.bytes}; restore it`;
        throw new DamagedSinkError(detail);
      }
      await file.truncate(part.bytes);
      await file.sync();
    } finally {
      await file.close();
    }
  }

  /* Parts that no manifest knows of: what a crash left of a batch that does not count. */
  private async sweep(dir: string): Promise<void> {
    for (const name of await this.namesIn(dir)) {
      if (HIDDEN.test(name)) await this.config.fs.remove(`${dir}/${name}`);
    }
  }

  private namesIn(dir: string): Promise<readonly string[]> {
    return this.config.fs.list(dir).catch((thrown) => {
      const { code } = thrown as { code?: unknown };
      if (code === 'ENOENT' || code === 'ENOTDIR') return [];
      throw thrown;
    });
  }

  private async attempt<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (thrown) {
      this.held = undefined;
      throw problemOf(this.config.dir, thrown);
    }
  }

  private dirOf(part: OpenPart): string {
    return part.dir === '' ? this.config.dir : `${this.config.dir}/${part.dir}`;
  }

  private hidden(part: OpenPart): string {
    return `${this.dirOf(part)}/${nameOf(part, true)}`;
  }

  private final(part: OpenPart): string {
    return `${this.dirOf(part)}/${nameOf(part, false)}`;
  }
}

function problemOf(dir: string, thrown: unknown): unknown {
  if (thrown instanceof DamagedSinkError) return thrown;
  const holder = thrown instanceof StoreError ? thrown.holder : undefined;
  const why = holder === undefined ? whyOf(thrown) : `it is in use by ${holder}`;
  return new StoreError('connection', `ndjsonSink: cannot write ${show(dir)}: ${why}`, {
    cause: thrown,
    ...(holder === undefined ? {} : { holder }),
  });
}
