/** Reads one piece of a checkpoint. */
import { decode } from '../../lib/codec.js';
import type { Checkpoint } from '../../lib/ports.js';

export function chunkOf(checkpoint: Checkpoint | undefined, operator: string, chunk: string): any {
  const bytes = checkpoint?.state.get(operator)?.get(chunk);
  return bytes && decode(bytes);
}
