/** Files that fail when they are told to: for stores that say what they do after a crash. */
import type { FileSystem, OpenFile } from '../../../lib/log/fileSystem.js';
import { Chance } from '../disorder/chance.js';
import { type Crash, Disk, DiskFile } from './simulatedDisk.js';

/** Configures `faultyFiles`. */
export interface FaultyFilesConfig {
  /** Decides how much of a torn write is there. @default 1 */
  readonly seed?: number;
  /** Whether `lock` keeps a second owner out; without it, nothing but the records does. @default true */
  readonly locks?: boolean;
}

/** What is to happen at one step. */
export type Fault =
  | { readonly crash: Crash; readonly when: 'before' | 'after' }
  /** The step rejects with this code; of an append, half is written before. */
  | { readonly fail: string };

/** A simulated file system. Its steps are those that change what a crash leaves behind. */
export class FaultyFiles {
  /** The steps done so far, each as `append /data/log 120`. */
  readonly steps: string[] = [];
  /** How many bytes all files together may have. */
  capacity = Infinity;
  private readonly disk: Disk;
  private readonly chance: Chance;
  private readonly faults = new Map<number, Fault>();
  private readonly locked = new Set<string>();
  private power = 0;

  constructor(private readonly config: FaultyFilesConfig) {
    this.chance = new Chance(config.seed ?? 1, 'faults');
    this.disk = new Disk(this.chance);
  }

  /** Plans a fault at a step, counted from 0 over all that this object does. */
  at(step: number, fault: Fault): void {
    this.faults.set(step, fault);
  }

  /** Forgets the faults that were planned and have not come. */
  calm(): void {
    this.faults.clear();
  }

  /** Ends every process, now. */
  crash(how: Crash): void {
    this.power++;
    this.locked.clear();
    this.disk.crash(how);
  }

  /** The bytes of a file, to look at or to damage; undefined where there is none. */
  bytesOf(path: string): Uint8Array | undefined {
    return this.disk.names.get(path)?.data;
  }

  /** The file system as a process sees it that begins now; after a crash it answers nothing any more. */
  boot(): FileSystem {
    const power = this.power;
    const alive = async () => {
      // a few turns, so that two processes meet at every point
      for (let i = this.chance.upTo(2); i >= 0; i--) await undefined;
      if (power !== this.power) throw failure('ESHUTDOWN', 'the process has ended');
    };
    const step = async (what: string, work: () => void, half?: () => void) => {
      await alive();
      this.step(what, work, half);
      if (power !== this.power) throw failure('ESHUTDOWN', 'the process has ended');
    };
    return this.system(alive, step);
  }

  private system(alive: () => Promise<void>, step: Step): FileSystem {
    const { disk } = this;
    const open = (file: DiskFile, path: string) => this.handle({ file, path, alive, step });
    return {
      makeDir: (path) => step(`makeDir ${path}`, () => {}),
      async list(path) {
        await alive();
        const inside = [...disk.names.keys()].filter((name) => name.startsWith(`${path}/`));
        // files, and directories that files are in
        const names = inside.map((name) => name.slice(path.length + 1).split('/')[0] as string);
        return [...new Set(names)];
      },
      async open(path) {
        await alive();
        const known = disk.names.get(path);
        if (known !== undefined) return open(known, path);
        const made = new DiskFile();
        await step(`make ${path}`, () => disk.change([[path, made]]));
        return open(made, path);
      },
      async rename(from, to) {
        const file = disk.names.get(from);
        if (file === undefined) throw failure('ENOENT', from);
        const changes = [[from, undefined] as const, [to, file] as const];
        await step(`rename ${from} ${to}`, () => disk.change(changes));
      },
      remove: (path) => step(`remove ${path}`, () => disk.change([[path, undefined]])),
      syncDir: (path) => step(`syncDir ${path}`, () => disk.syncDir(path)),
      lock: async (path) => {
        await alive();
        if (this.locked.has(path)) throw failure('EBUSY', `${path} is in use`);
        if (this.config.locks !== false) this.locked.add(path);
        return async () => void this.locked.delete(path);
      },
    };
  }

  private handle({ file, path, alive, step }: Handle): OpenFile {
    const { disk } = this;
    return {
      size: () => alive().then(() => file.data.length),
      read: (at, length) => alive().then(() => file.data.slice(at, at + length)),
      append: (bytes) => {
        const half = () => file.append(bytes.subarray(0, bytes.length >> 1));
        return step(`append ${path} ${bytes.length}`, () => this.grow(file, bytes), half);
      },
      truncate: (size) => step(`truncate ${path} ${size}`, () => file.truncate(size)),
      sync: () =>
        step(
          `sync ${path}`,
          () => file.sync(),
          () => file.failSync(),
        ),
      isAt: (other) => alive().then(() => disk.names.get(other) === file),
      close: () => alive(),
    };
  }

  private grow(file: DiskFile, bytes: Uint8Array): void {
    let used = 0;
    for (const { data } of new Set(this.disk.names.values())) used += data.length;
    const free = Math.max(0, this.capacity - used);
    file.append(bytes.subarray(0, free));
    if (free < bytes.length) throw failure('ENOSPC', 'no space left on device');
  }

  private step(what: string, work: () => void, half?: () => void): void {
    const fault = this.faults.get(this.steps.length);
    this.steps.push(what);
    if (fault !== undefined && 'fail' in fault) {
      half?.();
      throw failure(fault.fail, what);
    }
    if (fault?.when === 'before') this.crash(fault.crash);
    else work();
    if (fault?.when === 'after') this.crash(fault.crash);
  }
}

type Step = (what: string, work: () => void, half?: () => void) => Promise<void>;

interface Handle {
  readonly file: DiskFile;
  readonly path: string;
  readonly alive: () => Promise<void>;
  readonly step: Step;
}

function failure(code: string, message: string): Error {
  return Object.assign(new Error(`${code}: ${message}`), { code });
}

/**
 * Makes a file system in memory whose every durable step can be the last: to be counted in a run
 * without faults, and then crashed at each, before and after it, killed or with the power lost.
 *
 * @example
 * const files = faultyFiles({ seed: 7 });
 * files.at(12, { crash: 'torn', when: 'after' });
 * const store = await fileStore({ dir: '/data', fs: files.boot() });
 */
export function faultyFiles(config: FaultyFilesConfig = {}): FaultyFiles {
  return new FaultyFiles(config);
}
