/** The failure of a marble test: the first lane that is not as expected, told in text. */
import type { Message } from './message.js';
import { Report } from './report.js';
import type { Scene, SceneLane } from './scene.js';

/** What a marble test throws: the whole story in `message`, the lanes that differ in the other two. */
export class MarbleError extends Error {
  override readonly name = 'MarbleError';
  /** @internal */
  constructor(
    message: string,
    /** The expected lane as text. */
    readonly expected: string,
    /** The received lane as text. */
    readonly actual: string,
    site?: Error,
  ) {
    super(message);
    if (site !== undefined) this.stack = stackAt(site, `MarbleError: ${message}`);
  }
}

/** What is wrong with the scene; undefined when every lane is as expected. */
export function failureOf(scene: Scene): MarbleError | undefined {
  for (const lane of scene.lanes) {
    const failure = laneFailure(lane, scene);
    if (failure !== undefined) return failure;
  }
  return undefined;
}

function laneFailure(lane: SceneLane, scene: Scene): MarbleError | undefined {
  if (lane.expected === undefined) return undefined;
  const expected = byFrame(lane.expected);
  const received = byFrame(lane.received);
  const frames = [...new Set([...expected.keys(), ...received.keys()])].sort((a, b) => a - b);
  const report = new Report({ ...scene.values, ...lane.values }, scene.epoch);
  for (const frame of frames) {
    report.column(frame, expected.get(frame) ?? [], received.get(frame) ?? []);
  }
  if (!report.differs) return undefined;
  const text = report.text();
  return new MarbleError(`${lane.head} differs\n${text}`, text, text, lane.site);
}

function byFrame(messages: readonly Message[]): Map<number, Message[]> {
  const frames = new Map<number, Message[]>();
  for (const m of messages) {
    const here = frames.get(m.frame);
    if (here === undefined) frames.set(m.frame, [m]);
    else here.push(m);
  }
  return frames;
}

/* A runner shows the line that wrote the expectation, not this file. */
function stackAt(site: Error, head: string): string {
  const lines = (site.stack ?? '').split('\n').slice(site.message.split('\n').length);
  return [head, ...lines].join('\n');
}
