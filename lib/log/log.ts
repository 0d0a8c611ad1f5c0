/** One open log file: an entry is durable, and applied, before its answer is given. State: the image of the whole log. */
import { CodecError, messageOf, type StoreError, show } from '../errors.js';
import { atOnce, inTurns } from '../turns.js';
import { writeBase } from './base.js';
import type { Entry } from './entry.js';
import type { OpenFile } from './fileSystem.js';
import { type Answer, Image } from './image.js';
import { type LogConfig, markOf, pathOf, prepare } from './logFiles.js';
import { connectionLost, fileProblem, refused } from './problem.js';
import { readRecords } from './reading.js';
import { encodeRecord, FILE_HEADER, type LogRecord, recordAt } from './record.js';
import { checkHeader, recovery } from './recovery.js';

/** An entry, and its raw bytes. */
export interface Part {
  readonly entry: Entry;
  readonly pieces: readonly Uint8Array[];
}

/** Entries that go before another, which comes last; each is told how long its record became. */
export type Parts = Generator<Part, Part, number>;

export class Log {
  image = new Image();
  /** What was left out as it was opened, where that was no torn end. */
  damage: string | undefined;
  /**
   * Why it must be opened anew: another has `'changed'` the file, or a write to it `'failed'`, and then
   * nothing that was not written anew is known to be on the disk.
   */
  broken: 'changed' | 'failed' | undefined;
  compactions = 0;
  /** The end of what was read or written here, as far as it is durable. */
  end = 0;
  private baseEnd = 0;
  private notBelow = 0;
  private readonly path: string;

  private constructor(
    private readonly config: LogConfig,
    private file: OpenFile,
  ) {
    this.path = pathOf(config);
  }

  /**
   * Opens the log of a directory that is held, made where there is none. After a write that failed,
   * and after an owner that did not close, the log is written anew: a system that could not write
   * says so once, and then reads from memory what is not on the disk.
   * @param rewrite where it is known; else what the directory says decides
   * @throws StoreError when it is damaged, of a newer format, or cannot be used
   */
  static async open(config: LogConfig, rewrite?: boolean): Promise<Log> {
    const { fs, dir } = config;
    const path = pathOf(config);
    let log: Log | undefined;
    let unclean = true;
    try {
      const found = await prepare(config);
      unclean = rewrite ?? found;
      log = new Log(config, await fs.open(path));
      const damagedSize = await log.load();
      if (unclean || damagedSize !== undefined) await log.compact(damagedSize);
      await log.file.sync();
      await fs.syncDir(dir);
      return log;
    } catch (thrown) {
      await log?.file.close().catch(() => {});
      const problem = fileProblem('open', path, thrown);
      const isRefused = (problem as StoreError).kind === 'refused';
      if (isRefused && !unclean && rewrite === undefined)
        await fs.remove(markOf(config)).catch(() => {});
      throw problem;
    }
  }

  /** Takes in what others have written since. */
  async refresh(): Promise<void> {
    if (!(await this.file.isAt(this.path))) return this.lost('was replaced');
    const size = await this.file.size();
    if (size === this.end) return;
    if (size > this.end) this.end = await this.read(this.end, size);
    if (size !== this.end) this.lost('was changed');
  }

  /** Writes an entry, makes it durable and applies it. @throws as `appendAll` */
  append(entry: Entry, pieces: readonly Uint8Array[] = []): Promise<Answer> {
    // biome-ignore lint/correctness/useYield: it has no parts
    const alone = function* (): Parts {
      return { entry, pieces };
    };
    return this.appendAll(alone());
  }

  /**
   * Writes an entry with the parts that go before it, makes it durable and applies it; a record and a
   * turn each, and rows a slice a turn, so that no turn is long.
   * @throws StoreError; of kind `'connection'`, then its outcome may be unknown
   */
  async appendAll(parts: Parts): Promise<Answer> {
    let end = this.end;
    let step = parts.next();
    for (; !step.done; ) {
      const record = await this.write(step.value);
      atOnce(this.image.apply(recordAt(record, 0) as LogRecord));
      end += record.length;
      step = parts.next(record.length);
    }
    const record = await this.write(step.value);
    try {
      await this.file.sync();
    } catch (thrown) {
      this.broken = 'failed';
      throw fileProblem('force to the disk', this.path, thrown);
    }
    end += record.length;
    const alone = (await this.file.size()) === end && (await this.file.isAt(this.path));
    // where another has written too, the order in the file decides, and it is read again
    if (!alone) this.lost('is being written by another process');
    this.end = end;
    return inTurns(this.image.apply(recordAt(record, 0) as LogRecord), this.config.pause);
  }

