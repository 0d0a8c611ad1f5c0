/** The least of n changing numbers: a tournament tree; O(log n) a change, less when the least stays. */

/** Holds numbers by index; `least` is the smallest, +∞ where there is none. */
export class MinTree {
  private size = 1;
  private nodes = new Float64Array(2).fill(Infinity);

  get least(): number {
    return this.nodes[1] ?? Infinity;
  }

  set(index: number, value: number): void {
    while (index >= this.size) this.grow();
    let i = this.size + index;
    this.nodes[i] = value;
    for (i >>= 1; i >= 1; i >>= 1) {
      const least = Math.min(this.nodes[2 * i] as number, this.nodes[2 * i + 1] as number);
      if (this.nodes[i] === least) return;
      this.nodes[i] = least;
    }
  }

  private grow(): void {
    const leaves = this.nodes.subarray(this.size);
    const size = this.size * 2;
    const nodes = new Float64Array(size * 2).fill(Infinity);
    nodes.set(leaves, size);
    for (let i = size - 1; i >= 1; i--) {
      nodes[i] = Math.min(nodes[2 * i] as number, nodes[2 * i + 1] as number);
    }
    this.size = size;
    this.nodes = nodes;
  }
}
