/** What can go wrong at a step or an event, and the plan that says where it does: given, or drawn by a seed. */
import { configError } from '../../../lib/errors.js';
import { Chance } from '../disorder/chance.js';
import type { Crash } from '../stores/simulatedDisk.js';

/**
 * What happens at one step of a process.
 *
 * - `'crash before'`, `'crash after'`: the process ends; the request was not sent, or was applied.
 * - `'request lost'`, `'answer lost'`: the connection fails, and it was not applied, or was.
 * - `'applied late'`: the connection fails, and it is applied after later ones.
 * - `'applied twice'`: it is answered, and applied once more after later ones.
 * - `'slow'`, `'stalled'`: it takes seconds, or a minute.
 * - `'takeover'`: a second process starts while this one goes on with full confidence.
 * - `'frozen'`: the same, but this one stands still (SIGSTOP) and goes on half a minute later.
 * - `'server restart'`: every connection to that store fails, applied or not; what it has not synced is lost.
 * - `'clock forward'`, `'clock back'`: the clock of the process jumps by an hour.
 */
export type StepFaultKind = (typeof stepFaultKinds)[number];

/**
 * What happens at one event, without the end of the process: the job is to start again inside it.
 *
 * - `'failure before'`, `'failure after'`: who has the event, a source or `world.fallible()`, fails; it was
 *   not handed on, or was.
 * - `'position throws'`, `'pause throws'`, `'resume throws'`: that method of the source's reader throws, the
 *   next time that it is called.
 */
export type EventFaultKind = (typeof eventFaultKinds)[number];

/** What happens at a step, or at an event. */
export type FaultKind = StepFaultKind | EventFaultKind;

/** Every kind of fault at a step. */
export const stepFaultKinds = [
  'crash before',
  'crash after',
  'request lost',
  'answer lost',
  'applied late',
  'applied twice',
  'slow',
  'stalled',
  'takeover',
  'frozen',
  'server restart',
  'clock forward',
  'clock back',
] as const;

/** Every kind of fault at an event. */
export const eventFaultKinds = [
  'failure before',
  'failure after',
  'position throws',
  'pause throws',
  'resume throws',
] as const;

/** Every kind of fault. */
export const faultKinds: readonly FaultKind[] = [...stepFaultKinds, ...eventFaultKinds];

/** A fault at a step; steps count from 1, over all processes of a simulation. */
export interface StepFault {
  readonly step: number;
  readonly kind: StepFaultKind;
  /** What a crash leaves of the files of the process. @default 'killed' */
  readonly power?: Crash;
}

/**
 * A fault at an event; events that a source gives, or that reach a `world.fallible()`, count from 1,
 * over all processes of a simulation.
 */
export interface EventFault {
  readonly event: number;
  readonly kind: EventFaultKind;
  /** It fails so many microtasks after the event; in each of them a source that may go on gives another one. @default 0 */
  readonly microtasks?: number;
}

/** What can be planned. */
export type SimulatedFault = StepFault | EventFault;

/** How likely each kind of fault is at a step, or at an event, in [0, 1]. */
export type FaultRates = Readonly<Partial<Record<FaultKind, number>>>;

/** Gives the fault of a step, and of an event that comes after so many steps. */
export interface Plan {
  at(step: number): StepFault | undefined;
  atEvent(event: number, steps: number): EventFault | undefined;
}

const powers: readonly Crash[] = ['killed', 'unsynced lost', 'torn'];
/** Of the kinds that have a rate, so many are in use under one seed. */
const ARMED = 0.5;
const FINE = 1_000_000;

/** About as many microtasks as a captured checkpoint waits for before it is sent. */
const MOST_MICROTASKS = 6;

/** Just these faults. */
export function planOf(faults: readonly SimulatedFault[]): Plan {
  const steps = faults.filter((fault) => 'step' in fault);
  const byStep = new Map(steps.map((fault) => [fault.step, fault]));
  const events = faults.filter((fault) => 'event' in fault);
  const byEvent = new Map(events.map((fault) => [fault.event, fault]));
  return { at: (step) => byStep.get(step), atEvent: (event) => byEvent.get(event) };
}

/**
 * Faults drawn by a seed, in the first `steps` steps; each kind is used under about half of the seeds.
 * @param world.disks where there are files, a crash may take the power with it
 */
export function drawnPlan(
  seed: number,
  rates: FaultRates,
  world: { readonly steps: number; readonly disks: boolean },
): Plan {
  const arming = new Chance(seed, 'armed');
  const used = new Set(
    faultKinds.filter((kind) => arming.upTo(FINE) < ARMED * FINE && (rates[kind] ?? 0) > 0),
  );
  const [steps, events] = [stepFaultKinds, eventFaultKinds].map((kinds) =>
    kinds.filter((kind) => used.has(kind)),
  ) as [StepFaultKind[], EventFaultKind[]];
  const drawn = <K extends FaultKind>(kinds: readonly K[], chance: Chance): K | undefined =>
    kinds.find((kind) => chance.upTo(FINE) < (rates[kind] as number) * FINE);
  return {
    at(step) {
      if (step > world.steps) return undefined;
      const chance = new Chance(seed, `fault ${step}`);
      const kind = drawn(steps, chance);
      if (kind === undefined) return undefined;
      if (!world.disks) return { step, kind };
      return { step, kind, power: powers[chance.upTo(powers.length - 1)] as Crash };
    },
    atEvent(event, after) {
      if (after > world.steps || events.length === 0) return undefined;
      const chance = new Chance(seed, `event ${event}`);
      const kind = drawn(events, chance);
      if (kind !== 'failure after') return kind && { event, kind };
      return { event, kind, microtasks: chance.upTo(MOST_MICROTASKS) };
    },
  };
}

/** @throws TypeError for a kind that there is not, or a rate outside [0, 1] */
export function checkRates(rates: FaultRates): void {
  for (const [kind, rate] of Object.entries(rates)) {
    if (!faultKinds.includes(kind as FaultKind)) {
      throw configError('simulate', 'faults', `of the kinds ${faultKinds.join(', ')}`, kind);
    }
    if (typeof rate !== 'number' || !(rate >= 0 && rate <= 1)) {
      throw configError('simulate', `faults.${kind}`, 'a number in [0, 1]', rate);
    }
  }
}

/** A fault in words. */
export function faultText(fault: SimulatedFault): string {
  const { kind } = fault;
  if ('event' in fault) {
    const { event, microtasks = 0 } = fault;
    return `event ${event}: ${kind}${microtasks > 0 ? ` (${microtasks} microtasks)` : ''}`;
  }
  const { step, power } = fault;
  const lost = kind.startsWith('crash') && power !== undefined && power !== 'killed';
  return `step ${step}: ${kind}${lost ? ` (${power})` : ''}`;
}