  /** Whether a compaction would free at least half of the file. */
  isDue(): boolean {
    if (this.end < Math.max(this.config.compactAbove, this.notBelow, 2 * this.baseEnd))
      return false;
    return this.end > 2 * this.image.liveBytes();
  }

  /** Writes the image into a new file, which takes the place of the old one, of that size, in one step. */
  async compact(size = this.end): Promise<void> {
    const { fs, dir } = this.config;
    this.notBelow = this.end + (this.end >> 2);
    const made = await writeBase(fs, `${this.path}.new`, this.image);
    try {
      // the lock keeps others out; where it does not, what they wrote meanwhile must not be lost
      const same = (await this.file.size()) === size && (await this.file.isAt(this.path));
      if (!same) this.lost('was changed');
      await fs.rename(`${this.path}.new`, this.path);
    } catch (thrown) {
      this.broken ??= 'failed';
      await made.file.close().catch(() => {});
      throw thrown;
    }
    const old = this.file;
    this.file = made.file;
    this.end = this.baseEnd = made.end;
    this.compactions++;
    await old.close().catch(() => {});
    try {
      await fs.syncDir(dir);
    } catch (thrown) {
      this.broken = 'failed';
      throw thrown;
    }
  }

  async close(): Promise<void> {
    await this.file.close();
    if (this.broken === undefined) await this.config.fs.remove(markOf(this.config));
  }

  /* Reads everything; gives the size of a file that is damaged, and must be written anew. */
  private async load(): Promise<number | undefined> {
    const size = await this.file.size();
    checkHeader(await this.file.read(0, FILE_HEADER.length), this.path);
    this.end = await this.read(FILE_HEADER.length, size);
    if (this.end === size && this.image.based) return undefined;
    const { file, image, path, end } = this;
    const rest = await file.read(end, size - end);
    const found = recovery({ path, image, end, rest, onDamage: this.config.onDamage });
    if (found.aside) {
      await this.putAside(rest);
      atOnce(image.apply({ entry: { kind: 'fence' }, raw: new Uint8Array() }));
    } else {
      await file.truncate(end);
      await file.sync();
      await this.append({ kind: 'fence' });
    }
    if (found.what.kind === 'damaged') this.damage = found.what.problem;
    this.config.recovered(found.what);
    return found.aside ? size : undefined;
  }

  private read(from: number, size: number): Promise<number> {
    return readRecords(this.file, { from, size }, async (record) => {
      await inTurns(this.image.apply(record), this.config.pause);
      if (record.entry.kind === 'base') this.baseEnd = from;
    });
  }

  private async putAside(rest: Uint8Array): Promise<void> {
    const { fs, dir } = this.config;
    const aside = await fs.open(`${this.path}.damaged`);
    try {
      await aside.append(rest);
      await aside.sync();
      await fs.syncDir(dir);
    } finally {
      await aside.close();
    }
  }

  private async write({ entry, pieces }: Part): Promise<Uint8Array> {
    const record = this.encode(entry, pieces);
    await this.file.append(record).catch((thrown: unknown) => this.undo(thrown));
    return record;
  }

  private encode(entry: Entry, pieces: readonly Uint8Array[]): Uint8Array {
    try {
      return encodeRecord(entry, pieces);
    } catch (thrown) {
      if (thrown instanceof CodecError || thrown instanceof RangeError) {
        throw refused(`one commit cannot hold this much: ${messageOf(thrown)}`);
      }
      throw thrown;
    }
  }

  /* A part of the record may be there: it goes, or the next record would stand behind it. */
  private async undo(thrown: unknown): Promise<never> {
    await this.file.truncate(this.end).catch(() => {
      this.broken = 'failed';
    });
    throw fileProblem('write', this.path, thrown);
  }

  private lost(how: string): never {
    this.broken = 'changed';
    throw connectionLost(`${show(this.path)} ${how}; it is read again`);
  }
}
