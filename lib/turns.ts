/** Long work in slices: a generator that stops after each, so that the event loop may turn in between. */

/** Work that is whole only when it has returned. */
export type Sliced<T> = Generator<void, T, void>;

/** Resolves in a turn to come, when what waits in the event loop has had its own. */
export type Pause = () => Promise<void>;

/** Rows that are checked, or made into texts, in one turn: some milliseconds. */
export const SLICE_ROWS = 500;

/** Parts of at most this size. */
export function* slices<T>(items: readonly T[], size: number): Generator<readonly T[]> {
  if (items.length <= size) return yield items;
  for (let i = 0; i < items.length; i += size) yield items.slice(i, i + size);
}

/** Does all of it in this turn. */
export function atOnce<T>(work: Sliced<T>): T {
  for (;;) {
    const step = work.next();
    if (step.done) return step.value;
  }
}

/** Does one slice a turn, the first in this one; without a pause all of it. */
export async function inTurns<T>(work: Sliced<T>, pause: Pause | undefined): Promise<T> {
  for (;;) {
    const step = work.next();
    if (step.done) return step.value;
    if (pause !== undefined) await pause();
  }
}

/** Runs works of several turns one after the other: nobody sees one of them half done. */
export class OneAtATime {
  private last: Promise<unknown> | undefined;

  constructor(private readonly pause: Pause) {}

  /** Runs work when all before it is done: in this turn where nothing is under way, as far as it comes. */
  run<T>(work: () => Sliced<T>): Promise<T> {
    if (this.last !== undefined) return this.hold(this.last.then(() => this.through(work())));
    try {
      const begun = work();
      const step = begun.next();
      if (step.done) return Promise.resolve(step.value);
      return this.hold(this.pause().then(() => this.through(begun)));
    } catch (thrown) {
      return Promise.reject(thrown);
    }
  }

  /** Runs work of one turn. */
  alone<T>(work: () => T): Promise<T> {
    // biome-ignore lint/correctness/useYield: it is one slice
    return this.run(function* (): Sliced<T> {
      return work();
    });
  }

  private through<T>(work: Sliced<T>): Promise<T> {
    return inTurns(work, this.pause);
  }

  private hold<T>(done: Promise<T>): Promise<T> {
    const last: Promise<void> = done
      .then(
        () => {},
        () => {},
      )
      .then(() => {
        if (this.last === last) this.last = undefined;
      });
    this.last = last;
    return done;
  }
}
