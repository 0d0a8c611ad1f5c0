/** What can go wrong at a step, and the plan that says where it does: given, or drawn by a seed. */
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
export type FaultKind = (typeof faultKinds)[number];

/** Every kind of fault. */
export const faultKinds = [
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

/** A fault at a step; steps count from 1, over all processes of a simulation. */
export interface StepFault {
  readonly step: number;
  readonly kind: FaultKind;
  /** What a crash leaves of the files of the process. @default 'killed' */
  readonly power?: Crash;
}

/** How likely each kind of fault is at a step, in [0, 1]. */
export type FaultRates = Readonly<Partial<Record<FaultKind, number>>>;

/** Gives the fault of a step. */
export interface Plan {
  at(step: number): StepFault | undefined;
}

const powers: readonly Crash[] = ['killed', 'unsynced lost', 'torn'];
/** Of the kinds that have a rate, so many are in use under one seed. */
const ARMED = 0.5;
const FINE = 1_000_000;

/** Just these faults. */
export function planOf(faults: readonly StepFault[]): Plan {
  const byStep = new Map(faults.map((fault) => [fault.step, fault]));
  return { at: (step) => byStep.get(step) };
}

/**
 * Faults drawn by a seed, at the first `steps` steps; each kind is used under about half of the seeds.
 * @param world.disks where there are files, a crash may take the power with it
 */
export function drawnPlan(
  seed: number,
  rates: FaultRates,
  world: { readonly steps: number; readonly disks: boolean },
): Plan {
  const arming = new Chance(seed, 'armed');
  const armed = faultKinds.filter((kind) => {
    const used = arming.upTo(FINE) < ARMED * FINE;
    return used && (rates[kind] ?? 0) > 0;
  });
  return {
    at(step) {
      if (step > world.steps) return undefined;
      const chance = new Chance(seed, `fault ${step}`);
      const kind = armed.find((k) => chance.upTo(FINE) < (rates[k] as number) * FINE);
      if (kind === undefined) return undefined;
      if (!world.disks) return { step, kind };
      return { step, kind, power: powers[chance.upTo(powers.length - 1)] as Crash };
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
export function faultText({ step, kind, power }: StepFault): string {
  const lost = kind.startsWith('crash') && power !== undefined && power !== 'killed';
  return `step ${step}: ${kind}${lost ? ` (${power})` : ''}`;
}
