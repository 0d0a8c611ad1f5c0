/** Parts of commits that are to come, as a log has them. State: those of one commit per task. */
import { keyText } from '../key.js';
import type { CommitEntry, KeptPage, PartEntry, PieceName, RawBytes } from './entry.js';

/** State by operator and chunk. */
export type State = Map<string, Map<string, Uint8Array>>;

/** Rows of one table of a commit. */
export interface RowsPart {
  readonly sink: number;
  readonly write: KeptPage['write'];
  readonly raw: RawBytes;
}

interface Parts extends Pick<PartEntry, 'epoch' | 'n'> {
  count: number;
  readonly pieces: [operator: string, chunk: string, bytes: Uint8Array][];
  readonly rows: RowsPart[];
}

const NONE: Pick<Parts, 'pieces' | 'rows'> = { pieces: [], rows: [] };

/** What was written of commits before their last record. */
export class CommitParts {
  private readonly byTask = new Map<string, Parts>();

  add({ job, task, epoch, n, i, changed, rows }: PartEntry, raw: RawBytes): void {
    const id = keyText([job, task]);
    if (i === 0) this.byTask.set(id, { epoch, n, count: 0, pieces: [], rows: [] });
    const parts = this.byTask.get(id);
    if (parts?.n !== n || parts.epoch !== epoch || parts.count !== i) return;
    parts.count++;
    for (const [operator, chunk, length] of changed) {
      parts.pieces.push([operator, chunk, raw.take(length)]);
    }
    if (rows !== undefined) parts.rows.push({ ...rows, raw });
  }

  /** The parts of a commit, and lets go of them. @throws Error where they are not all there */
  take({ job, task, epoch, n, parts: count }: CommitEntry): Pick<Parts, 'pieces' | 'rows'> {
    const id = keyText([job, task]);
    const parts = this.byTask.get(id);
    this.byTask.delete(id);
    if (count === 0) return NONE;
    if (parts?.epoch === epoch && parts.n === n && parts.count === count) return parts;
    throw new Error(`checkpoint ${n} has ${count} parts, which are not all there`);
  }

  drop(job: string, task: string): void {
    this.byTask.delete(keyText([job, task]));
  }
}

/** Puts pieces into the state; gives by how many bytes it has grown. */
export function placeAll(state: State, pieces: Parts['pieces']): number {
  let grown = 0;
  for (const [operator, chunk, bytes] of pieces) {
    const own = state.get(operator);
    grown += bytes.length - (own?.get(chunk)?.length ?? 0);
    own?.set(chunk, bytes);
  }
  return grown;
}

/** Puts the pieces of an entry into the state; gives by how many bytes it has grown. */
export function place(
  state: State,
  { operators, changed }: { operators: readonly string[]; changed: readonly PieceName[] },
  raw: RawBytes,
): number {
  for (const operator of operators) if (!state.has(operator)) state.set(operator, new Map());
  return placeAll(
    state,
    changed.map(([operator, chunk, length]) => [operator, chunk, raw.take(length)]),
  );
}
