/** Tables and checkpoints over one log: one write at a time, each of them one record. */
import type { CheckpointStore, Clock, Store, TableConfig, TableStore } from '../ports.js';
import { checkTable } from '../tableLayout.js';
import type { Pause } from '../turns.js';
import { LogCheckpoints } from './checkpoints.js';
import type { FileSystem } from './fileSystem.js';
import type { LogHome, LogWork } from './home.js';
import { Log } from './log.js';
import type { LogConfig } from './logFiles.js';
import { connectionLost, fileProblem } from './problem.js';
import type { Recovery } from './recovery.js';
import { LogTable } from './table.js';

/** What a log store needs. */
export interface LogStoreConfig {
  readonly fs: FileSystem;
  readonly dir: string;
  readonly clock: Clock;
  readonly compactAbove: number;
  readonly onDamage: 'refuse' | 'previous';
  readonly recovered: (what: Recovery) => void;
  readonly pause: Pause;
}

/** How a log store is doing. */
export interface LogStatus {
  /** Length of the log, and about how much of it a compaction would keep. */
  readonly bytes: number;
  readonly liveBytes: number;
  readonly compactions: number;
  /** Compactions that failed, as on a full disk; the log goes on growing. */
  readonly failedCompactions: number;
  /** How often the log was opened again, because a write to it failed or another wrote it. */
  readonly reopened: number;
  /** What was left out, each time that the log was opened. */
  readonly recoveries: readonly Recovery[];
}

export class LogStore implements Store, LogHome {
  readonly transaction = this;
  readonly clock: Clock;
  readonly pause: Pause;
  private readonly tables = new Map<string, LogTable>();
  private readonly kept = new LogCheckpoints(this);
  private readonly recoveries: Recovery[] = [];
  private readonly config: LogConfig;
  private queue: Promise<unknown> = Promise.resolve();
  private closing: Promise<void> | undefined;
  private failedCompactions = 0;
  private reopened = 0;
  private compactions = 0;
  private log!: Log;

  private constructor(
    config: LogStoreConfig,
    private readonly unlock: () => Promise<void>,
  ) {
    this.clock = config.clock;
    this.pause = config.pause;
    const recovered = (what: Recovery) => {
      this.recoveries.push(what);
      config.recovered(what);
    };
    this.config = { ...config, recovered };
  }

  /** @throws StoreError when the directory is held, damaged, of a newer format, or cannot be used */
  static async open(config: LogStoreConfig): Promise<LogStore> {
    const { fs, dir } = config;
    const failed = (thrown: unknown) => Promise.reject(fileProblem('use', dir, thrown));
    await fs.makeDir(dir).catch(failed);
    const unlock = await fs.lock(dir).catch(failed);
    try {
      const store = new LogStore(config, unlock);
      store.log = await Log.open(store.config);
      return store;
    } catch (thrown) {
      await unlock();
      throw thrown;
    }
  }

  /** @throws TypeError when the name or the configuration is wrong */
  table(name: string, config: TableConfig): TableStore {
    checkTable('fileStore', name, config);
    const known = this.tables.get(name);
    if (known !== undefined) return known;
    const made = new LogTable(this, name, config);
    this.tables.set(name, made);
    return made;
  }

  checkpoints(): CheckpointStore {
    return this.kept;
  }

  status(): LogStatus {
    const { log, failedCompactions, reopened, recoveries } = this;
    const compactions = this.compactions + log.compactions;
    const sizes = { bytes: log.end, liveBytes: log.image.liveBytes() };
    return { ...sizes, compactions, failedCompactions, reopened, recoveries: [...recoveries] };
  }

  close(): Promise<void> {
    this.closing ??= this.queue.then(async () => {
      await this.log.close().catch(() => {});
      await this.unlock();
    });
    return this.closing;
  }

  run<T>(work: LogWork<T>): Promise<T> {
    if (this.closing !== undefined) return Promise.reject(connectionLost('the store is closed'));
    const done = this.queue.then(async () => work(await this.current()));
    // the answer need not wait for it, but what comes next must
    this.queue = done.then(
      () => this.compact(),
      () => {},
    );
    return done;
  }

  private async current(): Promise<Log> {
    if (this.log.broken === undefined) {
      try {
        await this.log.refresh();
        return this.log;
      } catch {
        this.log.broken ??= 'changed';
      }
    }
    await this.log.close().catch(() => {});
    const rewrite = this.log.broken === 'failed';
    this.log.broken = 'failed';
    const log = await Log.open(this.config, rewrite);
    this.compactions += this.log.compactions;
    this.log = log;
    this.reopened++;
    return this.log;
  }

  private async compact(): Promise<void> {
    if (this.log.broken !== undefined || !this.log.isDue()) return;
    try {
      await this.log.compact();
    } catch {
      this.failedCompactions++;
    }
  }
}
