/** How many pieces of state each key has, where the number of keys is bounded. Memory: one number a key. */
import type { KeyId } from './key.js';

export class KeyCount {
  private readonly held = new Map<KeyId, number>();

  /** With `max` = Infinity nothing is counted. */
  constructor(private readonly max: number) {}

  /** One piece more of `id`; false when it would be a key too many. */
  take(id: KeyId): boolean {
    if (this.max === Infinity) return true;
    const pieces = this.held.get(id);
    if (pieces === undefined && this.held.size >= this.max) return false;
    this.held.set(id, (pieces ?? 0) + 1);
    return true;
  }

  release(ids: Iterable<KeyId>): void {
    if (this.max === Infinity) return;
    for (const id of ids) {
      const pieces = (this.held.get(id) ?? 1) - 1;
      if (pieces === 0) this.held.delete(id);
      else this.held.set(id, pieces);
    }
  }
}
