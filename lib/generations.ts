/** Two generations of a checkpoint: where the newest is damaged, the one before stands in for it, and it is said. */
import { CodecError, JobError } from './errors.js';
import type { Checkpoint } from './ports.js';

/** What could be restored of a task. */
export interface Restored {
  readonly checkpoint: Checkpoint;
  /** Which one is damaged and why, and from which the job goes on. */
  readonly fallback?: string;
}

/**
 * Loads the newest checkpoint, or the one before where that one is damaged; a newer format is not damage.
 *
 * @param load gives a checkpoint, and throws `CodecError` where a part of it is damaged
 * @throws JobError when neither can be read; CodecError of a newer format
 */
export async function newestWhole(
  job: string,
  [newest, before]: readonly [newest: number, before: number],
  load: (n: number) => Checkpoint | Promise<Checkpoint>,
): Promise<Restored> {
  const why = new Map<number, CodecError>();
  for (const n of before > 0 ? [newest, before] : [newest]) {
    try {
      const checkpoint = await load(n);
      const damage = why.get(newest);
      if (damage === undefined) return { checkpoint };
      const said = `its checkpoint ${newest} is damaged (${damage.message})`;
      const fallback = `job ${JSON.stringify(job)}: ${said}; it goes on from checkpoint ${n}`;
      return { checkpoint, fallback };
    } catch (thrown) {
      if (!(thrown instanceof CodecError) || thrown.newer) throw thrown;
      why.set(n, thrown);
    }
  }
  const each = [...why].map(([n, { message }]) => `checkpoint ${n} is damaged (${message})`);
  const rest = before > 0 ? '' : ', and there is none before it';
  throw new JobError(job, `its ${each.join(', and its ')}${rest}; start a new job id`, {
    cause: why.get(newest),
  });
}
