/** Lines that are made from their number: their position is that number, and nothing else. */
import type { Lines } from 'tidemark/files';

export class IndexedLines implements Lines {
  readonly problem = undefined;
  text = '';
  line: number;

  constructor(
    private readonly count: number,
    private readonly lineAt: (index: number) => string,
    at: unknown,
  ) {
    this.line = typeof at === 'number' ? at : 0;
  }

  next(): boolean {
    if (this.line >= this.count) return false;
    this.text = this.lineAt(this.line++);
    return true;
  }

  async more(): Promise<boolean> {
    return false;
  }

  position(): number {
    return this.line;
  }

  async close(): Promise<void> {}
}
