/** What must hold at every commit and at the end, and the first thing that did not. */
import type {
  Commit,
  CommitAnswer,
  OutboxAnswer,
  OutboxBatch,
  Ownership,
  Row,
  Store,
} from '../../../lib/ports.js';
import type { Offsets, SimulatedInput } from './logSource.js';
import type { Server, Witness } from './server.js';

/** The input that a checkpoint covers, or all of it. */
export interface Read {
  /** The whole input, or all of it that a drained job has read; everything has fired. */
  readonly final: boolean;
  /** The rows of a source that were read, by split, each in order. */
  events<T>(source: string): Readonly<Record<string, readonly T[]>>;
  /** This source had come to its end. */
  finished(source: string): boolean;
}

/** Says what the tables must hold, by name. A table that it leaves out is not looked at. */
export type Oracle = (read: Read) => Readonly<Record<string, readonly Row[]>>;

export type Inputs = Readonly<Record<string, SimulatedInput>>;

/** Something that must never be. */
export interface Violation {
  /** The rule that was broken, in a few words. */
  readonly rule: string;
  readonly detail: string;
}

interface Place {
  readonly at: Offsets | undefined;
  readonly finished: boolean;
}

export interface WatchConfig {
  /** Where the checkpoints are. */
  readonly server: () => Server;
  readonly inputs: Inputs;
  readonly oracle: Oracle;
  /** Whether tables are compared at each commit. */
  readonly everyCommit: boolean;
  readonly fail: (violation: Violation) => void;
}

/** Watches the store that has the checkpoints. */
export class Watch implements Witness {
  /** Checkpoints that were written. */
  commits = 0;
  /** Of the newest owner. */
  job = '';
  task = '';
  private epoch = 0;
  private n = 0;
  /** The commit that was sent last. */
  private last: Commit | undefined;
  /** By sink: epoch, n and number of the last row that was applied. */
  private readonly places = new Map<string, readonly number[]>();
  private positions: ReadonlyMap<string, Place> = new Map();

  constructor(private readonly config: WatchConfig) {}

  acquired(job: string, task: string, { epoch, checkpoint }: Ownership): void {
    this.job = job;
    this.task = task;
    if (epoch <= this.epoch)
      this.fail('epochs rise', `epoch ${epoch} was given after ${this.epoch}`);
    this.epoch = Math.max(epoch, this.epoch);
    const n = checkpoint?.n ?? 0;
    if (n === this.last?.n && n > this.n) this.took(this.last);
    if (n !== this.n) {
      this.fail(
        'the newest checkpoint is restored',
        `checkpoint ${n} was given, ${this.n} is the newest`,
      );
    }
    const kept = checkpoint?.positions as ReadonlyMap<string, Place> | undefined;
    this.forward(kept ?? new Map(), `the checkpoint given to epoch ${epoch}`);
  }

  sent(commit: Commit): void {
    this.last = commit;
  }

  async committed(commit: Commit, answer: CommitAnswer): Promise<void> {
    if (answer.outcome !== 'ok') return;
    this.commits++;
    const { epoch, n } = commit;
    if (epoch < this.epoch) {
      this.fail(
        'an old owner writes nothing',
        `checkpoint ${n} of epoch ${epoch} was taken, the owner is ${this.epoch}`,
      );
    }
    if (n <= this.n) this.fail('checkpoints rise', `checkpoint ${n} was taken after ${this.n}`);
    this.forward(placesOf(commit), `checkpoint ${n}`);
    this.took(commit);
    const { positions } = this;
    if (this.config.everyCommit)
      await this.compare(readOf(this.config.inputs, positions), `after checkpoint ${n}`);
  }

  applied({ owner, epoch, n, i, rows }: OutboxBatch, { outcome }: OutboxAnswer): void {
    if (outcome !== 'ok') return;
    const what = `rows ${epoch}.${n}.${i} of ${owner.sink}`;
    if (n > this.n)
      this.fail('rows follow their commit', `${what} were written, ${this.n} is committed`);
    const last = this.places.get(owner.sink) ?? [0, 0, -1];
    const now = [epoch, n, i + rows.length - 1];
    if (!isAfter(now, last)) {
      this.fail('rows are applied in order', `${what} were written after ${last.join('.')}`);
    }
    this.places.set(owner.sink, now);
  }

  /** The store has gone back to what it had synced: what follows is measured by that. */
  rewound({ epoch, n }: { readonly epoch: number; readonly n: number }): void {
    this.epoch = epoch;
    this.n = n;
    this.positions = new Map();
  }

