/** Sends the batches of each owner in turn, each as one POST with what it says of itself. Memory: one entry per owner. */
import { messageOf, StoreError } from '../../lib/errors.js';
import { keyText } from '../../lib/key.js';
import type {
  FenceAnswer,
  OutboxAnswer,
  OutboxBatch,
  OutboxOwner,
  OutboxRun,
  Upsert,
  UpsertResult,
} from '../../lib/ports.js';
import { type AnswerMeaning, hintFor, retryAfterMs } from './answers.js';
import { EPOCH, FROM, idempotencyKey, KEY, MARK } from './delivery.js';
import { type PostConfig, type Posted, post, shownText } from './post.js';

export interface SenderConfig extends PostConfig {
  readonly body: (rows: readonly Upsert[]) => string | Uint8Array;
  readonly meaning: (status: number) => AnswerMeaning;
}

/** The newest owner. */
interface Fence {
  readonly epoch: number;
  readonly run: OutboxRun | undefined;
  /** The receiver has taken something from it. */
  known: boolean;
}

/** What is under way for one owner. */
interface Lane {
  readonly id: string;
  readonly answer: Promise<OutboxAnswer>;
}

export class Sender {
  private readonly fences = new Map<string, Fence>();
  private readonly lanes = new Map<string, Lane>();

  constructor(private readonly config: SenderConfig) {}

  get host(): string {
    return this.config.url.host;
  }

  fence(owner: OutboxOwner, epoch: number, run?: OutboxRun): FenceAnswer {
    const held = this.fences.get(idOf(owner));
    if (held?.epoch === epoch && held.run?.mark === run?.mark) return 'ok';
    if (held !== undefined && held.epoch >= epoch) return { fencedBy: held.epoch };
    this.fences.set(idOf(owner), { epoch, run, known: false });
    return 'ok';
  }

  async upsert(rows: readonly Upsert[]): Promise<UpsertResult> {
    await this.send(rows, {});
    return { written: rows.length, ignored: 0, conflicts: 0 };
  }

  /* A batch that is sent again while it is under way waits for that answer: no sockets pile up. */
  async apply(batch: OutboxBatch): Promise<OutboxAnswer> {
    const { owner, epoch, n, i } = batch;
    const fence = this.fences.get(idOf(owner));
    if (fence !== undefined && fence.epoch > epoch) return { outcome: 'fenced' };
    if (fence?.epoch !== epoch)
      this.fences.set(idOf(owner), { epoch, run: undefined, known: false });
    const key = idempotencyKey({ owner, n, i, rows: batch.rows.length });
    const id = `${epoch} ${key}`;
    const before = this.lanes.get(idOf(owner));
    if (before?.id === id) return before.answer;
    const answer = this.turn(before, () => this.deliver(batch, key));
    const lane = { id, answer };
    this.lanes.set(idOf(owner), lane);
    try {
      return await answer;
    } finally {
      if (this.lanes.get(idOf(owner)) === lane) this.lanes.delete(idOf(owner));
    }
  }

  private async turn(before: Lane | undefined, send: () => Promise<OutboxAnswer>) {
    await before?.answer.catch(() => {});
    return send();
  }

  private async deliver(batch: OutboxBatch, key: string): Promise<OutboxAnswer> {
    const { owner, epoch, rows } = batch;
    const fence = this.fences.get(idOf(owner));
    const run = fence?.epoch === epoch ? fence.run : undefined;
    const headers: Record<string, string> = { [KEY]: key, [EPOCH]: String(epoch) };
    if (run !== undefined) Object.assign(headers, { [FROM]: `${run.from}`, [MARK]: `${run.mark}` });
    const { meaning, held } = await this.send(rows, headers);
    if (meaning === 'fenced') {
      // the receiver hears of the run by its first batch
      const first = run !== undefined && fence?.known === false;
      return first ? { outcome: meaning, fencedBy: Math.max(epoch, held) } : { outcome: meaning };
    }
    if (fence?.epoch === epoch) fence.known = true;
    if (meaning === 'duplicate') return { outcome: meaning };
    return { outcome: meaning, result: { written: rows.length, ignored: 0, conflicts: 0 } };
  }

  private async send(rows: readonly Upsert[], headers: Readonly<Record<string, string>>) {
    const posted = await post(this.config, this.bodyOf(rows), headers);
    const meaning = this.config.meaning(posted.status);
    if (meaning === 'refused' || meaning === 'retry') throw this.problem(meaning, posted);
    return { meaning, held: epochOf(posted) };
  }

  private bodyOf(rows: readonly Upsert[]): string | Uint8Array {
    try {
      return this.config.body(rows);
    } catch (thrown) {
      if (thrown instanceof StoreError) throw thrown;
      throw new StoreError('refused', `webhook: \`body\` threw: ${messageOf(thrown)}`, {
        cause: thrown,
      });
    }
  }

  private problem(meaning: 'refused' | 'retry', posted: Posted): StoreError {
    const { status, retryAfter, text } = posted;
    const said = `webhook: ${this.host} answered ${status}${shownText(this.config, text)}`;
    if (meaning === 'refused') return new StoreError('refused', said);
    return new StoreError('connection', said + hintFor(status), {
      retryAfterMs: retryAfterMs(retryAfter, Date.now()),
    });
  }
}

function epochOf({ epoch }: Posted): number {
  return /^\d{1,15}$/.test(epoch ?? '') ? Number(epoch) : 0;
}

function idOf({ job, task, sink }: OutboxOwner): string {
  return keyText([job, task, sink]);
}
