/** Crash points: every step of a job is the last one of its process once, and every pair of steps; or every event fails. */
import type { Crash } from '../stores/simulatedDisk.js';
import type { SimulationConfig, SimulationResult } from './config.js';
import {
  type EventFault,
  type EventFaultKind,
  eventFaultKinds,
  type FaultKind,
  type SimulatedFault,
  type StepFaultKind,
} from './faults.js';
import { simulate } from './simulate.js';

/** Which crash points are tried. */
export interface CrashPointsOptions {
  /** Also every pair: a second crash at each step that follows the first. @default false */
  readonly pairs?: boolean;
  /** Those of events hit every event, those of steps every step. @default 'crash before' and 'crash after' */
  readonly kinds?: readonly FaultKind[];
  /** Of `'failure after'`: so many microtasks after the event. @default [0] */
  readonly microtasks?: readonly number[];
  /** What a crash leaves of the files of a process, for stores that have files. @default 'killed' */
  readonly powers?: readonly Crash[];
  /** Of all points each so many-th, where a store is slow. @default 1 */
  readonly each?: number;
  /** Begins with this point, to go on where another run has ended; counted from 1. @default 1 */
  readonly from?: number;
  /** Told of each run. */
  readonly ran?: (point: CrashPoint) => void;
}

/** One run, with its crashes. */
export interface CrashPoint {
  readonly number: number;
  readonly faults: readonly SimulatedFault[];
  readonly result: SimulationResult;
}

/** What came of all of them. */
export interface CrashPointsResult {
  /** Steps of a run without crashes. */
  readonly steps: number;
  /** Events of a run without failures. */
  readonly events: number;
  readonly singles: number;
  readonly pairs: number;
  /** Runs whose crashes all came. */
  readonly hit: number;
  /** Those that broke a rule. */
  readonly broken: readonly CrashPoint[];
}

/**
 * Runs a job once for every step at which its process can end, before it and after it was applied but
 * not answered; with `pairs` also for every second step after each first one. After each crash the
 * sources are read in another order.
 *
 * ```text
 * steps      #1 acquire   #2 commit 1   #3 commit 2
 * singles    ×1  1×       ×2  2×        ×3  3×
 * pairs      ×1 ×2   ×1 2×   ×1 ×3   ...
 * ```
 *
 * @param config its `faults` are replaced
 * @example
 * const { singles, pairs, broken } = await crashPoints({ ...simulated, seed: 7 }, { pairs: true });
 * expect(broken.map((p) => p.result.violations)).toEqual([]);
 */
export async function crashPoints(
  config: SimulationConfig,
  options: CrashPointsOptions = {},
): Promise<CrashPointsResult> {
  const run = new Enumeration(config, options);
  const { steps, events } = await simulate({ ...config, faults: [] });
  for (const first of run.faultsIn({ steps, events })) {
    const result = await run.one([first]);
    if (!options.pairs) continue;
    // a run that was left out is needed for its number of steps
    const all = result ?? (await simulate({ ...config, faults: [first] }));
    for (const second of run.faultsIn(all, first)) await run.one([first, second]);
  }
  return { steps, events, ...run.found };
}

interface Extent {
  readonly steps: number;
  readonly events: number;
}

class Enumeration {
  readonly found = { singles: 0, pairs: 0, hit: 0, broken: [] as CrashPoint[] };
  private number = 0;

  constructor(
    private readonly config: SimulationConfig,
    private readonly options: CrashPointsOptions,
  ) {}

  /* Of two at an event and a step, that at the step is the first. */
  *faultsIn(last: Extent, first?: SimulatedFault): Generator<SimulatedFault> {
    const { kinds = ['crash before', 'crash after'], powers = ['killed'] } = this.options;
    const atEvents = kinds.filter(isOfEvent);
    const atSteps = kinds.filter((kind) => !isOfEvent(kind)) as StepFaultKind[];
    if (first === undefined || 'step' in first) {
      for (let step = (first?.step ?? 0) + 1; step <= last.steps; step++) {
        for (const kind of atSteps) for (const power of powers) yield { step, kind, power };
      }
    }
    const after = first !== undefined && 'event' in first ? first.event : 0;
    for (let event = after + 1; event <= last.events; event++) {
      for (const kind of atEvents) yield* this.failures(event, kind);
    }
  }

  private *failures(event: number, kind: EventFaultKind): Generator<EventFault> {
    if (kind !== 'failure after') return yield { event, kind };
    const { microtasks = [0] } = this.options;
    for (const m of microtasks) yield { event, kind, microtasks: m };
  }

  async one(faults: readonly SimulatedFault[]): Promise<SimulationResult | undefined> {
    const { each = 1, from = 1, ran } = this.options;
    const number = ++this.number;
    if (number < from || number % each !== 0) return undefined;
    const result = await simulate({ ...this.config, faults });
    const point = { number, faults, result };
    if (faults.length === 1) this.found.singles++;
    else this.found.pairs++;
    if (result.faults.length === faults.length) this.found.hit++;
    if (result.violations.length > 0) this.found.broken.push(point);
    ran?.(point);
    return result;
  }
}

function isOfEvent(kind: FaultKind): kind is EventFaultKind {
  return eventFaultKinds.some((one) => one === kind);
}
