/** Which pieces the checkpoints of a task have, as a job knows it. */
import type { Checkpoint, Commit } from '../../../lib/ports.js';

/** Counts the pieces of checkpoints by their commits. State: the names of each. */
export class PieceNames {
  private readonly byN = new Map<number, ReadonlySet<string>>();

  /** How many pieces a checkpoint has in all. */
  after({ n, prev, changed, dropped }: Pick<Commit, 'n' | 'prev' | 'changed' | 'dropped'>): number {
    const names = new Set(this.byN.get(prev));
    for (const { operator, chunk } of dropped) names.delete(nameOf(operator, chunk));
    for (const { operator, chunk } of changed) names.add(nameOf(operator, chunk));
    this.byN.set(n, names);
    return names.size;
  }

  /** The next commit follows one that was read. */
  restored({ n, state }: Pick<Checkpoint, 'n' | 'state'>): void {
    const names = [...state].flatMap(([operator, chunks]) =>
      [...chunks.keys()].map((chunk) => nameOf(operator, chunk)),
    );
    this.byN.set(n, new Set(names));
  }
}

function nameOf(operator: string, chunk: string): string {
  return JSON.stringify([operator, chunk]);
}
