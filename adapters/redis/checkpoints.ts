/** Checkpoints in Redis: state, positions, epoch and rows switched in one script; only what changed is written. */
import { randomUUID } from 'node:crypto';
import { CHECKPOINT_FORMAT, checkRestorable, checkTransaction } from '../../lib/checkpointRules.js';
import { encode } from '../../lib/codec.js';
import { CodecError, JobError, show } from '../../lib/errors.js';
import type {
  Checkpoint,
  CheckpointStore,
  Commit,
  CommitAnswer,
  LeaseStore,
  Ownership,
} from '../../lib/ports.js';
import type { Arg } from './connection.js';
import type { Item, Place } from './items.js';
import { RedisLeases } from './leases.js';
import { dropItem, keptItem, pieceField, pieceItem, sumOfNames } from './pieces.js';
import * as scripts from './scripts.js';
import { type Held, StoredTask } from './stored.js';
import type { RedisHome, RedisTable } from './table.js';
import type { Write } from './writes.js';

/* A live owner may commit while a task is read or taken. */
const TRIES = 50;

export class RedisCheckpoints implements CheckpointStore {
  readonly name = 'redis';
  readonly transaction: object;
  readonly leases: LeaseStore;
  /* By task: what tells this owner from another of its epoch. */
  private readonly owners = new Map<string, { readonly epoch: number; readonly owner: string }>();

  constructor(private readonly home: RedisHome) {
    this.transaction = home.transaction;
    this.leases = new RedisLeases(home.writes);
  }

  async acquire(job: string, task: string, fingerprint: string | undefined): Promise<Ownership> {
    for (let i = 0; i < TRIES; i++) {
      const stored = await this.stored(job, task);
      const held = await stored.held();
      checkRestorable(job, held.fingerprint === undefined ? undefined : fingerprint, {
        ...held,
        fingerprint: held.fingerprint ?? '',
      });
      const epoch = held.epoch + 1;
      if (!Number.isSafeInteger(epoch)) throw damagedEpoch(job, held);
      if (await this.take(stored, held, epoch)) return this.restore(stored, { ...held, epoch });
    }
    throw new JobError(job, 'others take it over all the time');
  }

  async commit(commit: Commit): Promise<CommitAnswer> {
    checkTransaction(commit.rows, this.transaction);
    const { positions, operators, fingerprint, drained, n, pieces } = commit;
    const touched = [...commit.changed, ...commit.dropped].map(pieceField);
    const counts = { pieces, touched: touched.length, changed: commit.changed.length };
    const more = { ...counts, names: sumOfNames(touched) };
    const header = encode({ n, positions, operators, fingerprint, drained, ...more });
    return this.home.writes.write(this.write({ ...commit, header }, await contentOf(commit)));
  }

  async lastCommitted(job: string, task: string): Promise<{ epoch: number; n: number }> {
    const { connection, names } = this.home.writes;
    const { meta } = names.task(job, task);
    const [epoch, n] = await connection.ask('HMGET', meta, 'epoch', 'n');
    // a checkpoint that is known to be there has all of its rows
    await this.home.writes.finish();
    return { epoch: Number(epoch ?? 0), n: Number(n ?? 0) };
  }

  async read(job: string, task: string): Promise<Checkpoint | undefined> {
    for (let i = 0; i < TRIES; i++) {
      const stored = await this.stored(job, task);
      const held = await stored.held();
      checkRestorable(job, undefined, { ...held, fingerprint: '' });
      if (held.isNew) return undefined;
      const found = await stored.newest(held).catch((thrown: unknown) => ({ thrown }));
      const now = await stored.held();
      // what is read while it is replaced may look damaged
      if (String(now.texts) !== String(held.texts)) continue;
      if ('thrown' in found) throw found.thrown;
      return found.checkpoint;
    }
    throw new JobError(job, 'its checkpoint is replaced faster than it can be read');
  }

  private async stored(job: string, task: string): Promise<StoredTask> {
    await this.home.writes.finish();
    return new StoredTask(this.home.writes, job, task);
  }

