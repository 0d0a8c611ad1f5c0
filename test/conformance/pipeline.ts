/** An operator in a harness, which can be replaced by its own saved state. */
import { type Build, type Harness, harness, type Message } from 'tidemark/testing';

/** What leaves goes to `out`, after each step. */
export class Pipeline {
  private driven: Harness;

  constructor(
    private readonly build: Build,
    private readonly out: (m: Message) => void,
  ) {
    this.driven = harness(build);
  }

  step(act: (h: Harness) => void): void {
    act(this.driven);
    for (const m of this.driven.take()) this.out(m);
  }

  /** Saves the state, makes a new operator, and gives it the state. */
  restore(): void {
    const state = this.driven.snapshot();
    this.driven.unsubscribe();
    this.driven = harness(this.build);
    this.step((h) => h.restore(state));
  }
}
