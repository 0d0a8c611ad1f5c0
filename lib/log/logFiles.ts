/** The files of a log in its directory, and how they are made ready before it is opened. */
import { show } from '../errors.js';
import type { Pause } from '../turns.js';
import { writeBase } from './base.js';
import type { FileSystem } from './fileSystem.js';
import { Image } from './image.js';
import { refused } from './problem.js';
import type { Recovery } from './recovery.js';

const NAME = 'tidemark.log';
/** Is there while a log is open: who finds it after a crash cannot tell what of the log is on the disk. */
const OPEN = 'tidemark.open';
/** Files of a directory whose names begin like this are the store's own. */
export const OWN = 'tidemark.';

export interface LogConfig {
  readonly fs: FileSystem;
  readonly dir: string;
  /** A log shorter than this is not compacted. */
  readonly compactAbove: number;
  readonly onDamage: 'refuse' | 'previous';
  readonly recovered: (what: Recovery) => void;
  readonly pause: Pause;
}

/** The log itself. */
export function pathOf({ dir }: LogConfig): string {
  return `${dir}/${NAME}`;
}

/** What is there while the log is open. */
export function markOf({ dir }: LogConfig): string {
  return `${dir}/${OPEN}`;
}

/** Gives whether an owner before did not close. A new log appears whole, by a rename, as a compacted one does. @throws StoreError */
export async function prepare(config: LogConfig): Promise<boolean> {
  const { fs, dir } = config;
  const names = await fs.list(dir);
  if (!names.includes(NAME) && names.some((name) => !name.startsWith(OWN))) {
    throw refused(
      `${show(dir)} holds other files and no store; give an empty directory or a new one`,
    );
  }
  if (names.includes(`${NAME}.new`)) await fs.remove(`${pathOf(config)}.new`);
  await (await fs.open(markOf(config))).close();
  if (names.includes(NAME)) return names.includes(OPEN);
  const { file } = await writeBase(fs, `${pathOf(config)}.new`, new Image());
  await file.close();
  await fs.rename(`${pathOf(config)}.new`, pathOf(config));
  await fs.syncDir(dir);
  return false;
}
