/** The files of a process on a simulated disk, whose durable steps are steps of the simulation. */
import type { FileSystem, OpenFile } from '../../../lib/log/fileSystem.js';
import { type FaultyFiles, faultyFiles } from '../stores/faultyFiles.js';
import type { Crash } from '../stores/simulatedDisk.js';
import type { Network } from './network.js';
import type { Process } from './process.js';

/** One disk, which outlives the processes. */
export class SimulatedDisk {
  readonly files: FaultyFiles;

  constructor(seed: number) {
    this.files = faultyFiles({ seed });
  }

  crash(power: Crash): void {
    this.files.crash(power);
  }

  /** The files as this process sees them. */
  of(process: Process, network: Network): FileSystem {
    const fs = this.files.boot();
    const step = <T>(what: string, work: () => Promise<T>) => network.step(process, what, work);
    return {
      makeDir: (path) => step(`makeDir ${path}`, () => fs.makeDir(path)),
      list: (path) => fs.list(path),
      open: async (path) => {
        const file = await step(`open ${path}`, () => fs.open(path));
        return this.handle(file, path, step);
      },
      rename: (from, to) => step(`rename ${from} ${to}`, () => fs.rename(from, to)),
      remove: (path) => step(`remove ${path}`, () => fs.remove(path)),
      syncDir: (path) => step(`syncDir ${path}`, () => fs.syncDir(path)),
      lock: (path) => fs.lock(path),
    };
  }

  private handle(
    file: OpenFile,
    path: string,
    step: <T>(what: string, work: () => Promise<T>) => Promise<T>,
  ): OpenFile {
    return {
      size: () => file.size(),
      read: (at, length) => file.read(at, length),
      append: (bytes) => step(`append ${path} ${bytes.length}`, () => file.append(bytes)),
      truncate: (size) => step(`truncate ${path} ${size}`, () => file.truncate(size)),
      sync: () => step(`sync ${path}`, () => file.sync()),
      isAt: (other) => file.isAt(other),
      close: () => file.close(),
    };
  }
}
