/** Commits of a job whose checkpoint n has n as its state, its position and its row. */
import { encode } from '../../../lib/codec.js';
import type { Commit, TableStore, Upsert } from '../../../lib/ports.js';

export const layout = { key: ['k'], columns: { k: 'text', n: 'int8' } };

export function row(key: string, n: number): Upsert {
  return { op: 'upsert', key: [key], row: { n }, revision: [n], timestamp: n };
}

/** Checkpoint n of a job, with a row of its own in each of these tables, or with those given. */
export function commitOf(
  { job, epoch }: { readonly job: string; readonly epoch: number },
  n: number,
  rows: readonly { readonly store: TableStore; readonly rows: readonly Upsert[] }[],
): Commit {
  return {
    ...{ job, task: '0', epoch, n, prev: n - 1, positions: new Map([['s', n]]) },
    ...{ operators: ['op'], changed: [{ operator: 'op', chunk: 'n', bytes: encode(n) }] },
    ...{ dropped: [], pieces: 1, rows, drained: false, fingerprint: 'f' },
  };
}

/** Repeats a commit as a job does: looks first whether it was applied. */
export async function settle(
  store: {
    checkpoints(): {
      commit(c: Commit): Promise<{ outcome: string }>;
      lastCommitted(job: string, task: string): Promise<{ n: number }>;
    };
  },
  commit: Commit,
): Promise<{ readonly outcome: string; readonly unknown: number }> {
  const checkpoints = store.checkpoints();
  for (let unknown = 0; ; ) {
    try {
      if (unknown > 0) {
        const { n } = await checkpoints.lastCommitted(commit.job, commit.task);
        if (n === commit.n) return { outcome: 'was applied', unknown };
      }
      return { outcome: (await checkpoints.commit(commit)).outcome, unknown };
    } catch (thrown) {
      if ((thrown as { kind?: string }).kind !== 'connection' || ++unknown > 20) throw thrown;
    }
  }
}
