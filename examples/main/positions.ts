/** What a job has read of its inputs, and what to do where a checkpoint has read others. */
import type { Job } from 'tidemark';
import type { LineCounts, LinePosition } from 'tidemark/files';
import type { InputName } from './sources.js';

/** What to do when a checkpoint does not fit the options. */
export const HINT = 'give the same options, or another --table or --store';

/** Of an input that was not opened yet. */
export const unread: LineCounts = { lines: 0, malformed: 0, invalid: 0 };

/** What the job has of an input: also where all was read by a run before. */
export function positionOf(task: Job, input: InputName): LinePosition | undefined {
  const source = task.status().sources.find(({ name }) => name === input);
  return source?.position as LinePosition | undefined;
}
