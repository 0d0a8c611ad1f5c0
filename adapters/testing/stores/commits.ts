/** Checkpoints for the laws: a job of its own for each law, whose state is one number unless said otherwise. */

import type { Chunks } from '../../../lib/chunks.js';
import { decodeChunks, encode } from '../../../lib/codec.js';
import type { Checkpoint, CheckpointStore, Commit, Ownership, Piece } from '../../../lib/ports.js';
import type { Bench } from './bench.js';
import { PieceNames } from './pieceNames.js';

export type State = ReadonlyMap<string, Chunks>;
/** What a commit has besides the usual; `state`: its changed pieces, decoded. */
export type Changes = Partial<Omit<Commit, 'changed'> & { readonly state: State }>;

/** The state of one operator. */
export function stateOf(chunks: Readonly<Record<string, unknown>>): State {
  return new Map([['op', new Map(Object.entries(chunks))]]);
}

/** The state of a checkpoint, decoded. */
export function decoded(checkpoint: Checkpoint | undefined): State | undefined {
  return checkpoint && new Map([...checkpoint.state].map(([id, own]) => [id, decodeChunks(own)]));
}

/** One task of one job. */
export class LawJob {
  readonly job: string;
  readonly checkpoints: CheckpointStore;
  private readonly names = new PieceNames();

  constructor(bench: Bench, checkpoints?: CheckpointStore, job?: string) {
    this.job = job ?? bench.fresh('job');
    this.checkpoints = checkpoints ?? bench.checkpoints();
  }

  async acquire(): Promise<Ownership> {
    const owned = await this.checkpoints.acquire(this.job, '0', 'f1');
    if (owned.checkpoint !== undefined) this.names.restored(owned.checkpoint);
    return owned;
  }

  /** Checkpoint n, after n − 1, with `a: n` as its state. */
  commit(epoch: number, n: number, changes: Changes = {}): Commit {
    const { state = stateOf({ a: n }), ...others } = changes;
    const commit = {
      job: this.job,
      task: '0',
      epoch,
      n,
      prev: n - 1,
      positions: new Map([['events', { offset: n }]]),
      rows: [],
      drained: false,
      fingerprint: 'f1',
      operators: [...state.keys()],
      dropped: [],
      ...others,
      changed: piecesOf(state),
    };
    return { pieces: this.names.after(commit), ...commit };
  }

  async send(epoch: number, n: number, changes?: Changes): Promise<string> {
    return (await this.checkpoints.commit(this.commit(epoch, n, changes))).outcome;
  }

  last(): Promise<{ epoch: number; n: number }> {
    return this.checkpoints.lastCommitted(this.job, '0');
  }

  /** What the next owner gets. */
  async stateNow(): Promise<State | undefined> {
    return decoded((await this.acquire()).checkpoint);
  }
}

function piecesOf(state: State): Piece[] {
  const pieces: Piece[] = [];
  for (const [operator, chunks] of state) {
    for (const [chunk, data] of chunks) pieces.push({ operator, chunk, bytes: encode(data) });
  }
  return pieces;
}
