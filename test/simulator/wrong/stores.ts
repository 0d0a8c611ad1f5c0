/** Stores that wrong designs use: one whose rules can be left out, and wrappers of the right one. */
import type {
  Checkpoint,
  CheckpointStore,
  Commit,
  CommitAnswer,
  EncodedChunks,
  Row,
  Store,
  TableStore,
  Upsert,
} from 'tidemark';
import { memoryStore } from 'tidemark/memory';
import { fenceStep, type OutboxPosition, outboxStep } from '#lib/outboxPosition.js';

/** Rules of a checkpoint store; each may be false in a wrong design. */
export interface Rules {
  /** The epoch is checked inside the write. */
  readonly fenced?: boolean;
  /** An n that is there already is not written again, nor a lower one. */
  readonly ordered?: boolean;
  /** A commit that does not follow the newest is refused. */
  readonly gapless?: boolean;
  /** A new owner gets a higher epoch. */
  readonly raised?: boolean;
  /** The newest checkpoint is given, not the one before. */
  readonly newest?: boolean;
  /** State that did not change is kept. */
  readonly kept?: boolean;
}

interface Held {
  readonly checkpoint: Checkpoint;
  readonly before: Checkpoint | undefined;
}

const all: Required<Rules> = {
  fenced: true,
  ordered: true,
  gapless: true,
  raised: true,
  newest: true,
  kept: true,
};

/** A store in memory that keeps the rules, less those that are taken from it. */
export function plainStore(clock: { now(): number }, given: Rules = {}): Store {
  const rules = { ...all, ...given };
  const tables = memoryStore({ clock });
  let epoch = 0;
  let held: Held | undefined;
  const refuse = (commit: Commit): CommitAnswer['outcome'] => {
    const n = held?.checkpoint.n ?? 0;
    if (rules.fenced && commit.epoch !== epoch) return 'fenced';
    if (rules.ordered && commit.n <= n) return commit.n === n ? 'duplicate' : 'gap';
    return rules.gapless && commit.prev !== n ? 'gap' : 'ok';
  };
  const checkpoints: CheckpointStore = {
    name: 'plain',
    transaction: tables,
    async acquire() {
      if (rules.raised || epoch === 0) epoch++;
      return {
        epoch,
        checkpoint: rules.newest ? held?.checkpoint : (held?.before ?? held?.checkpoint),
      };
    },
    async commit(commit) {
      const outcome = refuse(commit);
      if (outcome !== 'ok') return { outcome } as CommitAnswer;
      const { n, positions, drained, rows } = commit;
      const state = stateAfter(rules.kept ? held?.checkpoint : undefined, commit);
      held = { checkpoint: { n, positions, drained, state }, before: held?.checkpoint };
      const results = [];
      for (const own of rows) results.push(await own.store.upsert(own.rows));
      return { outcome, results };
    },
    lastCommitted: async () => ({ epoch, n: held?.checkpoint.n ?? 0 }),
    read: async () => held?.checkpoint,
  };
  return {
    table: (name, layout) => tables.table(name, layout),
    checkpoints: () => checkpoints,
    close: async () => {},
  };
}

function stateAfter(before: Checkpoint | undefined, { operators, changed, dropped }: Commit) {
  const state = new Map<string, Map<string, Uint8Array>>();
  for (const id of operators) state.set(id, new Map(before?.state.get(id) as EncodedChunks));
  for (const { operator, chunk } of dropped) state.get(operator)?.delete(chunk);
  for (const { operator, chunk, bytes } of changed) state.get(operator)?.set(chunk, bytes);
  return state;
}

