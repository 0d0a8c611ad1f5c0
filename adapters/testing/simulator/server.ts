/** A store as a process of the simulation sees it: every request to it goes through the network. */
import type {
  Checkpoint,
  CheckpointStore,
  Commit,
  CommitAnswer,
  OutboxAnswer,
  OutboxBatch,
  OutboxTarget,
  Ownership,
  SinkRows,
  Store,
  TableConfig,
  TableStore,
  UpsertResult,
} from '../../../lib/ports.js';
import type { Request } from './network.js';
import type { Process } from './process.js';

/** What has been done to a store, told in the order in which it was done. */
export interface Witness {
  acquired(job: string, task: string, owned: Ownership): void;
  /** A commit is about to be applied: whoever is killed now does not tell what became of it. */
  sent(commit: Commit): void;
  committed(commit: Commit, answer: CommitAnswer): Promise<void>;
  /** Rows were written after their commit. */
  applied(batch: OutboxBatch, answer: OutboxAnswer): void;
}

/** A server outlives processes. What it has not synced can be lost by a restart. */
export class Server {
  store!: Store;
  readonly tables = new Map<string, TableConfig>();
  /** Tables that are written beside checkpoints. */
  readonly eager = new Set<string>();
  /* What was applied, to be applied anew: kept only where some of it can be lost. */
  private readonly applied: ((store: Store) => Promise<unknown>)[] = [];

  constructor(
    readonly name: string,
    private readonly open: () => Store | Promise<Store>,
    readonly loses: number,
  ) {}

  async start(): Promise<void> {
    this.store = await this.open();
  }

  /** Starts anew with what was synced. */
  async restart(lost: number): Promise<void> {
    if (this.loses === 0) return;
    this.applied.splice(Math.max(0, this.applied.length - lost));
    this.store = await this.open();
    for (const again of this.applied) await again(this.store).catch(() => {});
  }

  async apply<T>(task: (store: Store) => Promise<T>): Promise<T> {
    if (this.loses > 0) this.applied.push(task);
    return task(this.store);
  }
}

export interface ClientConfig {
  readonly server: Server;
  readonly process: Process;
  readonly witness: Witness;
  readonly send: <T>(request: Request<T>) => Promise<T>;
}

/** What one process uses of a server. */
export class ClientStore implements Store {
  private readonly tables = new Map<string, ClientTable>();

  constructor(private readonly config: ClientConfig) {}

  table(name: string, layout: TableConfig): TableStore {
    const { server } = this.config;
    server.tables.set(name, layout);
    const known = this.tables.get(name) ?? new ClientTable(this.config, name, layout);
    this.tables.set(name, known);
    return known;
  }

  checkpoints(): CheckpointStore {
    return new ClientCheckpoints(this.config);
  }

  async close(): Promise<void> {}
}

class ClientTable implements TableStore {
  readonly transaction: object;
  readonly keyColumns?: readonly string[];
  readonly outbox?: OutboxTarget;
  readonly expire?: (timestamp: number) => Promise<number>;

  constructor(
    private readonly config: ClientConfig,
    readonly name: string,
    readonly layout: TableConfig,
  ) {
    const inner = config.server.store.table(name, layout);
    this.transaction = config.server;
    if (inner.keyColumns !== undefined) this.keyColumns = inner.keyColumns;
    if (inner.outbox !== undefined) this.outbox = this.target();
    if (inner.expire !== undefined) {
      this.expire = (timestamp) =>
        this.ask(`expire ${timestamp} in ${name}`, async (t) => (await t.expire?.(timestamp)) ?? 0);
    }
  }

  open(): Promise<void> {
    return this.of(this.config.server.store).open();
  }

  upsert(batch: Parameters<TableStore['upsert']>[0]): Promise<UpsertResult> {
    this.config.server.eager.add(this.name);
    return this.ask(`upsert ${batch.length} rows into ${this.name}`, (t) => t.upsert(batch));
  }

  async forget(timestamp: number): Promise<void> {
    await this.ask(`forget ${timestamp} in ${this.name}`, async (t) => t.forget?.(timestamp));
  }

  rows() {
    return this.of(this.config.server.store).rows();
  }

  count(): Promise<number> {
    return this.of(this.config.server.store).count();
  }

  private target(): OutboxTarget {
    const { witness, process } = this.config;
    const of = (table: TableStore) => table.outbox as OutboxTarget;
    return {
      fence: (owner, epoch, drawn) => {
        const run = drawn && { ...drawn, mark: process.markOf(drawn.mark) };
        return this.ask(`fence ${this.name} for epoch ${epoch}`, (t) =>
          of(t).fence(owner, epoch, run),
        );
      },
      apply: (batch) => {
        const { epoch, n, i, rows } = batch;
        const place = `${epoch}.${n}.${i}`;
        return this.ask(`apply ${place}, ${rows.length} rows into ${this.name}`, async (t) => {
          const answer = await of(t).apply(batch);
          witness.applied(batch, answer);
          return answer;
        });
      },
    };
  }

  of(store: Store): TableStore {
    return store.table(this.name, this.layout);
  }

  private ask<T>(what: string, task: (table: TableStore) => Promise<T>): Promise<T> {
    const { server, process, send } = this.config;
    const apply = () => server.apply((store) => task(this.of(store)));
    return send({ process, server: server.name, what, apply });
  }
}

class ClientCheckpoints implements CheckpointStore {
  readonly name: string;
  readonly transaction: object;

  constructor(private readonly config: ClientConfig) {
    this.name = config.server.name;
    this.transaction = config.server;
  }

  acquire(job: string, task: string, fingerprint: string | undefined): Promise<Ownership> {
    const { witness } = this.config;
    return this.ask(`acquire ${job}`, async () => {
      const owned = await this.config.server.apply((store) =>
        store.checkpoints().acquire(job, task, fingerprint),
      );
      witness.acquired(job, task, owned);
      return owned;
    });
  }

  commit(commit: Commit): Promise<CommitAnswer> {
    const { server, witness } = this.config;
    const rows = commit.rows.reduce((sum, own) => sum + own.rows.length, 0);
    return this.ask(`commit ${commit.n} of epoch ${commit.epoch}, ${rows} rows`, async () => {
      witness.sent(commit);
      const answer = await server.apply((store) =>
        store.checkpoints().commit({ ...commit, rows: rowsIn(store, commit.rows) }),
      );
      await witness.committed(commit, answer);
      return answer;
    });
  }

  lastCommitted(job: string, task: string): Promise<{ epoch: number; n: number }> {
    return this.ask('ask what is committed', () =>
      this.config.server.store.checkpoints().lastCommitted(job, task),
    );
  }

  read(job: string, task: string): Promise<Checkpoint | undefined> {
    return this.ask('read the checkpoint', () =>
      this.config.server.store.checkpoints().read(job, task),
    );
  }

  private ask<T>(what: string, apply: () => Promise<T>): Promise<T> {
    const { server, process, send } = this.config;
    return send({ process, server: server.name, what, apply });
  }
}

/* The same rows, for the tables as the server has them. */
function rowsIn(store: Store, all: readonly SinkRows[]): SinkRows[] {
  return all.map(({ store: table, rows }) => ({
    store: table instanceof ClientTable ? table.of(store) : table,
    rows,
  }));
}
