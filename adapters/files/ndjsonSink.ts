/** `ndjsonSink`: rows as lines of partitioned files that appear whole, each row once. Memory: one entry per open part and owner. */
import { resolve } from 'node:path';
import { asyncScheduler, type SchedulerLike, type Subscription } from 'rxjs';
import { appendFence, appendStep } from '../../lib/appendPosition.js';
import { type Duration, durationOption } from '../../lib/duration.js';
import { configError, messageOf, StoreError } from '../../lib/errors.js';
import { type Key, keyText } from '../../lib/key.js';
import type { FileSystem } from '../../lib/log/fileSystem.js';
import type {
  FenceAnswer,
  OutboxAnswer,
  OutboxBatch,
  OutboxRun,
  OutboxTarget,
  Row,
  SinkStore,
  Upsert,
} from '../../lib/ports.js';
import { rowJson } from '../../lib/rowJson.js';
import { nodeFiles } from './fileSystem.js';
import { partitionName } from './partitionName.js';
import { type PartLines, type RollLimits, SinkFiles } from './sinkFiles.js';

/** When a part is finished: at the end of the first batch that reaches one of these. */
export interface RollConfig {
  /** @default 100_000 */
  readonly rows?: number;
  /** @default 64 MiB */
  readonly bytes?: number;
  /** Arrival time since the first row of the part; also where nothing more arrives. @default '1 minute' */
  readonly every?: Duration;
}

export interface NdjsonSinkConfig {
  /** Where files appear; made if missing, else empty or left by such a sink. One process at a time uses it. */
  readonly dir: string;
  /** Names the sub-directory of a row, in any characters; a delete has no columns, only its key. @default none */
  readonly partition?: (row: Row, key: readonly Key[]) => string;
  readonly roll?: RollConfig;
  /** The most parts that are open at once; beyond it, the one that was not written for longest is finished. @default 100 */
  readonly maxOpen?: number;
  /** `'refuse'` sends deletes to the sink's `poison` door. @default 'write' */
  readonly deletes?: 'write' | 'refuse';
  /** Where files are kept. @default the disks of this machine */
  readonly fs?: FileSystem;
  /** Tells arrival time, and when `roll.every` is over. @default asyncScheduler */
  readonly scheduler?: SchedulerLike;
  /** @default 'files' */
  readonly name?: string;
}

/** Rows in files; they belong to no checkpoint store, and come through its outbox. */
export interface NdjsonSink extends SinkStore {
  readonly outbox: OutboxTarget;
  /** Gives all open parts their final names, now. */
  finish(): Promise<void>;
  /** Finishes all parts and frees the directory; nothing is written afterwards. */
  close(): Promise<void>;
}

/**
 * Writes rows as lines of files, `<dir>/<partition>/part-000000042.ndjson`.
 *
 * A line is `{"op","key","revision","timestamp","row"}`: a log of upserts and deletes, in which a key
 * may stand again when its row changes. A reader keeps, for each key, the line of the highest
 * (`revision`, `timestamp`); `rowOfJson` reads one. Values that JSON lacks are tagged, NaN as `{"~":"n"}`.
 *
 * A file appears under its final name whole, and does not change afterwards: it may be moved away. Until then it is
 * hidden, `.part-000000042.open`, and `.tidemark/manifest` says how much of it counts. A batch is one
 * replaced manifest after synced parts: about 4 syncs, and one more per partition in it.
 *
 * Partition names are percent-encoded, capital letters too: none leaves `dir`, and no two meet on a file system that
 * tells no case.
 *
 * *Delivery.* In a job, exactly-once effect: the manifest keeps the position of the outbox, and what is sent again is
 * not written again. The crash of process or machine at any step loses and doubles nothing. A full disk is a connection
 * fault: what was begun is cut back, and it goes on when there is space. In a bare pipe: at least once.
 *
 * *State.* Memory and manifest: an entry per open part (at most `maxOpen` beside those of the batch) and per owner.
 *
 * @throws TypeError on a wrong option
 * @example
 * ```ts
 * const files = ndjsonSink({ dir: './out', partition: (row) => `day=${row['day']}`, roll: { every: '5 minutes' } });
 * // ... idempotentSink({ store: files, ... }) in a job; when it has ended:
 * await files.close();
 * ```
 */
export function ndjsonSink(config: NdjsonSinkConfig): NdjsonSink {
  return new FileSink(checked(config));
}

type Checked = Required<Omit<NdjsonSinkConfig, 'partition' | 'roll'>> & {
  readonly partition: NdjsonSinkConfig['partition'] | undefined;
  readonly roll: RollLimits;
};

