/** The laws of operators, for any test runner: a list to hand to `it.each`, or one assertion. */
import type { Instant } from '../../../lib/instant.js';
import type { Values } from '../script/message.js';
import { epochOption } from '../script/times.js';
import { placed, siteOf } from '../site.js';
import { assertAll } from './assertAll.js';
import type { Build } from './drive.js';
import { LawBench } from './lawBench.js';
import { Judge, LAWS, type Law } from './lawError.js';
import { Matrix } from './lawMatrix.js';
import { type LawScript, stepsOf } from './lawScript.js';

/** Options of `operatorLaws`. */
export interface LawOptions {
  /** What the letters of the script stand for. */
  readonly values?: Values;
  /** Where the times of the script begin. @default 0 */
  readonly epoch?: Instant;
  /** The same operator with a user function that throws at the first event: adds the law `throws`. */
  readonly throwing?: Build;
  /** Lets asynchronous work end; called after every step. */
  readonly settle?: () => Promise<void>;
  /** Whether a restore passes first, with a virtual clock, as in a job. @default true */
  readonly inJob?: boolean;
  /** Laws that cannot hold for this operator, each with the reason. */
  readonly without?: Readonly<Partial<Record<Law, string>>>;
}

/** A law as a test to be declared. */
export interface OperatorLaw {
  readonly law: Law;
  /** What an operator that keeps it does, in words. */
  readonly name: string;
  /** Rejects with an `OperatorLawError` where the operator breaks it. */
  check(): Promise<void>;
}

/**
 * The laws that every operator must keep, whatever it computes, as tests to be declared: silence,
 * ends and errors at any point, unsubscription, re-entrancy, several subscriptions, order of
 * watermarks, counters, and a restore at every cut.
 *
 * @param build builds the operator over its inputs; with an `id`, or its state cannot be saved
 * @param script what arrives, one script an input; it should make the operator do all that it can
 * @example
 * const once = (in$: EventStream<string>) =>
 *   in$.pipe(dedupe({ id: 'once', key: (v) => v, within: 10 }));
 * const laws = operatorLaws(once, 'a@1 b@2 a@3 W1 c@-9 a@5 idle active W12 c@0 b@19 W20 d@30');
 * it.each(laws)('dedupe $name', ({ check }) => check());
 */
export function operatorLaws(
  build: Build,
  script: LawScript | readonly LawScript[],
  options: LawOptions = {},
): readonly OperatorLaw[] {
  const site = siteOf(operatorLaws);
  const bench = benchOf(build, script, options);
  const laws = (Object.keys(LAWS) as Law[]).filter((law) => {
    if (options.without?.[law] !== undefined) return false;
    if (law === 'bare') return bench.config.inJob;
    return law !== 'throws' || options.throwing !== undefined;
  });
  return laws.map((law) => ({ law, name: LAWS[law], check: () => check(law, bench, site) }));
}

/**
 * Holds an operator to all its laws at once.
 *
 * @throws OperatorLawError naming each law that is broken, where, and the lines expected and received
 * @example
 * const once = (in$: EventStream<string>) =>
 *   in$.pipe(dedupe({ id: 'once', key: (v) => v, within: 10 }));
 * await assertOperatorLaws(once, 'a@1 b@2 a@3 W1 c@-9 a@5 idle active W12 c@0 b@19 W20 d@30');
 */
export async function assertOperatorLaws(
  build: Build,
  script: LawScript | readonly LawScript[],
  options: LawOptions = {},
): Promise<void> {
  const site = siteOf(assertOperatorLaws);
  await assertAll(operatorLaws(build, script, options), site);
}

function benchOf(build: Build, script: LawScript | readonly LawScript[], o: LawOptions): LawBench {
  const scripts = isList(script) ? script : [script];
  const { values = {}, settle = async () => {}, inJob = true, throwing } = o;
  const epoch = epochOption('operatorLaws', o.epoch);
  const steps = stepsOf(scripts, { values, epoch });
  return new LawBench({ build, throwing, inputs: scripts.length, steps, settle, inJob });
}

/* A list of scripts, not of messages. */
function isList(script: LawScript | readonly LawScript[]): script is readonly LawScript[] {
  return Array.isArray(script) && script.every((s) => typeof s === 'string' || !('kind' in s));
}

async function check(law: Law, bench: LawBench, site: Error): Promise<void> {
  const judge = new Judge(law);
  const matrix = new Matrix(bench, judge);
  const laws: Readonly<Record<Law, () => Promise<void>>> = {
    never: () => matrix.never(),
    empty: () => matrix.empty(),
    error: () => matrix.error(),
    endless: () => matrix.endless(),
    unsubscribed: () => matrix.unsubscribed(),
    'unsubscribed inside': () => matrix.unsubscribedInside(),
    reentrant: () => matrix.reentrant(),
    subscriptions: () => matrix.subscriptions(),
    order: () => matrix.order(),
    completion: () => matrix.completion(),
    counters: () => matrix.counters(),
    bare: () => matrix.bare(),
    cut: () => matrix.cut(),
    throws: () => matrix.throws(),
  };
  try {
    await laws[law]();
  } catch (thrown) {
    throw placed(judge.failed(thrown), site);
  }
}
