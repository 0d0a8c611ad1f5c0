/** What a store in memory holds of a task, and the checkpoint that it makes of it. */
import { CHECKPOINT_FORMAT, checkPieces, type TaskRecord } from './checkpointRules.js';
import { decode, encode } from './codec.js';
import type { Checkpoint, EncodedChunks, Position } from './ports.js';

/** State by operator id, each chunk as it was encoded. */
export type HeldState = ReadonlyMap<string, EncodedChunks>;

export interface HeldTask extends TaskRecord {
  readonly positions: Uint8Array;
  readonly drained: boolean;
  /** How many pieces its state has to have. */
  readonly pieces: number;
  readonly state: HeldState;
}

/** What is held of a task that has no checkpoint yet. */
export const UNTOUCHED: Omit<HeldTask, 'state'> = {
  epoch: 0,
  n: 0,
  fingerprint: '',
  format: CHECKPOINT_FORMAT,
  positions: encode(new Map()),
  drained: false,
  pieces: 0,
};

/** What a new owner gets; its bytes are shared, and nobody changes them. @throws CodecError where a piece is gone */
export function restored({ n, positions, drained, pieces, state }: HeldTask): Checkpoint {
  checkPieces(state, pieces);
  const copy = new Map<string, EncodedChunks>();
  for (const [operator, chunks] of state) copy.set(operator, new Map(chunks));
  return { n, drained, positions: decode(positions) as Map<string, Position>, state: copy };
}