function checked(config: NdjsonSinkConfig): Checked {
  const { dir, partition, roll = {}, maxOpen = 100, deletes = 'write' } = config;
  const { fs = nodeFiles, scheduler = asyncScheduler, name = 'files' } = config;
  const { rows = 100_000, bytes = 2 ** 26, every = '1 minute' } = roll;
  const wrong = (option: string, rule: string, got: unknown) =>
    configError('ndjsonSink', option, rule, got);
  if (typeof dir !== 'string' || dir === '') throw wrong('dir', 'the path of a directory', dir);
  if (partition !== undefined && typeof partition !== 'function') {
    throw wrong('partition', 'a function', partition);
  }
  for (const [option, n] of Object.entries({ 'roll.rows': rows, 'roll.bytes': bytes, maxOpen })) {
    if (!((Number.isInteger(n) || n === Infinity) && n > 0))
      throw wrong(option, 'an integer > 0', n);
  }
  if (deletes !== 'write' && deletes !== 'refuse') {
    throw wrong('deletes', "'write' or 'refuse'", deletes);
  }
  const forever = (every as unknown) === Infinity;
  const everyMs = forever
    ? Infinity
    : durationOption('ndjsonSink', 'roll.every', every, 'positive');
  const path = fs === nodeFiles ? resolve(dir) : dir;
  const limits = { rows, bytes, everyMs };
  return { dir: path, roll: limits, maxOpen, deletes, fs, scheduler, name, partition };
}

class FileSink implements NdjsonSink {
  readonly name: string;
  readonly transaction = this;
  readonly outbox: OutboxTarget = {
    fence: (owner, epoch, run) => this.run(() => this.fence(keyOf(owner), epoch, run)),
    apply: (batch) => this.run(() => this.apply(batch)),
  };
  private readonly files: SinkFiles;
  private queue: Promise<unknown> = Promise.resolve();
  private closing: Promise<void> | undefined;
  private timer: Subscription | undefined;

  constructor(private readonly config: Checked) {
    this.name = config.name;
    this.files = new SinkFiles({ ...config, clock: config.scheduler });
  }

  upsert(batch: readonly Upsert[]) {
    return this.run(async () => {
      await this.files.write(this.linesOf(batch));
      return { written: batch.length, ignored: 0, conflicts: 0 };
    });
  }

  finish(): Promise<void> {
    return this.run(() => this.files.finish('all'));
  }

  close(): Promise<void> {
    if (this.closing !== undefined) return this.closing;
    const finished = this.finish();
    this.closing = finished.finally(() => {
      this.timer?.unsubscribe();
      return this.files.close();
    });
    return this.closing;
  }

  private async fence(owner: string, epoch: number, run?: OutboxRun): Promise<FenceAnswer> {
    const held = await this.files.positionOf(owner);
    const step = appendFence(epoch, held, run);
    if ('answer' in step) return step.answer;
    if (held?.epoch !== epoch) await this.files.write(new Map(), [owner, step.position]);
    return 'ok';
  }

  private async apply(batch: OutboxBatch): Promise<OutboxAnswer> {
    const { rows } = batch;
    const owner = keyOf(batch.owner);
    const step = appendStep({ ...batch, rows: rows.length }, await this.files.positionOf(owner));
    if (step.outcome !== 'write') return { outcome: step.outcome };
    await this.files.write(this.linesOf(rows.slice(step.skip)), [owner, step.position]);
    const written = rows.length - step.skip;
    return { outcome: 'ok', result: { written, ignored: step.skip, conflicts: 0 } };
  }

  private linesOf(rows: readonly Upsert[]): Map<string, PartLines> {
    const texts = new Map<string, string[]>();
    for (const row of rows) {
      const dir = this.partitionOf(row);
      const lines = texts.get(dir);
      const line = `${rowJson(row)}\n`;
      if (lines === undefined) texts.set(dir, [line]);
      else lines.push(line);
    }
    return new Map(
      [...texts].map(([dir, lines]) => [
        dir,
        { bytes: Buffer.from(lines.join('')), rows: lines.length },
      ]),
    );
  }

  private partitionOf(upsert: Upsert): string {
    const { partition, deletes } = this.config;
    const refused = (why: string) =>
      new StoreError('refused', `ndjsonSink: ${why}`, { refused: [upsert] });
    if (deletes === 'refuse' && upsert.op === 'delete') throw refused('takes no deletes');
    if (partition === undefined) return '';
    let name: unknown;
    try {
      name = partition(upsert.row, upsert.key);
    } catch (thrown) {
      throw refused(`\`partition\` threw: ${messageOf(thrown)}`);
    }
    if (typeof name !== 'string') throw refused('`partition` gave no string');
    return partitionName(name);
  }

  /* One at a time: the manifest is one. */
  private run<T>(work: () => Promise<T>): Promise<T> {
    if (this.closing !== undefined) {
      return Promise.reject(new StoreError('connection', 'ndjsonSink: the sink is closed'));
    }
    const done = this.queue.then(work);
    this.queue = done.then(
      () => this.plan(),
      () => {},
    );
    return done;
  }

  /* A part that gets no more rows is finished too. */
  private plan(): void {
    this.timer?.unsubscribe();
    const { dueAt } = this.files;
    if (dueAt === undefined || this.closing !== undefined) return;
    const { scheduler } = this.config;
    const ms = Math.min(Math.max(0, dueAt - scheduler.now()), 2 ** 31 - 1);
    // what fails here is met again, and told, by the next batch
    const finish = () => this.run(() => this.files.finish('due')).catch(() => {});
    this.timer = scheduler.schedule(() => void finish(), ms);
  }
}

function keyOf({ job, task, sink }: OutboxBatch['owner']): string {
  return keyText([job, task, sink]);
}
