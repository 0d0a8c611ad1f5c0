/** An operator over inputs that are pushed by hand, and that can be replaced by its own saved state. */
import { type Observable, Subject, type Subscription } from 'rxjs';
import type { Element } from 'tidemark';
import { barrierAt, type Chunks, type Restore, restoreWith } from '#lib/element.js';

/** Builds the operator anew; its state is saved under `id`. */
type Make = (inputs: readonly Subject<Element<any>>[], id: string) => Observable<Element<any>>;

const ID = 'operator';
const clock = { now: () => 0, running: () => 0 };

/** Events and watermarks that leave go to `out`, an error to `failed`. */
export class Pipeline {
  private inputs: readonly Subject<Element<any>>[] = [];
  private subscription: Subscription | undefined;
  private barriers = 0;

  constructor(
    private readonly make: Make,
    private readonly count: number,
    private readonly out: { next(e: Element<any>): void; error(thrown: unknown): void },
  ) {
    this.start();
  }

  push(e: Element<any>, input = 0): void {
    this.inputs[input]?.next(e);
  }

  /** Saves the state, makes a new operator, and gives it the state. */
  restore(): void {
    let state: Chunks | undefined;
    this.barriers++;
    const barrier = barrierAt(this.barriers, (_, chunks) => {
      state = chunks;
    });
    for (const input of this.inputs) input.next(barrier);
    this.subscription?.unsubscribe();
    this.start();
    const register: Restore['register'] = () => ({
      restored: state,
      finished: () => {},
      advanced: () => {},
      clock,
    });
    for (const input of this.inputs) input.next(restoreWith(register));
  }

  private start(): void {
    this.inputs = Array.from({ length: this.count }, () => new Subject<Element<any>>());
    this.subscription = this.make(this.inputs, ID).subscribe(this.out);
  }
}
