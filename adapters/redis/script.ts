/** A text that Redis runs in one step, and the name by which it remembers it. */
import { createHash } from 'node:crypto';

/** A script with the name by which Redis remembers it. */
export interface Script {
  readonly text: string;
  readonly sha: string;
}

export function script(...parts: readonly string[]): Script {
  const text = parts.join('\n');
  return { text, sha: createHash('sha1').update(text).digest('hex') };
}
