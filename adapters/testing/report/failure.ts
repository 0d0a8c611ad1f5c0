/** The failure of a marble test: what a scene looks like that is not as expected. */
import { placed } from '../site.js';
import { reportOf } from './report.js';
import { ReportLane } from './reportLane.js';
import type { Scene, SceneLane } from './scene.js';

/**
 * What a failed marble test throws: in `message` the whole story, in `expected` and `actual` the lanes
 * that differ, for the diff of a test runner. Its stack begins at the line of the expectation.
 *
 * @example
 * eventTimeTest(body, { assert: (failure) => failure && console.error(failure.message) });
 */
export class MarbleError extends Error {
  override readonly name = 'MarbleError';
  /** @internal */
  constructor(
    message: string,
    readonly expected: string,
    readonly actual: string,
    site?: Error,
  ) {
    super(message);
    if (site !== undefined) placed(this, site);
  }
}

/**
 * What is wrong with the scene; undefined when every lane is as expected. Linear in the messages.
 *
 * @throws TypeError on a fact that names nothing, or an unknown field
 * @example
 * const failure = failureOf({ lanes: [{ head: 'out', received, expected }], values: {}, epoch: 0 });
 * if (failure !== undefined) throw failure;
 */
export function failureOf(scene: Scene): MarbleError | undefined {
  const lanes = scene.lanes.map((lane) => new ReportLane(lane, scene));
  const wrong = lanes.filter((lane) => lane.difference !== undefined);
  if (wrong.length === 0) return undefined;
  const { message, expected, actual } = reportOf(lanes, scene.epoch);
  const failure = new MarbleError(message, expected, actual, siteOf(wrong));
  const error = wrong.flatMap(({ difference: d }) => (d && 'got' in d ? [d.got] : []));
  const thrown = error.find((m) => m.kind === 'error');
  return thrown === undefined ? failure : Object.assign(failure, { cause: thrown.error });
}

/* The line whose lane goes wrong first. */
function siteOf(wrong: readonly ReportLane[]): SceneLane['site'] {
  const [first] = wrong.toSorted((a, b) => (a.difference?.frame ?? 0) - (b.difference?.frame ?? 0));
  return first?.lane.site;
}
