/** What to do about the end of a log that cannot be read: a torn end is cut off, damage before valid records is refused. */
import { show } from '../errors.js';
import type { Image } from './image.js';
import { refused } from './problem.js';
import { formatOf, LOG_FORMAT, recordsWithin, statedLength } from './record.js';

/** What was left out when a log was opened. */
export interface Recovery {
  /** `'torn'`: the last write was cut short by a crash, which loses nothing that was answered. `'damaged'`: whole, and wrong. */
  readonly kind: 'torn' | 'damaged';
  /** How many bytes were left out, and where they began. */
  readonly bytes: number;
  readonly at: number;
  /** All of this in one sentence, with the checkpoint that each task goes on from. */
  readonly message: string;
  /** Only what is wrong. */
  readonly problem: string;
}

/** Checks what the file begins with. @throws StoreError */
export function checkHeader(head: Uint8Array, path: string): void {
  const format = formatOf(head);
  if (format === undefined) {
    throw refused(
      `${show(path)} is no log of ours, or is damaged at its beginning; restore a copy`,
    );
  }
  if (format > LOG_FORMAT) {
    throw refused(
      `${show(path)} has format ${format}; this version reads up to ${LOG_FORMAT}: run the version that wrote it`,
    );
  }
}

interface Trouble {
  readonly path: string;
  readonly image: Image;
  /** Where the valid records end. */
  readonly end: number;
  /** All bytes from there on. */
  readonly rest: Uint8Array;
  readonly onDamage: 'refuse' | 'previous';
}

/**
 * Decides. To go back is sound where nothing but commits is lost: their rows and positions go back
 * together, and the sources send the rest again.
 *
 * @returns what to tell; `aside` when valid records are left out, which are kept in another file
 * @throws StoreError where going back is not allowed, or would lose more than commits
 */
export function recovery({ path, image, end, rest, onDamage }: Trouble): {
  readonly what: Recovery;
  readonly aside: boolean;
} {
  const damage = `${show(path)} is damaged at byte ${end}`;
  if (!image.based) throw refused(`${damage}, in what its last compaction wrote; restore a copy`);
  let after = 0;
  let onlyCommits = true;
  for (const { entry } of recordsWithin(rest, 1)) {
    after++;
    if (entry.kind === 'acquire' || entry.kind === 'commit') image.raise(entry);
    else if (entry.kind !== 'fence' && entry.kind !== 'part') onlyCommits = false;
  }
  const told = (kind: Recovery['kind'], problem: string, aside: boolean) => {
    const message = `${problem}; ${goesOn(image)}`;
    return { what: { kind, bytes: rest.length, at: end, message, problem }, aside };
  };
  if (after === 0) {
    const torn = (statedLength(rest, 0) ?? Infinity) > rest.length;
    const problem = `the last ${rest.length} bytes of ${show(path)} are ${torn ? 'cut short' : 'damaged'}`;
    return told(torn ? 'torn' : 'damaged', problem, false);
  }
  const valid = `${damage}, with ${after} valid records after it`;
  if (!onlyCommits) throw refused(`${valid}, not all of them checkpoints; restore a copy`);
  if (onDamage === 'refuse') {
    throw refused(
      `${valid}; restore a copy, or open it with \`onDamage: 'previous'\` to go back: ${goesOn(image)}`,
    );
  }
  return told('damaged', `${valid}; they are kept in ${show(`${path}.damaged`)}`, true);
}

const SHOWN = 3;

function goesOn(image: Image): string {
  const tasks = [...image.tasks.values()].map(({ job, n }) =>
    n === 0 ? `job ${show(job)} begins anew` : `job ${show(job)} goes on from checkpoint ${n}`,
  );
  const more = tasks.length > SHOWN ? [`${tasks.length - SHOWN} more jobs likewise`] : [];
  const all = [...tasks.slice(0, SHOWN), ...more];
  return all.length === 0 ? 'no job had a checkpoint' : all.join(', ');
}