  private async take({ keys }: StoredTask, held: Held, epoch: number): Promise<boolean> {
    const owner = randomUUID();
    const args = [...held.texts, String(epoch), String(CHECKPOINT_FORMAT), owner];
    const all = [keys.meta, keys.state, keys.undo];
    const taken = await this.home.writes.connection.run(scripts.TAKE, all, args);
    if (taken === 1) this.owners.set(keys.meta, { epoch, owner });
    return taken === 1;
  }

  /* Nobody else can commit now; what the owner before committed in several steps is finished first. */
  private async restore(stored: StoredTask, held: Held): Promise<Ownership> {
    const { epoch } = held;
    await this.home.writes.finish();
    if (held.isNew) return { epoch, checkpoint: undefined };
    try {
      const restored = await stored.newest(held);
      if (restored.fallback !== undefined) await this.goBack(stored, held);
      return { epoch, ...restored };
    } catch (thrown) {
      const isDamage = thrown instanceof JobError || thrown instanceof CodecError;
      if (isDamage) await this.giveBack(stored, held);
      throw thrown;
    }
  }

  private async giveBack({ keys }: StoredTask, { epoch }: Held): Promise<void> {
    const args = [String(epoch), String(epoch - 1)];
    await this.home.writes.connection.run(scripts.GIVE_BACK, [keys.meta], args);
  }

  /* What the newest checkpoint replaced is committed once more. */
  private async goBack(stored: StoredTask, held: Held): Promise<void> {
    const { before, epoch } = held;
    if (before === undefined) return;
    const { job, task } = stored;
    const items = [...(await stored.wayBack(before.n))].map((entry) => keptItem(...entry));
    const commit = { job, task, epoch, n: before.n, prev: held.texts[1], header: before.bytes };
    const answer = await this.home.writes.write(
      this.write(commit, { items: () => items, tables: [], sinks: 0 }, 'back'),
    );
    if (answer.outcome !== 'ok') {
      throw new JobError(job, `its damaged checkpoint could not be left: ${answer.outcome}`);
    }
  }

  private write(
    commit: Pick<Commit, 'job' | 'task' | 'epoch' | 'n'> & {
      readonly prev: number | string;
      readonly header: Uint8Array;
    },
    what: Pick<Write, 'items' | 'tables' | 'sinks'>,
    how?: 'back',
  ): Write {
    const { job, task, epoch, n, prev, header } = commit;
    const { meta, state, undo } = this.home.writes.names.task(job, task);
    const rises = how ?? (n > Number(prev) ? '1' : '0');
    const taken = this.owners.get(meta);
    const owner = taken?.epoch === epoch ? taken.owner : '';
    const numbers = [epoch, n, prev, rises, CHECKPOINT_FORMAT].map(String);
    const args: Arg[] = [...numbers, Buffer.from(header), owner];
    return {
      ...what,
      task: [job, task],
      whole: { script: scripts.COMMIT, keys: [meta, state, undo], args },
      turn: { script: scripts.SWITCH_COMMIT, keys: [meta, undo], args },
    };
  }
}

function damagedEpoch(job: string, { texts }: Held): JobError {
  return new JobError(job, `its epoch is damaged (${show(texts[0])}); start a new job id`);
}

/** Checks every row before anything is sent. @throws StoreError of kind `'refused'` */
async function contentOf({
  n,
  rows,
  dropped,
  changed,
}: Commit): Promise<Pick<Write, 'items' | 'tables' | 'sinks'>> {
  const tables = [...new Set(rows.map(({ store }) => store.name))];
  const packers: ((to: Place) => Iterable<Item>)[] = [];
  for (const sink of rows) packers.push(await (sink.store as RedisTable).checked(sink.rows));
  function* items(): Generator<Item> {
    for (const name of dropped) yield dropItem(name);
    for (const piece of changed) yield pieceItem(piece, n);
    for (const [sink, packer] of packers.entries()) {
      yield* packer({ sink, table: tables.indexOf(rows[sink]?.store.name ?? '') });
    }
  }
  return { items, tables, sinks: rows.length };
}