/** The same store with other answers to some requests for checkpoints. */
export function withCheckpoints(
  store: Store,
  change: (right: CheckpointStore) => Partial<CheckpointStore>,
): Store {
  const right = store.checkpoints();
  const changed: CheckpointStore = {
    name: right.name,
    transaction: right.transaction,
    acquire: (...args) => right.acquire(...args),
    commit: (commit) => right.commit(commit),
    lastCommitted: (...args) => right.lastCommitted(...args),
    read: (...args) => right.read(...args),
    ...change(right),
  };
  return {
    table: (...args) => store.table(...args),
    checkpoints: () => changed,
    close: () => store.close(),
  };
}

/** Writes the rows of a commit beside it, as they are or changed. */
export async function writeRows(
  { rows }: Commit,
  change: (
    table: TableStore,
    batch: Commit['rows'][number]['rows'],
  ) => Promise<Commit['rows'][number]['rows']> = async (_, batch) => batch,
): Promise<void> {
  for (const { store, rows: batch } of rows) {
    if (batch.length > 0) await store.upsert(await change(store as TableStore, batch));
  }
}

/** What there is already is added to: a sink that counts each write. */
export async function added(table: TableStore, batch: Commit['rows'][number]['rows']) {
  const there = new Map<string, number>();
  for await (const row of table.rows()) {
    there.set(JSON.stringify([row['start'], row['user']]), row['n'] as number);
  }
  return batch.map((row) => {
    const n = (there.get(JSON.stringify(row.key)) ?? 0) + (row.row['n'] as number);
    return { ...row, row: { ...row.row, n }, revision: [...row.revision, n] };
  });
}

/** Rules of a table behind an outbox; each may be false in a wrong design. */
export interface TargetRules {
  /** Rows at or below the last position are left out. */
  readonly ordered?: boolean;
}

/** A store whose tables are plain maps, in which the last writer wins: only the outbox keeps the order. */
export function mapStore(given: TargetRules = {}): Store {
  const { ordered = true } = given;
  const tables = new Map<string, TableStore>();
  const checkpoints = memoryStore();
  const make = (name: string, key: readonly string[]): TableStore => {
    const rows = new Map<string, Row>();
    let held: OutboxPosition | undefined;
    const write = (batch: readonly Upsert[]) => {
      for (const row of batch) {
        const id = JSON.stringify(row.key);
        const own = Object.fromEntries(key.map((column, i) => [column, row.key[i]]));
        if (row.op === 'delete') rows.delete(id);
        else rows.set(id, { ...own, ...row.row });
      }
      return { written: batch.length, ignored: 0, conflicts: 0 };
    };
    return {
      name,
      transaction: tables,
      keyColumns: key,
      open: async () => {},
      count: async () => rows.size,
      upsert: async (batch) => write(batch),
      async *rows() {
        yield* [...rows.values()];
      },
      outbox: {
        async fence(_, epoch, run) {
          const step = fenceStep(epoch, held, run);
          if ('answer' in step) return step.answer;
          held = step.position;
          return 'ok';
        },
        async apply(batch) {
          const step = outboxStep(batch, ordered ? held : undefined);
          if ('answer' in step) return step.answer;
          held = step.position;
          return { outcome: 'ok', result: write(step.rows) };
        },
      },
    };
  };
  return {
    table(name, { key }) {
      const table = tables.get(name) ?? make(name, key);
      tables.set(name, table);
      return table;
    },
    checkpoints: () => checkpoints.checkpoints(),
    close: async () => {},
  };
}

/** The same store, whose tables do some things otherwise. */
export function withTables(
  store: Store,
  change: (right: TableStore) => Partial<TableStore>,
): Store {
  return {
    table(name, layout) {
      const right = store.table(name, layout);
      return {
        name: right.name,
        transaction: right.transaction,
        ...(right.keyColumns && { keyColumns: right.keyColumns }),
        ...(right.outbox && { outbox: right.outbox }),
        open: () => right.open(),
        count: () => right.count(),
        upsert: (batch) => right.upsert(batch),
        rows: () => right.rows(),
        ...change(right),
      };
    },
    checkpoints: () => store.checkpoints(),
    close: () => store.close(),
  };
}
