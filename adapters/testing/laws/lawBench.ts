/** The bench of the laws: the operator over its script, once or many times, whole or in part. */
import { Observable } from 'rxjs';
import { ArrivalClock } from './arrivalClock.js';
import { type Build, Drive, type DriveOptions, Recorder } from './drive.js';
import { type LawStep, linesOf } from './lawScript.js';

interface BenchConfig {
  readonly build: Build;
  readonly throwing: Build | undefined;
  readonly inputs: number;
  readonly steps: readonly LawStep[];
  readonly settle: () => Promise<void>;
  readonly inJob: boolean;
}

/** A source that is asked for so much was not stopped. */
export const ENDLESS = 10_000;

/** One operator and one script. */
export class LawBench {
  constructor(readonly config: BenchConfig) {}

  /** The lines of the whole script, undisturbed. */
  async whole(steps = this.config.steps): Promise<readonly string[]> {
    const drive = this.drive();
    await this.run(drive, steps);
    return linesOf(drive.out.got);
  }

  /** The operator at work, subscribed unless told otherwise. */
  drive(o: Partial<DriveOptions> = {}, start = true): Drive {
    const drive = new Drive(this.config.build, { inputs: this.config.inputs, ...o });
    if (start) drive.start(this.config.inJob);
    return drive;
  }

  /** Sends the steps. */
  async run(drive: Drive, steps: readonly LawStep[]): Promise<void> {
    for (const step of steps) {
      send(drive, step);
      await this.config.settle();
    }
  }

  /** What comes out where every input is this one. */
  async over(input: Observable<never>): Promise<Recorder> {
    const out = new Recorder(new ArrivalClock());
    out.watch(this.config.build(...Array.from({ length: this.config.inputs }, () => input)));
    await this.config.settle();
    return out;
  }

  /** All inputs: the first is given, the others say what they have and then nothing. */
  besides(first: Observable<any>): Observable<any>[] {
    return Array.from({ length: this.config.inputs }, (_, input) => {
      if (input === 0) return first;
      const said = this.config.steps.filter((s) => s.input === input && !s.ends);
      return new Observable((s) => {
        for (const { element } of said) s.next(element);
      });
    });
  }
}

/** One step at its arrival time: an element, or the end of an input. */
export function send(drive: Drive, { input, frame, ends, element }: LawStep): void {
  drive.reach(frame);
  if (ends) drive.complete(input);
  else drive.next(element, input);
}

/** Gives these elements, and then the last of them again and again, as long as it is asked. */
export function endless(steps: readonly LawStep[]): {
  readonly in$: Observable<any>;
  pulled: number;
} {
  const source = {
    pulled: 0,
    in$: new Observable((s) => {
      const at = (i: number) => steps[Math.min(i, steps.length - 1)]?.element;
      while (!s.closed && source.pulled < ENDLESS) s.next(at(source.pulled++));
    }),
  };
  return source;
}
