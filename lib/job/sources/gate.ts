/** The gate of one source: open when no reason holds it. */

/** Why a source stands still. */
export type HoldReason = 'start' | 'barrier' | 'pressure' | 'drift' | 'stop';

export class Gate {
  private readonly held = new Set<HoldReason>(['start']);
  private closedAt: number;
  private closedMs = 0;

  constructor(
    private readonly moved: (open: boolean) => void,
    private readonly now: () => number,
  ) {
    this.closedAt = now();
  }

  get open(): boolean {
    return this.held.size === 0;
  }

  get reasons(): readonly HoldReason[] {
    return [...this.held];
  }

  hold(reason: HoldReason): void {
    if (this.held.has(reason)) return;
    const wasOpen = this.open;
    this.held.add(reason);
    if (!wasOpen) return;
    this.closedAt = this.now();
    this.moved(false);
  }

  release(reason: HoldReason): void {
    if (!this.held.delete(reason) || !this.open) return;
    this.closedMs += this.now() - this.closedAt;
    this.moved(true);
  }

  /** For how long it has been closed, all in all. */
  heldMs(): number {
    return this.closedMs + (this.open ? 0 : this.now() - this.closedAt);
  }
}
