/** Where the next kill is to land: at a named point of a step, while a step is under way, or at any time. */
import type { Death } from './steps.js';

/** Killed from outside, so long after it has told of this step for the k-th time, or was sent to work. */
export interface Shot {
  readonly step: string | undefined;
  readonly k: number;
  readonly afterMs: number;
}

/** The first that comes decides. */
export interface KillPlan {
  readonly deaths: readonly Death[];
  readonly shots: readonly Shot[];
}

export interface PlanConfig {
  readonly next: () => number;
  /** Whether rows go through an outbox. */
  readonly outbox: boolean;
  /** Kills planned so far; undefined where none is wanted before the last input has been read. */
  readonly turn: number | undefined;
  /** Kills so far after the last input; undefined where no more are wanted there. */
  readonly endTurn: number | undefined;
  /** Only at named points, which cannot be missed. */
  readonly sure: boolean;
}

/** What a kill aims at: one of these steps, which may pass so often before. */
type Aim = readonly (readonly [step: string, most: number])[];

const ANY_TIME: Aim = [];
const COMMIT: Aim = [['commit', 3]];
const OUTBOX: Aim = [
  ['apply', 3],
  ['apply', 2],
  ['fence', 1],
];
/** In turn, so that few kills meet them all. */
const aims: readonly Aim[] = [
  ANY_TIME,
  [['line', 8]],
  COMMIT,
  [['capture', 12]],
  OUTBOX,
  [
    ['take', 1],
    ['acquire', 1],
    ['read', 1],
    ['open', 2],
  ],
  COMMIT,
  [['errand', 1]],
];
/** Of steps after the last input. */
const lateAims: readonly Aim[] = [
  [['final', 1]],
  [
    ['rows', 1],
    ['row', 100],
  ],
  [['final', 1]],
  [
    ['close', 1],
    ['count', 1],
    ['release', 1],
  ],
];
/** What has no end that is told of cannot be died after, and what is not told of cannot be waited for. */
const endless = new Set(['capture', 'line', 'read', 'row', 'rows', 'errand']);
const untold = new Set(['line', 'row', 'errand']);
const SHOT_MS = 8;
const ANY_TIME_MS = 400;

export function planKill({ next, outbox, turn, endTurn, sure }: PlanConfig): KillPlan {
  const late = endTurn === undefined ? [] : [at(inTurn(lateAims, endTurn), next, sure)];
  const aim = turn === undefined ? undefined : inTurn(aims, turn);
  const wanted = aim === OUTBOX && !outbox ? COMMIT : aim;
  const all = wanted === undefined ? late : [...late, at(wanted, next, sure)];
  return {
    deaths: all.filter((one): one is Death => 'when' in one),
    shots: all.filter((one): one is Shot => 'afterMs' in one),
  };
}

function at(aim: Aim, next: () => number, sure: boolean): Death | Shot {
  const target = aim[Math.floor(next() * aim.length)];
  if (target === undefined) return { step: undefined, k: 1, afterMs: next() * ANY_TIME_MS };
  const [step, most] = target;
  const k = 1 + Math.floor(next() * most);
  if (!sure && !untold.has(step) && next() < 0.4) return { step, k, afterMs: next() * SHOT_MS };
  const after = !endless.has(step) && next() < 0.5;
  return { step, k, when: after ? 'after' : 'before' };
}

function inTurn(from: readonly Aim[], turn: number): Aim {
  return from[turn % from.length] as Aim;
}