  /** Everything has been read, or what a drained job has read is all: the tables of all servers. */
  async end(servers: Iterable<Server>, drained: boolean): Promise<void> {
    const { inputs, oracle } = this.config;
    const wanted = oracle(readOf(inputs, drained ? this.positions : undefined));
    for (const server of servers) await this.compareIn(server, wanted, 'at the end');
  }

  private async compare(read: Read, when: string): Promise<void> {
    const server = this.config.server();
    const wanted = Object.entries(this.config.oracle(read)).filter(
      ([table]) => !server.eager.has(table),
    );
    await this.compareIn(server, Object.fromEntries(wanted), when);
  }

  private async compareIn(server: Server, wanted: ReturnType<Oracle>, when: string): Promise<void> {
    for (const [name, rows] of Object.entries(wanted)) {
      const layout = server.tables.get(name);
      if (layout === undefined) continue;
      const got = await textsOf(server.store, name, server);
      const difference = differenceOf(got, rows.map(textOf).sort());
      if (difference !== undefined)
        this.fail('rows are those of the input', `table ${name} ${when}: ${difference}`);
    }
  }

  private took(commit: Commit): void {
    this.n = commit.n;
    this.positions = placesOf(commit);
  }

  private forward(positions: ReadonlyMap<string, Place>, what: string): void {
    for (const [source, { at = {} }] of this.positions) {
      const now = positions.get(source)?.at ?? {};
      for (const [split, offset] of Object.entries(at)) {
        if ((now[split] ?? 0) >= offset) continue;
        this.fail(
          'positions rise',
          `${what} has ${source}/${split} at ${now[split] ?? 0} after ${offset}`,
        );
      }
    }
  }

  private fail(rule: string, detail: string): void {
    this.config.fail({ rule, detail });
  }
}

function placesOf({ positions }: Commit): ReadonlyMap<string, Place> {
  return positions as ReadonlyMap<string, Place>;
}

async function textsOf(store: Store, name: string, server: Server): Promise<string[]> {
  const texts: string[] = [];
  for await (const row of store.table(name, server.tables.get(name) as never).rows())
    texts.push(textOf(row));
  return texts.sort();
}

function readOf(inputs: Inputs, positions: ReadonlyMap<string, Place> | undefined): Read {
  const finished = (source: string) =>
    positions === undefined || (positions.get(source)?.finished ?? false);
  return {
    final: Object.keys(inputs).every(finished),
    finished,
    events: <T>(source: string) => {
      const at = positions?.get(source)?.at ?? {};
      const splits = Object.entries(inputs[source]?.splits ?? {});
      return Object.fromEntries(
        splits.map(([split, rows]) => [
          split,
          positions === undefined ? rows : rows.slice(0, at[split] ?? 0),
        ]),
      ) as Readonly<Record<string, readonly T[]>>;
    },
  };
}

function isAfter(a: readonly number[], b: readonly number[]): boolean {
  const i = a.findIndex((x, at) => x !== b[at]);
  return i >= 0 && (a[i] as number) > (b[i] as number);
}

/** A row as text that is equal for equal rows, in whatever order their columns stand. */
function textOf(row: Row): string {
  const columns = Object.entries(row).filter(([, value]) => value !== undefined);
  const plain = (value: unknown) => (value instanceof Date ? value.getTime() : value);
  const cell = (_: string, value: unknown) => (typeof value === 'bigint' ? Number(value) : value);
  const sorted = columns.sort(([a], [b]) => (a < b ? -1 : 1)).map(([k, v]) => [k, plain(v)]);
  return JSON.stringify(Object.fromEntries(sorted), cell);
}

/* Both are sorted. */
function differenceOf(got: readonly string[], wanted: readonly string[]): string | undefined {
  const [missing, extra] = [less(wanted, got), less(got, wanted)];
  if (missing.length + extra.length === 0) return undefined;
  const some = (texts: readonly string[]) =>
    texts.slice(0, 3).join(' ') + (texts.length > 3 ? ' ...' : '');
  const parts = [];
  if (missing.length > 0)
    parts.push(`${missing.length} of ${wanted.length} rows missing: ${some(missing)}`);
  if (extra.length > 0) parts.push(`${extra.length} rows that should not be: ${some(extra)}`);
  return parts.join('; ');
}

function less(from: readonly string[], these: readonly string[]): string[] {
  const counts = new Map<string, number>();
  for (const text of these) counts.set(text, (counts.get(text) ?? 0) + 1);
  return from.filter((text) => {
    const left = counts.get(text) ?? 0;
    counts.set(text, left - 1);
    return left <= 0;
  });
}
