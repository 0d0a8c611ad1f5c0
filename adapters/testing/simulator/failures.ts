/** Failures inside a process: events are numbered, and at each of them a source or an operator may fail. */
import { type MonoTypeOperatorFunction, Observable } from 'rxjs';
import { isElement } from '../../../lib/element.js';
import {
  type EventFault,
  type EventFaultKind,
  faultText,
  type Plan,
  type SimulatedFault,
} from './faults.js';
import type { Process } from './process.js';

export interface FailuresConfig {
  readonly plan: Plan;
  /** Told of each fault that comes. */
  readonly fired: SimulatedFault[];
  /** Steps so far. */
  readonly steps: () => number;
  readonly note: (process: Process, text: string) => void;
}

export class Failures {
  /** Events so far, over all processes. */
  events = 0;

  constructor(private readonly config: FailuresConfig) {}

  /** Numbers an event; gives its fault, where it has one of these kinds. */
  next(process: Process, kinds: readonly EventFaultKind[]): EventFault | undefined {
    const { plan, fired, steps, note } = this.config;
    const fault = plan.atEvent(++this.events, steps());
    if (fault === undefined || !process.alive || !kinds.includes(fault.kind)) return undefined;
    fired.push(fault);
    note(process, `!! ${faultText(fault)}`);
    return fault;
  }
}

/** What a source or an operator fails with. */
export function failureOf({ event }: EventFault): Error {
  return new Error(`it fails at event ${event}`);
}

/** Runs a task so many microtasks from now; 0 is now. `each` is called in all of them before. */
export function later(
  process: Process,
  microtasks: number,
  task: () => void,
  each: () => void = () => {},
): void {
  if (microtasks === 0) {
    process.run(task);
    return;
  }
  Promise.resolve().then(() => {
    process.run(each);
    later(process, microtasks - 1, task, each);
  });
}

const kinds: readonly EventFaultKind[] = ['failure before', 'failure after'];

/** Passes everything on, and fails where a fault says so. */
export function fallible<T>(failures: Failures, process: Process): MonoTypeOperatorFunction<T> {
  return (source) =>
    new Observable((out) =>
      source.subscribe({
        next(e) {
          const fault =
            isElement(e) && e.kind !== 'event' ? undefined : failures.next(process, kinds);
          if (fault?.kind !== 'failure before') out.next(e);
          if (fault === undefined) return;
          later(process, fault.microtasks ?? 0, () => out.error(failureOf(fault)));
        },
        error: (thrown) => out.error(thrown),
        complete: () => out.complete(),
      }),
    );
}
